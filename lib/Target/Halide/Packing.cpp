//===- Packing.cpp - Weights in the order that the kernels read them ------===//
//
// Packed weights: for every group, stage, channel tile, copy, tap (outermost
// axis first), input channel: one row of the tile's width, the lanes beyond the
// last channel zero. A micro-tile reads it front to back.
// With lanes along the input (knob `reduce`) every column of the tile has its
// run of inputs instead: channels, or taps of the innermost axis and channels.
// Where channels are multiplied in pairs a row holds pairs, each value of which
// is rounded to bfloat16: an input channel below then is one of a pair.
// Where neighbouring outputs share products (MinimalFilter.h) its points stand
// in for the taps of an axis, with sums of the taps' weights. One last vector
// of zeros is always there: see Builder::opaqueZero.
//
//===----------------------------------------------------------------------===//

#include "MinimalFilter.h"
#include "Stages.h"

#include "upconv/Runtime/PackedWeights.h"
#include "upconv/Target/Halide/CompileKernel.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace upconv {

/// Zeros behind the packed weights, in floats: one cache line.
static constexpr int64_t kTrailingZeros = 16;

int64_t packedWeightCount(const KernelSpec &spec) {
  if (!spec.hasWeights())
    return 0;
  return panelFloats(spec) * channelTiling(spec).groups + kTrailingZeros;
}

static int64_t valuesPerElement(const KernelSpec &spec) {
  return spec.multipliesPairs() ? 2 : 1;
}

int64_t packedValueCount(const KernelSpec &spec) {
  return packedWeightCount(spec) * valuesPerElement(spec);
}

/// Of one group: what the widest stage reads.
static int64_t biasColumns(const KernelSpec &spec) {
  int64_t columns = 0;
  for (const Stage &stage : stages(spec))
    columns = std::max(columns, stage.tiling.paddedChannels());
  return columns;
}

int64_t packedBiasCount(const KernelSpec &spec) {
  if (!spec.hasBias)
    return 0;
  return biasColumns(spec) * channelTiling(spec).groups;
}

/// The element of Keras's kernel for tap `taps` (per axis), input channel `in`
/// of the group and output channel `out` of the whole layer; zero behind an odd
/// last channel.
static float kernelElement(const KernelSpec &spec, const float *kernel,
                           const std::vector<int64_t> &taps, int64_t in,
                           int64_t out) {
  int64_t index = 0, reduction = spec.layerChannels() / spec.groups;
  if (in >= reduction)
    return 0.0f;
  for (size_t axis = 0; axis < spec.window.size(); ++axis)
    index = index * spec.window[axis] + taps[axis];
  if (spec.anchor == Anchor::ConvTranspose)
    return kernel[(index * spec.outputChannels() + out) * reduction + in];
  return kernel[(index * reduction + in) * spec.outputChannels() + out];
}

/// Calls `visit` with the copies' numbers per axis and the number of the tap,
/// or of the point, per axis, in packed order: copies outside, taps inside, the
/// outermost axis slowest in both.
static void forEachProduct(
    const Stage &stage,
    const std::function<void(const std::vector<int64_t> &copies,
                             const std::vector<int64_t> &products)> &visit) {
  size_t rank = stage.axes.size();
  for (int64_t copy = 0; copy < stage.copies(); ++copy)
    for (int64_t product = 0; product < stage.products(); ++product) {
      std::vector<int64_t> copies(rank), products(rank);
      int64_t c = copy, p = product;
      for (size_t axis = rank; axis-- > 0;) {
        const AxisStage &a = stage.axes[axis];
        copies[axis] = c % a.copies;
        products[axis] = p % a.products();
        c /= a.copies;
        p /= a.products();
      }
      visit(copies, products);
    }
}

/// Calls `visit` with the kernel taps of every (copy, tap) of a stage, in
/// packed order.
static void forEachTap(const Stage &stage,
                       const std::function<void(std::vector<int64_t>)> &visit) {
  forEachProduct(stage, [&](const std::vector<int64_t> &copies,
                            const std::vector<int64_t> &products) {
    std::vector<int64_t> taps(copies);
    for (size_t axis = 0; axis < taps.size(); ++axis) {
      const AxisStage &a = stage.axes[axis];
      taps[axis] += a.firstTap + products[axis] * a.tapIncrement;
    }
    visit(taps);
  });
}

namespace {
/// A tap's part of a transformed weight.
struct WeightedTap {
  std::vector<int64_t> taps;
  double factor;
};
} // namespace

/// What the weights of (copy, product) are sums of. The points of a filter are
/// those of its taps in the order of the inputs.
static std::vector<WeightedTap>
transformedTaps(const Stage &stage, const std::vector<int64_t> &copies,
                const std::vector<int64_t> &products) {
  std::vector<WeightedTap> sum = {{{}, 1.0}};
  for (size_t axis = 0; axis < stage.axes.size(); ++axis) {
    const AxisStage &a = stage.axes[axis];
    std::vector<std::pair<int64_t, double>> terms;
    if (a.outputs == 1) {
      terms = {{products[axis], 1.0}};
    } else {
      MinimalFilter filter = minimalFilter(a.outputs, a.taps);
      for (int64_t i = 0; i < a.taps; ++i)
        if (double factor = filter.filter[products[axis]][i])
          terms.emplace_back(a.tapStep < 0 ? a.taps - 1 - i : i, factor);
    }
    std::vector<WeightedTap> next;
    for (const WeightedTap &outer : sum)
      for (auto [tap, factor] : terms) {
        next.push_back({outer.taps, outer.factor * factor});
        next.back().taps.push_back(a.firstTap + copies[axis] +
                                   tap * a.tapIncrement);
      }
    sum = std::move(next);
  }
  return sum;
}

