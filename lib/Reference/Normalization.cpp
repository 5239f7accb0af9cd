//===- Normalization.cpp - Normalizations as they are at inference
//---------===//

#include "upconv/Reference/Layers.h"

#include <algorithm>
#include <cmath>

using namespace llvm;

namespace upconv::reference {

Expected<Tensor64>
batchNormalization(const Tensor64 &input, ArrayRef<int64_t> axes,
                   double epsilon, const Tensor64 *gamma, const Tensor64 *beta,
                   const Tensor64 &mean, const Tensor64 &variance) {
  if (epsilon < 0)
    return failure("'epsilon' must not be negative");
  std::vector<int64_t> broadcast(input.shape.size(), 1);
  for (int64_t axis : axes) {
    Expected<int64_t> front = axisFromFront(axis, input.shape.size());
    if (!front)
      return front.takeError();
    if (*front == 0)
      return failure("batch normalization must not run along the batch axis");
    broadcast[*front] = input.shape[*front];
  }
  std::vector<int64_t> expected = broadcast;
  if (axes.size() == 1)
    expected = {*std::max_element(broadcast.begin(), broadcast.end())};
  for (const Tensor64 *variable : {gamma, beta, &mean, &variance})
    if (variable && variable->shape != expected)
      return failure("a variable of the normalization must have shape " +
                     shapeText(expected) + ", got " +
                     shapeText(variable->shape));

  Tensor64 output = input;
  size_t next = 0;
  forEachIndex(input.shape, [&](ArrayRef<int64_t> index) {
    int64_t c = 0;
    for (size_t axis = 0; axis < broadcast.size(); ++axis)
      c = c * broadcast[axis] + (broadcast[axis] == 1 ? 0 : index[axis]);
    double &x = output.values[next++];
    x = (x - mean.values[c]) / std::sqrt(variance.values[c] + epsilon);
    if (gamma)
      x *= gamma->values[c];
    if (beta)
      x += beta->values[c];
  });
  return output;
}

/// The mean over `axes`, which keep size 1.
static Expected<Tensor64> meanOf(const Tensor64 &input,
                                 ArrayRef<int64_t> axes) {
  return reduce(input, "mean", axes, /*keepdims=*/true);
}

static Tensor64 squared(const Tensor64 &input) {
  return mapElements(input, [](double x) { return x * x; });
}

/// `variable` over `axes` (from the front, in order) as a tensor of the input's
/// rank.
static Expected<Tensor64> alongAxes(const Tensor64 &variable,
                                    ArrayRef<int64_t> axes,
                                    const Tensor64 &input) {
  Tensor64 result{std::vector<int64_t>(input.shape.size(), 1), variable.values};
  std::vector<int64_t> wanted;
  for (int64_t axis : axes) {
    result.shape[axis] = input.shape[axis];
    wanted.push_back(input.shape[axis]);
  }
  if (variable.shape != wanted)
    return failure("a variable of the normalization must have shape " +
                   shapeText(wanted) + ", got " + shapeText(variable.shape));
  return result;
}

/// x * gamma + beta where they are there.
static Expected<Tensor64> scaleAndShift(Tensor64 x, ArrayRef<int64_t> axes,
                                        const Tensor64 *gamma,
                                        const Tensor64 *beta) {
  for (auto [variable, function] :
       {std::pair(gamma, "multiply"), std::pair(beta, "add")}) {
    if (!variable)
      continue;
    Expected<Tensor64> aligned = alongAxes(*variable, axes, x);
    if (!aligned)
      return aligned.takeError();
    Expected<Tensor64> result =
        combine({x, *aligned}, Alignment::Front, binaryFunction(function));
    if (!result)
      return result.takeError();
    x = std::move(*result);
  }
  return x;
}

static Expected<std::vector<int64_t>> axesFromFront(ArrayRef<int64_t> axes,
                                                    size_t rank) {
  std::vector<int64_t> result;
  for (int64_t axis : axes) {
    Expected<int64_t> front = axisFromFront(axis, rank);
    if (!front)
      return front.takeError();
    result.push_back(*front);
  }
  sort(result);
  return result;
}

/// (x - mean) / sqrt(variance + epsilon), or x / sqrt(...) alone.
static Expected<Tensor64> standardized(const Tensor64 &input,
                                       ArrayRef<int64_t> axes, double epsilon,
                                       bool subtractsMean) {
  Expected<Tensor64> mean = meanOf(input, axes);
  if (!mean)
    return mean.takeError();
  Expected<Tensor64> centred =
      combine({input, *mean}, Alignment::Front, binaryFunction("subtract"));
  if (!centred)
    return centred.takeError();
  Expected<Tensor64> variance = meanOf(squared(*centred), axes);
  if (!variance)
    return variance.takeError();
  return combine({subtractsMean ? *centred : input, *variance},
                 Alignment::Front, [&](double x, double variance) {
                   return x / std::sqrt(variance + epsilon);
                 });
}

Expected<Tensor64> layerNormalization(const Tensor64 &input,
                                      ArrayRef<int64_t> axes, double epsilon,
                                      const Tensor64 *gamma,
                                      const Tensor64 *beta, bool rmsScaling) {
  auto front = axesFromFront(axes, input.shape.size());
  if (!front)
    return front.takeError();
  auto result = standardized(input, *front, epsilon, !rmsScaling);
  if (!result)
    return result.takeError();
  return scaleAndShift(std::move(*result), *front, gamma, beta);
}

Expected<Tensor64> groupNormalization(const Tensor64 &input, int64_t groups,
                                      int64_t axis, double epsilon,
                                      const Tensor64 *gamma,
                                      const Tensor64 *beta) {
  Expected<int64_t> front = axisFromFront(axis, input.shape.size());
  if (!front)
    return front.takeError();
  int64_t channels = input.shape[*front];
  if (groups == -1)
    groups = channels;
  if (groups < 1 || channels % groups != 0)
    return failure("'groups' must divide the channels, got " + Twine(groups) +
                   " and " + Twine(channels));
  // The channels become (groups, channels of a group).
  Tensor64 split = input;
  split.shape[*front] = channels / groups;
  split.shape.insert(split.shape.begin() + *front, groups);
  std::vector<int64_t> axes;
  for (int64_t a = 1, rank = split.shape.size(); a < rank; ++a)
    if (a != *front)
      axes.push_back(a);
  auto result = standardized(split, axes, epsilon, /*subtractsMean=*/true);
  if (!result)
    return result.takeError();
  result->shape = input.shape;
  return scaleAndShift(std::move(*result), {*front}, gamma, beta);
}

Expected<Tensor64> rmsNormalization(const Tensor64 &input,
                                    ArrayRef<int64_t> axes, double epsilon,
                                    const Tensor64 &scale) {
  auto front = axesFromFront(axes, input.shape.size());
  if (!front)
    return front.takeError();
  Expected<Tensor64> squares = meanOf(squared(input), *front);
  if (!squares)
    return squares.takeError();
  auto result = combine(
      {input, *squares}, Alignment::Front,
      [&](double x, double square) { return x / std::sqrt(square + epsilon); });
  if (!result)
    return result.takeError();
  return scaleAndShift(std::move(*result), *front, &scale, nullptr);
}

Expected<Tensor64> unitNormalization(const Tensor64 &input,
                                     ArrayRef<int64_t> axes) {
  auto sums = reduce(squared(input), "sum", axes, /*keepdims=*/true);
  if (!sums)
    return sums.takeError();
  return combine({input, *sums}, Alignment::Front, [](double x, double sum) {
    return x / std::sqrt(std::max(sum, 1e-12));
  });
}

/// One value, or one per element of `axes`, as a tensor of the input's rank.
static Expected<Tensor64> constantAlong(ArrayRef<double> values,
                                        ArrayRef<int64_t> axes,
                                        const Tensor64 &input) {
  if (values.size() == 1)
    return alongAxes({{}, values.vec()}, {}, input);
  Tensor64 variable{{}, values.vec()};
  int64_t count = 1;
  for (int64_t axis : axes) {
    variable.shape.push_back(input.shape[axis]);
    count *= input.shape[axis];
  }
  if (count != int64_t(values.size()))
    return failure("expected 1 value or " + Twine(count) + ", got " +
                   Twine(values.size()));
  return alongAxes(variable, axes, input);
}

Expected<Tensor64> normalization(const Tensor64 &input, ArrayRef<int64_t> axes,
                                 ArrayRef<double> mean,
                                 ArrayRef<double> variance, bool invert) {
  auto front = axesFromFront(axes, input.shape.size());
  if (!front)
    return front.takeError();
  auto centre = constantAlong(mean, *front, input);
  if (!centre)
    return centre.takeError();
  auto spread = constantAlong(variance, *front, input);
  if (!spread)
    return spread.takeError();
  Tensor64 deviation = mapElements(
      *spread, [](double v) { return std::max(std::sqrt(v), 1e-7); });
  auto first = combine({input, invert ? deviation : *centre}, Alignment::Front,
                       binaryFunction(invert ? "multiply" : "subtract"));
  if (!first)
    return first.takeError();
  return combine({*first, invert ? *centre : deviation}, Alignment::Front,
                 binaryFunction(invert ? "add" : "divide"));
}

Expected<Tensor64> rescaling(const Tensor64 &input, ArrayRef<double> scale,
                             ArrayRef<double> offset) {
  int64_t last = int64_t(input.shape.size()) - 1;
  auto factor = constantAlong(scale, {last}, input);
  if (!factor)
    return factor.takeError();
  auto summand = constantAlong(offset, {last}, input);
  if (!summand)
    return summand.takeError();
  auto product =
      combine({input, *factor}, Alignment::Front, binaryFunction("multiply"));
  if (!product)
    return product.takeError();
  return combine({*product, *summand}, Alignment::Front, binaryFunction("add"));
}

} // namespace upconv::reference
