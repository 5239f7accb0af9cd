//===- Resampling.cpp - Lowering of UpSampling ----------------------------===//
//
// Output position o = i * f + r looks at input position i + (r + 0.5) / f - 0.5
// (half-pixel centres), so the weights depend on the residue r alone. Kernels
// and borders are those of TensorFlow's image resizing without antialiasing.
//
//===----------------------------------------------------------------------===//

#include "Movement.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

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
      .Default([](Operation *) { return Value(); });
}
