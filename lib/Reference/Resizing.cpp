//===- Resizing.cpp - Images of another size -------------------------------===//
//
// tf.image.resize, one axis after the other. Output position o looks at the
// input around (o + 1/2) * in / out in coordinates in which pixel i covers
// [i, i + 1).
//
//===----------------------------------------------------------------------===//

#include "upconv/Reference/Layers.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace llvm;

namespace upconv::reference {

namespace {

/// How much each input position gives to one output position.
using Weights = std::vector<std::pair<int64_t, double>>;

/// sin(pi x) sin(pi x / r) r / (pi x)^2
double lanczos(double x, double radius) {
  if (x > radius)
    return 0;
  if (x <= 1e-3)
    return 1;
  double angle = numbers::pi * x;
  return radius * std::sin(angle) * std::sin(angle / radius) / (angle * angle);
}

/// Keys's cubic with a = -1/2.
double keys(double x) {
  if (x >= 2)
    return 0;
  return x < 1 ? (1.5 * x - 2.5) * x * x + 1
               : ((-0.5 * x + 2.5) * x - 4) * x + 2;
}

double mitchell(double x) {
  if (x >= 2)
    return 0;
  return x < 1 ? (7.0 / 6 * x - 2) * x * x + 8.0 / 9
               : ((-7.0 / 18 * x + 2) * x - 10.0 / 3) * x + 16.0 / 9;
}

double gaussian(double x) { return x < 1.5 ? std::exp(-2 * x * x) : 0; }

/// A kernel of the distance and its radius.
struct Kernel {
  double (*at)(double distance) = nullptr;
  double radius = 0;
};

Kernel kernelNamed(StringRef name) {
  return StringSwitch<Kernel>(name)
      .Case("bicubic", {keys, 2})
      .Case("lanczos3", {[](double x) { return lanczos(x, 3); }, 3})
      .Case("lanczos5", {[](double x) { return lanczos(x, 5); }, 5})
      .Case("gaussian", {gaussian, 1.5})
      .Case("mitchellcubic", {mitchell, 2})
      .Default({});
}

/// The kernel over the input positions that exist, made to sum to one.
Weights kernelWeights(Kernel kernel, double centre, int64_t input,
                      bool isTable) {
  int64_t first = std::ceil(centre - kernel.radius - 0.5);
  int64_t last = std::floor(centre + kernel.radius - 0.5);
  // TensorFlow looks the cubic up in a table of 1024 distances.
  if (isTable) {
    double whole = std::floor(centre - 0.5);
    centre = whole + std::nearbyint((centre - 0.5 - whole) * 1024) / 1024 + 0.5;
  }
  Weights weights;
  double sum = 0;
  for (int64_t i = std::max<int64_t>(first, 0); i <= std::min(last, input - 1);
       ++i) {
    weights.emplace_back(i, kernel.at(std::fabs(i + 0.5 - centre)));
    sum += weights.back().second;
  }
  for (auto &weight : weights)
    weight.second /= sum;
  return weights;
}

/// The mean over what the output pixel covers.
Weights areaWeights(int64_t position, int64_t input, int64_t output) {
  double scale = double(input) / output;
  double low = position * scale, high = (position + 1) * scale;
  Weights weights;
  for (int64_t i = low; i < input && i < high; ++i)
    weights.emplace_back(
        i, (std::min(high, i + 1.0) - std::max(low, double(i))) / scale);
  return weights;
}

Expected<Weights> weightsAt(int64_t position, int64_t input, int64_t output,
                            StringRef interpolation) {
  double centre = (position + 0.5) * input / output;
  if (interpolation == "nearest")
    return Weights{{std::min<int64_t>(centre, input - 1), 1.0}};
  if (interpolation == "area")
    return areaWeights(position, input, output);
  if (interpolation == "bilinear") {
    double left = std::floor(centre - 0.5), share = centre - 0.5 - left;
    int64_t low = left;
    return Weights{{std::clamp<int64_t>(low, 0, input - 1), 1 - share},
                   {std::clamp<int64_t>(low + 1, 0, input - 1), share}};
  }
  Kernel kernel = kernelNamed(interpolation);
  if (!kernel.at)
    return failure("unknown interpolation '" + interpolation + "'");
  return kernelWeights(kernel, centre, input, interpolation == "bicubic");
}

Expected<Tensor64> resizeAxis(const Tensor64 &input, size_t axis,
                              int64_t output, StringRef interpolation) {
  if (output < 1 || input.shape[axis] < 1)
    return failure("an image must not be empty");
  std::vector<int64_t> shape = input.shape;
  shape[axis] = output;
  Expected<Tensor64> result = zeros(shape);
  if (!result)
    return result.takeError();
  for (int64_t position = 0; position < output; ++position) {
    Expected<Weights> weights =
        weightsAt(position, input.shape[axis], output, interpolation);
    if (!weights)
      return weights.takeError();
    std::vector<int64_t> others = shape;
    others[axis] = 1;
    forEachIndex(others, [&](ArrayRef<int64_t> index) {
      std::vector<int64_t> to = index.vec(), from = to;
      to[axis] = position;
      double &y = result->values[flatIndex(to, shape)];
      for (auto [source, weight] : *weights) {
        from[axis] = source;
        y += weight * input.values[flatIndex(from, input.shape)];
      }
    });
  }
  return result;
}

} // namespace

Expected<Tensor64> resizing(const Tensor64 &input, ArrayRef<int64_t> sizes,
                            StringRef interpolation, DataFormat dataFormat) {
  if (input.shape.size() != sizes.size() + 2)
    return failure("an input of shape " + shapeText(input.shape) +
                   " does not have " + Twine(sizes.size()) + " spatial axes");
  Tensor64 result = input;
  size_t first = dataFormat == DataFormat::ChannelsFirst ? 2 : 1;
  for (auto [axis, size] : enumerate(sizes)) {
    auto next = resizeAxis(result, first + axis, size, interpolation);
    if (!next)
      return next.takeError();
    result = std::move(*next);
  }
  return result;
}

} // namespace upconv::reference
