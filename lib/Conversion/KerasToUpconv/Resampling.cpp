//===- Resampling.cpp - Lowering of UpSampling and Resizing ---------------===//
//
// Output position o = i * f + r looks at input position i + (r + 0.5) / f - 0.5
// (half-pixel centres), so the weights depend on the residue r alone. Kernels
// and borders are those of TensorFlow's image resizing without antialiasing.
// Between sizes n and m, neither a multiple of the other, position o looks at
// (o + 0.5) n / m - 0.5: each tap is a reindex, weighted by a vector along the
// axis.
//
//===----------------------------------------------------------------------===//

#include "Movement.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace upconv;

namespace {

/// A resampling kernel: zero from `radius` on.
struct Filter {
  double radius;
  double (*weight)(double distance);
  /// Outside samples take no part; otherwise the edge is repeated.
  bool renormalize = true;
};

} // namespace

static double triangle(double x) { return std::max(0.0, 1 - std::abs(x)); }

// Keys's cubic with a = -0.5.
static double keys(double x) {
  x = std::abs(x);
  if (x >= 2)
    return 0;
  return x <= 1 ? (1.5 * x - 2.5) * x * x + 1
                : ((-0.5 * x + 2.5) * x - 4) * x + 2;
}

// B = C = 1/3.
static double mitchell(double x) {
  x = std::abs(x);
  if (x >= 2)
    return 0;
  return x <= 1 ? ((7.0 * x / 6 - 2) * x) * x + 8.0 / 9
                : ((-7.0 * x / 18 + 2) * x - 10.0 / 3) * x + 16.0 / 9;
}

static double gaussian(double x) {
  constexpr double sigma = 0.5;
  return std::abs(x) >= 1.5 ? 0 : std::exp(-x * x / (2 * sigma * sigma));
}

template <int radius> static double lanczos(double x) {
  x = std::abs(x);
  if (x >= radius)
    return 0;
  if (x < 1e-3)
    return 1;
  return radius * std::sin(M_PI * x) * std::sin(M_PI * x / radius) /
         (M_PI * M_PI * x * x);
}

static Filter filterOf(StringRef interpolation) {
  return llvm::StringSwitch<Filter>(interpolation)
      .Case("bilinear", {1, triangle, false})
      .Case("bicubic", {2, keys})
      .Case("mitchellcubic", {2, mitchell})
      .Case("gaussian", {1.5, gaussian})
      .Case("lanczos3", {3, lanczos<3>})
      .Default({5, lanczos<5>});
}

// One axis by `factor`.
static Value resample(Lowering &lowering, Location loc, Value value,
                      int64_t axis, int64_t factor, StringRef interpolation) {
  Filter filter = filterOf(interpolation);
  int64_t taps = static_cast<int64_t>(std::ceil(2 * filter.radius));
  SmallVector<int64_t> first;
  SmallVector<float> weights;
  for (int64_t r = 0; r < factor; ++r) {
    double centre = (r + 0.5) / factor - 0.5;
    // TensorFlow looks a cubic up in a table of 1024 steps.
    double fraction = centre - std::floor(centre);
    if (interpolation == "bicubic")
      centre = std::floor(centre) + std::nearbyint(fraction * 1024) / 1024;
    int64_t lowest =
        static_cast<int64_t>(std::floor(centre - filter.radius)) + 1;
    double total = 0;
    SmallVector<double> row;
    for (int64_t t = 0; t < taps; ++t)
      row.push_back(filter.weight(lowest + t - centre));
    for (double weight : row)
      total += weight;
    first.push_back(lowest);
    for (double weight : row)
      weights.push_back(static_cast<float>(weight / total));
  }
  Extents extents = getExtents(value.getType());
  extents[axis] = extents[axis] * factor;
  return InterpolateOp::create(lowering.builder, loc,
                               getTensorType(lowering.context(), extents),
                               value, axis, factor, first, weights,
                               filter.renormalize ? "renormalize" : "edge");
}

// Spatial axes of a channels-last tensor by `factors`.
static Value upsample(Lowering &lowering, Location loc, Value value,
                      ArrayRef<int64_t> factors, StringRef interpolation) {
  // Enlarging by whole numbers, an area is one sample.
  if (interpolation == "nearest" || interpolation == "area") {
    SmallVector<AxisIndex> indices = identityIndices(value);
    for (auto [axis, factor] : llvm::enumerate(factors)) {
      indices[axis + 1].repeat = factor;
      indices[axis + 1].extent = indices[axis + 1].extent * factor;
    }
    return reindex(lowering, loc, value, indices);
  }
  for (auto [axis, factor] : llvm::enumerate(factors))
    if (factor > 1)
      value = resample(lowering, loc, value, axis + 1, factor, interpolation);
  return value;
}

//===----------------------------------------------------------------------===//
// Resizing
//===----------------------------------------------------------------------===//

namespace {

/// One tap of every output position along an axis: its input positions are
/// floor((o * step + start) / repeat).
struct Tap {
  int64_t step, start, repeat;
  SmallVector<double> weights;

  int64_t position(int64_t output) const {
    return llvm::divideFloorSigned(output * step + start, repeat);
  }
};

} // namespace

