//===- Packing.cpp - Weights in the order that the kernels read them ------===//
//
// Packed weights: for every group, for every channel tile, for every stage and
// copy, tap (outermost axis first), input channel: one row of the tile's width,
// the lanes beyond the last channel zero. A micro-tile reads it front to back.
// With lanes along the input channels (knob `reduce`) a row is instead one
// output channel's run of input channels. One last vector of zeros is always
// there: see Builder::opaqueZero.
//
//===----------------------------------------------------------------------===//

#include "Stages.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include <algorithm>
#include <functional>

namespace upconv {

/// Zeros behind the packed weights, in floats: one cache line.
static constexpr int64_t kTrailingZeros = 16;

static int64_t panelFloats(const KernelSpec &spec) {
  ChannelTiling tiling = channelTiling(spec);
  if (tiling.horizontal)
    return packedRows(spec) * tiling.channels;
  return packedRows(spec) * tiling.paddedChannels();
}

int64_t packedWeightCount(const KernelSpec &spec) {
  if (!spec.hasWeights())
    return 0;
  return panelFloats(spec) * channelTiling(spec).groups + kTrailingZeros;
}

int64_t packedBiasCount(const KernelSpec &spec) {
  if (!spec.hasBias)
    return 0;
  ChannelTiling tiling = channelTiling(spec);
  if (tiling.horizontal)
    return tiling.channels;
  return tiling.paddedChannels() * tiling.groups;
}

/// The element of Keras's kernel for tap `taps` (per axis), input channel `in`
/// of the group and output channel `out` of the whole layer.
static float kernelElement(const KernelSpec &spec, const float *kernel,
                           const std::vector<int64_t> &taps, int64_t in,
                           int64_t out) {
  ChannelTiling tiling = channelTiling(spec);
  int64_t index = 0;
  for (size_t axis = 0; axis < spec.window.size(); ++axis)
    index = index * spec.window[axis] + taps[axis];
  if (spec.anchor == Anchor::ConvTranspose)
    return kernel[(index * spec.outputChannels() + out) * tiling.reduction +
                  in];
  return kernel[(index * tiling.reduction + in) * spec.outputChannels() + out];
}

/// Calls `visit` with the kernel taps of every (copy, tap) of a stage, in
/// packed order: copies outside, taps inside, the outermost axis slowest in
/// both.
static void forEachTap(const Stage &stage,
                       const std::function<void(std::vector<int64_t>)> &visit) {
  size_t rank = stage.axes.size();
  for (int64_t copy = 0; copy < stage.copies(); ++copy)
    for (int64_t tap = 0; tap < stage.taps(); ++tap) {
      std::vector<int64_t> taps(rank);
      int64_t c = copy, t = tap;
      for (size_t axis = rank; axis-- > 0;) {
        const AxisStage &a = stage.axes[axis];
        taps[axis] = a.firstTap + c % a.copies + t % a.taps * a.tapIncrement;
        c /= a.copies;
        t /= a.taps;
      }
      visit(taps);
    }
}

void packWeights(const KernelSpec &spec, const float *kernel, float *packed) {
  ChannelTiling tiling = channelTiling(spec);
  std::vector<Stage> list = stages(spec);
  int64_t perResidue = spec.outputChannels() / tiling.groups;
  float *cursor = packed;

  if (tiling.horizontal) {
    for (const Stage &stage : list)
      forEachTap(stage, [&](std::vector<int64_t> taps) {
        for (int64_t out = 0; out < tiling.channels; ++out)
          for (int64_t in = 0; in < tiling.reduction; ++in)
            *cursor++ = kernelElement(spec, kernel, taps, in, out);
      });
    std::fill_n(cursor, kTrailingZeros, 0.0f);
    return;
  }

  for (int64_t group = 0; group < tiling.groups; ++group)
    for (int64_t tile = 0; tile < tiling.tiles(); ++tile) {
      int64_t width =
          tiling.lanes *
          (tile < tiling.fullTiles ? tiling.vectors : tiling.lastVectors);
      int64_t first = tile * tiling.vectors * tiling.lanes;
      for (const Stage &stage : list)
        forEachTap(stage, [&](std::vector<int64_t> taps) {
          for (int64_t in = 0; in < tiling.reduction; ++in)
            for (int64_t lane = 0; lane < width; ++lane) {
              int64_t column = first + lane;
              float value = 0;
              if (column < tiling.channels) {
                std::vector<int64_t> at = taps;
                if (stage.axes.back().stacked > 1)
                  at.back() += column / perResidue;
                value = kernelElement(spec, kernel, at, in,
                                      group * perResidue + column % perResidue);
              }
              *cursor++ = value;
            }
        });
    }
  std::fill_n(cursor, kTrailingZeros, 0.0f);
}

void packBias(const KernelSpec &spec, const float *bias, float *packed) {
  if (!spec.hasBias)
    return;
  ChannelTiling tiling = channelTiling(spec);
  int64_t perResidue = spec.outputChannels() / tiling.groups;
  int64_t width = tiling.horizontal ? tiling.channels : tiling.paddedChannels();
  for (int64_t group = 0; group < tiling.groups; ++group)
    for (int64_t column = 0; column < width; ++column)
      *packed++ = column < tiling.channels
                      ? bias[group * perResidue + column % perResidue]
                      : 0.0f;
}

} // namespace upconv
