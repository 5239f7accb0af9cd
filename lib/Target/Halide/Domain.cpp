//===- Domain.cpp - What a schedule covers and needs ----------------------===//
//
// The questions that callers ask of a kernel without compiling it: its task
// axis, where its output goes, the zeros it reads around its input, its useful
// multiply-adds. Plain arithmetic on the spec and its stage list.
//
//===----------------------------------------------------------------------===//

#include "Stages.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include <algorithm>

namespace upconv {

//===----------------------------------------------------------------------===//
// Task axis
//===----------------------------------------------------------------------===//

/// An extent for estimates.
static int64_t assumedExtent(const Size &extent, int64_t unknown) {
  return extent.isConstant() ? extent.constant : unknown;
}

static TaskAxis spatialTaskAxis(const KernelSpec &spec) {
  size_t rank = spec.output.shape.size();
  if (rank < 3)
    return TaskAxis::Batch;
  return rank == 3 ? TaskAxis::Columns : TaskAxis::Rows;
}

/// Channel tiles where the weights are what is large, pixels otherwise.
static TaskAxis defaultTaskAxis(const KernelSpec &spec) {
  if (!spec.hasWeights())
    return spatialTaskAxis(spec);
  ChannelTiling tiling = channelTiling(spec);
  int64_t tiles = tiling.groups > 1 ? tiling.groups : tiling.tiles();
  if (tiling.horizontal)
    return spatialTaskAxis(spec);
  if (spec.spatialRank() == 0)
    return tiles > 1 ? TaskAxis::ChannelTiles : TaskAxis::Batch;
  // A block at a task's end is computed by both neighbours.
  if (spec.spatialRank() == 1 && stacksResidues(spec) && tiles > 1)
    return TaskAxis::ChannelTiles;
  int64_t inputs = spec.inputChannels();
  for (int64_t axis = 0; axis < spec.spatialRank(); ++axis)
    inputs *= assumedExtent(spec.input.shape[axis + 1], 1024);
  int64_t weights = spec.inputChannels() * spec.outputChannels();
  for (int64_t taps : spec.window)
    weights *= taps;
  return tiles >= 4 && weights >= inputs ? TaskAxis::ChannelTiles
                                         : spatialTaskAxis(spec);
}

TaskAxis taskAxis(const KernelSpec &spec) {
  if (spec.target.isGpu()) // a launch is the whole kernel
    return TaskAxis::None;
  switch (spec.schedule.knob("task", -1)) {
  case 0:
    return TaskAxis::None;
  case 1:
    return TaskAxis::Batch;
  case 2:
    return spatialTaskAxis(spec);
  case 3:
    return spec.hasWeights() ? TaskAxis::ChannelTiles : TaskAxis::None;
  default:
    return defaultTaskAxis(spec);
  }
}

int64_t taskUnit(const KernelSpec &spec) {
  bool together =
      spec.schedule.fusesResidues() || besideAxes(spec) == spec.spatialRank();
  if (spec.anchor != Anchor::ConvTranspose || !together ||
      taskAxis(spec) != TaskAxis::Rows)
    return 1;
  const Size &extent = spec.output.shape[1];
  int64_t stride = spec.strides[0];
  return extent.isConstant() && extent.constant % stride == 0 ? stride : 1;
}

Size taskExtent(const KernelSpec &spec) {
  switch (taskAxis(spec)) {
  case TaskAxis::None:
    return Size::of(1);
  case TaskAxis::Batch:
    return spec.output.shape[0];
  case TaskAxis::Rows:
  case TaskAxis::Columns: {
    const Size &extent = spec.output.shape[1];
    int64_t unit = taskUnit(spec);
    return unit == 1 ? extent : Size::of(extent.constant / unit);
  }
  case TaskAxis::ChannelTiles: {
    ChannelTiling tiling = channelTiling(spec);
    return Size::of(tiling.groups > 1 ? tiling.groups : tiling.tiles());
  }
  }
  return Size::of(1);
}

int64_t taskGrain(const KernelSpec &spec) {
  TaskAxis task = taskAxis(spec);
  bool axisZero = task == TaskAxis::Rows || task == TaskAxis::Columns ||
                  (task == TaskAxis::Batch && batchIsAxis(spec));
  if (!spec.hasWeights() || !axisZero)
    return 1;
  int64_t grain = 1, last = axisCount(spec) - 1;
  for (const Stage &stage : stages(spec)) {
    int64_t tile = 1;
    if (last == 0) // blocks at a task's ends are no part of a tile
      tile = columnsOfTile(spec, stage) * (stage.axes[0].stacked > 1 ? 4 : 1);
    else if (last == 1)
      tile = rowsOfTile(spec, stage);
    grain = std::max(grain, tile * stage.axes[0].outStep / taskUnit(spec));
  }
  const Size &extent = taskExtent(spec);
  return extent.isConstant()
             ? std::min(grain, std::max<int64_t>(1, extent.constant))
             : grain;
}

int64_t taskBlock(const KernelSpec &spec) {
  TaskAxis task = taskAxis(spec);
  int64_t bytes = spec.schedule.knob("block", 0) * 1024;
  if (!spec.hasWeights() || bytes == 0 ||
      (task != TaskAxis::Rows && task != TaskAxis::Columns))
    return 0;
  // Inputs of one position of the outermost spatial axis, all images together.
  int64_t row = 4 * spec.inputChannels();
  for (size_t d = 0; d + 1 < spec.input.rank(); ++d)
    if (d != 1)
      row *= assumedExtent(spec.input.shape[d], d == 0 ? 1 : 256);
  int64_t inputs = std::max<int64_t>(1, bytes / row);
  int64_t outputs = spec.anchor == Anchor::ConvTranspose
                        ? inputs * spec.strides[0] / taskUnit(spec)
                        : inputs / spec.strides[0];
  int64_t grain = taskGrain(spec);
  return std::max<int64_t>(1, outputs / grain) * grain;
}

int64_t knownBytes(const TensorArgument &tensor) {
  int64_t bytes = 4;
  for (const Size &size : tensor.shape)
    bytes *= assumedExtent(size, 0);
  return bytes;
}

bool streamsOutput(const KernelSpec &spec) {
  int64_t least = spec.schedule.knob("stream", 0) << 20;
  if (least == 0 || spec.target.isGpu() ||
      spec.target.halide.rfind("x86", 0) != 0 ||
      !(spec.hasWeights() || spec.anchor == Anchor::Elementwise))
    return false;
  // A cache line that is streamed in parts costs more than an ordinary one, so
  // a pixel's channels have to fill lines.
  if (4 * spec.outputChannels() % kStreamedBytes != 0)
    return false;
  if (knownBytes(spec.output) < least)
    return false;
  if (!spec.hasWeights())
    return true;
  for (const Stage &stage : stages(spec))
    if (channelsPerPass(spec, stage) < stage.tiling.reduction)
      return false;
  return true;
}

//===----------------------------------------------------------------------===//
// Halo
//===----------------------------------------------------------------------===//

HaloRequirement requiredHalo(const KernelSpec &spec) {
  HaloRequirement halo;
  halo.low.assign(spec.input.rank(), 0);
  halo.high.assign(spec.input.rank(), 0);
  if (!spec.hasWeights() || spec.target.isGpu() || guardsLoads(spec) ||
      batchIsAxis(spec))
    return halo;
  for (int64_t axis = 0; axis < spec.spatialRank(); ++axis) {
    int64_t dimension = axisDimension(spec, axis);
    const Size &in = spec.input.shape[dimension];
    const Size &out = spec.output.shape[dimension];
    int64_t reach = (spec.window[axis] - 1) * spec.dilations[axis];
    int64_t stride = spec.strides[axis];
    int64_t &low = halo.low[dimension], &high = halo.high[dimension];
    if (spec.anchor == Anchor::Conv && !spec.low[axis].isConstant()) {
      // Same padding whose split depends on the size: never more than reach.
      low = high = reach;
      continue;
    }
    for (const Stage &stage : stages(spec)) {
      const AxisStage &along = stage.axes[axis];
      if (stage.taps() == 0)
        continue;
      int64_t last = (along.taps - 1) * along.tapStep;
      low = std::max(low, -(along.inOffset + std::min<int64_t>(0, last)));
      if (!in.isConstant() || !out.isConstant())
        continue;
      int64_t count = positions(out.constant, along.outStart, along.outStep);
      if (count > 0)
        high =
            std::max(high, along.inStep * (count - 1) + along.inOffset +
                               std::max<int64_t>(0, last) - (in.constant - 1));
    }
    if (in.isConstant() && out.isConstant())
      continue;
    // With run-time sizes the relation of the two extents is the caller's;
    // every padding rule of Keras stays within these.
    if (spec.anchor == Anchor::Conv)
      high = reach;
    else
      high = (reach + std::max<int64_t>(stride - reach - 1, 0) + stride - 1) /
             stride;
  }
  int64_t behind = 0;
  for (const Stage &stage : stages(spec))
    behind = std::max(behind, pixelsBehind(stage));
  halo.high[axisDimension(spec, spec.spatialRank() - 1)] += behind;
  return halo;
}

//===----------------------------------------------------------------------===//
// Useful multiply-adds
//===----------------------------------------------------------------------===//

namespace {
/// Of one axis with known sizes: the (input, tap) pairs that meet an output, or
/// seen from a forward convolution the (output, tap) pairs that meet an input;
/// and the taps that are in any of them.
struct AxisWork {
  int64_t pairs = 0, liveTaps = 0;
};
} // namespace

static AxisWork axisWork(const KernelSpec &spec, int64_t axis) {
  int64_t in = spec.input.shape[axis + 1].constant;
  int64_t out = spec.output.shape[axis + 1].constant;
  bool transposed = spec.anchor == Anchor::ConvTranspose;
  int64_t from = transposed ? in : out, to = transposed ? out : in;
  AxisWork work;
  for (int64_t k = 0; k < spec.window[axis]; ++k) {
    int64_t before = work.pairs;
    for (int64_t p = 0; p < from; ++p) {
      int64_t q = p * spec.strides[axis] + k * spec.dilations[axis] -
                  spec.low[axis].constant;
      work.pairs += q >= 0 && q < to;
    }
    work.liveTaps += work.pairs > before;
  }
  return work;
}

static bool hasKnownSizes(const KernelSpec &spec) {
  for (const TensorArgument *tensor : {&spec.input, &spec.output})
    for (const Size &size : tensor->shape)
      if (!size.isConstant())
        return false;
  for (const Size &low : spec.low)
    if (!low.isConstant())
      return false;
  return true;
}

int64_t usefulMacs(const KernelSpec &spec) {
  if (!spec.hasWeights())
    return 0;
  if (!hasKnownSizes(spec))
    return -1;
  int64_t macs = spec.input.shape[0].constant * spec.outputChannels() *
                 (spec.layerChannels() / spec.groups);
  for (int64_t axis = 0; axis < spec.spatialRank(); ++axis)
    macs *= axisWork(spec, axis).pairs;
  return macs;
}

int64_t deadWeights(const KernelSpec &spec) {
  if (!spec.hasWeights() || !hasKnownSizes(spec))
    return 0;
  int64_t all = spec.outputChannels() * (spec.layerChannels() / spec.groups);
  int64_t live = all;
  for (int64_t axis = 0; axis < spec.spatialRank(); ++axis) {
    all *= spec.window[axis];
    live *= axisWork(spec, axis).liveTaps;
  }
  return all - live;
}

} // namespace upconv