static SmallVector<Tap> filterTaps(StringRef interpolation, int64_t inputs,
                                   int64_t outputs) {
  Filter filter = filterOf(interpolation);
  int64_t diameter = static_cast<int64_t>(2 * filter.radius);
  SmallVector<Tap> taps;
  for (int64_t t = 0; t < diameter; ++t)
    taps.push_back({2 * inputs,
                    inputs - outputs + outputs * (2 * t + 2 - diameter),
                    2 * outputs,
                    {}});
  for (int64_t o = 0; o < outputs; ++o) {
    double centre = (o + 0.5) * inputs / outputs - 0.5;
    double fraction = centre - std::floor(centre);
    if (interpolation == "bicubic")
      centre = std::floor(centre) + std::nearbyint(fraction * 1024) / 1024;
    double total = 0;
    for (Tap &tap : taps) {
      int64_t position = tap.position(o);
      bool counts = !filter.renormalize || (position >= 0 && position < inputs);
      tap.weights.push_back(counts ? filter.weight(position - centre) : 0);
      total += tap.weights.back();
    }
    for (Tap &tap : taps)
      tap.weights.back() /= total;
  }
  return taps;
}

// The mean over what an output pixel covers.
static SmallVector<Tap> areaTaps(int64_t inputs, int64_t outputs) {
  double scale = static_cast<double>(inputs) / outputs;
  SmallVector<Tap> taps;
  for (int64_t t = 0; t <= llvm::divideCeilSigned(inputs, outputs); ++t) {
    Tap tap = {inputs, t * outputs, outputs, {}};
    for (int64_t o = 0; o < outputs; ++o) {
      int64_t position = tap.position(o);
      double low = std::max<double>(position, o * scale);
      double high = std::min<double>(position + 1, (o + 1) * scale);
      tap.weights.push_back(std::max(0.0, high - low) / scale);
    }
    taps.push_back(std::move(tap));
  }
  return taps;
}

static Value sumOfTaps(Lowering &lowering, Location loc, Value value,
                       int64_t axis, ArrayRef<Tap> taps) {
  Value sum;
  for (const Tap &tap : taps) {
    if (llvm::all_of(tap.weights, [](double weight) { return weight == 0; }))
      continue;
    SmallVector<AxisIndex> indices = identityIndices(value);
    indices[axis] = {
        lowering.constant(static_cast<int64_t>(tap.weights.size())),
        lowering.constant(tap.start), tap.step, tap.repeat};
    Value part = reindex(lowering, loc, value, indices, "edge");
    Extents extents = getExtents(part.getType());
    SmallVector<int64_t> shape(extents.size() - axis, 1);
    shape.front() = tap.weights.size();
    SmallVector<Value> inputs = {
        part, lowering.constants(loc, "scale", tap.weights, shape)};
    if (sum)
      inputs.push_back(sum);
    sum = lowering.map(loc, inputs, extents,
                       [](OpBuilder &builder, Location loc, ValueRange in) {
                         Scalars s(builder, loc);
                         Value term = s.mul(in[0], in[1]);
                         return in.size() > 2 ? s.add(in[2], term) : term;
                       });
  }
  return sum;
}

static Value resizeAxis(Lowering &lowering, Location loc, Value value,
                        int64_t axis, int64_t outputs,
                        StringRef interpolation) {
  int64_t inputs = *getConstant(getExtents(value.getType())[axis]);
  if (interpolation == "nearest") {
    SmallVector<AxisIndex> indices = identityIndices(value);
    indices[axis] = {lowering.constant(outputs), lowering.constant(inputs),
                     2 * inputs, 2 * outputs};
    return reindex(lowering, loc, value, indices);
  }
  if (interpolation != "area" && outputs % inputs == 0)
    return resample(lowering, loc, value, axis, outputs / inputs,
                    interpolation);
  return sumOfTaps(lowering, loc, value, axis,
                   interpolation == "area"
                       ? areaTaps(inputs, outputs)
                       : filterTaps(interpolation, inputs, outputs));
}

static Value lowerResizing(Lowering &lowering, keras::ResizingOp op) {
  Location loc = op.getLoc();
  return inChannelsLast(
      lowering, loc, lowering.lowered(op.getInput()), op.getDataFormat(),
      [&](Value value) {
        for (auto [axis, size] :
             {std::pair(1, op.getHeight()), std::pair(2, op.getWidth())})
          value = resizeAxis(lowering, loc, value, axis, size,
                             op.getInterpolation());
        return value;
      });
}

// The weights depend on both sizes.
static bool hasKnownSizes(keras::ResizingOp op) {
  auto input = cast<RankedTensorType>(op.getInput().getType());
  int64_t first = op.getDataFormat() == "channels_first" ? 2 : 1;
  return !input.isDynamicDim(first) && !input.isDynamicDim(first + 1);
}

Value upconv::lowerResampling(Lowering &lowering, Operation *layer) {
  auto lower = [&](auto op, StringRef interpolation) {
    return inChannelsLast(lowering, layer->getLoc(),
                          lowering.lowered(op.getInput()), op.getDataFormat(),
                          [&](Value value) {
                            return upsample(lowering, layer->getLoc(), value,
                                            op.getSize(), interpolation);
                          });
  };
  return llvm::TypeSwitch<Operation *, Value>(layer)
      .Case<keras::UpSampling1DOp, keras::UpSampling2DOp,
            keras::UpSampling3DOp>(
          [&](auto op) { return lower(op, op.getInterpolation()); })
      .Case([&](keras::ResizingOp op) {
        return hasKnownSizes(op) ? lowerResizing(lowering, op) : Value();
      })
      .Default([](Operation *) { return Value(); });
}