/// One channel tile of a stage whose outputs share products.
static void packTransformed(const KernelSpec &spec, const float *kernel,
                            const Stage &stage, int64_t tile, float *cursor) {
  const ChannelTiling &tiling = stage.tiling;
  int64_t width = tiling.lanes * (tile < tiling.fullTiles ? tiling.vectors
                                                          : tiling.lastVectors);
  int64_t first = tile * tiling.vectors * tiling.lanes;
  forEachProduct(stage, [&](const std::vector<int64_t> &copies,
                            const std::vector<int64_t> &products) {
    std::vector<WeightedTap> sum = transformedTaps(stage, copies, products);
    for (int64_t in = 0; in < tiling.reduction; ++in)
      for (int64_t lane = 0; lane < width; ++lane) {
        double value = 0;
        if (first + lane < tiling.channels)
          for (const WeightedTap &term : sum)
            value += term.factor *
                     kernelElement(spec, kernel, term.taps, in, first + lane);
        *cursor++ = static_cast<float>(value);
      }
  });
}

/// One channel tile of a stage's panel, from the tile's first column on.
static void packTile(const KernelSpec &spec, const float *kernel,
                     const Stage &stage, int64_t group, int64_t tile,
                     float *cursor) {
  const ChannelTiling &tiling = stage.tiling;
  int64_t perResidue = spec.outputChannels() / tiling.groups;
  int64_t width =
      tiling.step() *
      (tile < tiling.fullTiles ? tiling.vectors : tiling.lastVectors);
  int64_t first = tile * tiling.vectors * tiling.step();
  int64_t tapNumber = 0;
  forEachTap(stage, [&](std::vector<int64_t> taps) {
    auto element = [&](int64_t column, int64_t in) {
      if (column >= tiling.channels)
        return 0.0f;
      std::vector<int64_t> ofColumn = taps;
      int64_t residue = column / perResidue;
      for (size_t axis = taps.size(); axis-- > 0;) {
        ofColumn[axis] += residue % stage.axes[axis].stacked;
        residue /= stage.axes[axis].stacked;
      }
      return kernelElement(spec, kernel, ofColumn, in,
                           group * perResidue + column % perResidue);
    };
    if (tiling.horizontal) {
      // The taps of a run lie in the order of the inputs that they read; one
      // that not all columns have comes last.
      int64_t tap = tapNumber++ % stage.run;
      if (stage.axes.back().tapStep < 0)
        tap = stage.run - 1 - tap;
      int64_t place = tap * tiling.reduction, columns = width;
      if (stage.unequal() && tap == 0) {
        place = stage.sharedWeights();
        columns = std::clamp<int64_t>(stage.longColumns - first, 0, width);
      } else if (stage.unequal()) {
        place -= tiling.reduction;
      }
      for (int64_t column = 0; column < columns; ++column)
        for (int64_t in = 0; in < tiling.reduction; ++in)
          cursor[stage.horizontalWeight(column, place + in)] =
              element(first + column, in);
      if (tapNumber % stage.run == 0)
        cursor += width * stage.columnWeights();
      return;
    }
    int64_t values = valuesPerElement(spec);
    for (int64_t in = 0; in < tiling.reduction * values; in += values)
      for (int64_t lane = 0; lane < width; ++lane)
        for (int64_t value = 0; value < values; ++value)
          *cursor++ = element(first + lane, in + value);
  });
}

void orderWeights(const KernelSpec &spec, const float *kernel, float *ordered) {
  std::fill_n(ordered, packedValueCount(spec), 0.0f);
  std::vector<Stage> list = stages(spec);
  int64_t groups = channelTiling(spec).groups, floats = panelFloats(spec);
  int64_t values = valuesPerElement(spec);
  for (int64_t group = 0; group < groups; ++group)
    for (const Stage &stage : list) {
      float *panel = ordered + (group * floats + stage.firstFloat) * values;
      const ChannelTiling &tiling = stage.tiling;
      int64_t perTile = tiling.vectors * tiling.step() * stage.rows() * values;
      for (int64_t tile = 0; tile < tiling.tiles(); ++tile)
        if (stage.sharesProducts())
          packTransformed(spec, kernel, stage, tile, panel + tile * perTile);
        else
          packTile(spec, kernel, stage, group, tile, panel + tile * perTile);
    }
}

void packWeights(const KernelSpec &spec, const float *kernel, float *packed) {
  if (!spec.multipliesPairs())
    return orderWeights(spec, kernel, packed);
  std::vector<float> ordered(packedValueCount(spec));
  orderWeights(spec, kernel, ordered.data());
  std::vector<uint16_t> rounded;
  for (float value : ordered)
    rounded.push_back(upconv_rt_bfloat16(value));
  std::memcpy(packed, rounded.data(), rounded.size() * sizeof(uint16_t));
}

void packBias(const KernelSpec &spec, const float *bias, float *packed) {
  if (!spec.hasBias)
    return;
  int64_t groups = channelTiling(spec).groups;
  int64_t perResidue = spec.outputChannels() / groups;
  int64_t width = biasColumns(spec), channels = 0;
  for (const Stage &stage : stages(spec))
    channels = std::max(channels, stage.tiling.channels);
  for (int64_t group = 0; group < groups; ++group)
    for (int64_t column = 0; column < width; ++column)
      *packed++ = column < channels
                      ? bias[group * perResidue + column % perResidue]
                      : 0.0f;
}

} // namespace upconv
