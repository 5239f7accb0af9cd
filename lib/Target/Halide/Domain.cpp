//===- Domain.cpp - What a schedule covers, needs and may be given --------===//
//
// The questions that callers ask of a kernel without compiling it: its task
// axis, the zeros it reads around its input, the rule that its schedule breaks,
// its useful multiply-adds. Plain arithmetic on the spec and its stage list.
//
//===----------------------------------------------------------------------===//

#include "GpuTile.h"
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

/// The knob `fuse` that has the outermost axis's residues share its loop.
static constexpr int64_t kFuseResidues = 3;

int64_t taskUnit(const KernelSpec &spec) {
  if (spec.anchor != Anchor::ConvTranspose ||
      spec.schedule.knob("fuse", 1) != kFuseResidues ||
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

bool streamsOutput(const KernelSpec &spec) {
  int64_t least = spec.schedule.knob("stream", 0) << 20;
  if (least == 0 || !spec.hasWeights() || spec.target.isGpu() ||
      spec.target.halide.rfind("x86", 0) != 0)
    return false;
  // A cache line that is streamed in parts costs more than an ordinary one, so
  // a pixel's channels have to fill lines.
  constexpr int64_t lineFloats = 16;
  if (spec.outputChannels() % lineFloats != 0)
    return false;
  int64_t bytes = 4;
  for (const Size &size : spec.output.shape)
    bytes *= assumedExtent(size, 0);
  if (bytes < least)
    return false;
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
// Legality
//===----------------------------------------------------------------------===//

static std::string quoted(const std::string &name) { return "'" + name + "'"; }

static std::optional<std::string> knobViolation(const KernelSpec &spec) {
  auto within = [&](const char *name, int64_t low,
                    int64_t high) -> std::optional<std::string> {
    auto it = spec.schedule.knobs.find(name);
    if (it == spec.schedule.knobs.end() ||
        (it->second >= low && it->second <= high))
      return std::nullopt;
    return "knob " + quoted(name) + " must be in " + std::to_string(low) +
           ".." + std::to_string(high) + ", got " + std::to_string(it->second);
  };
  struct Range {
    const char *name;
    int64_t low, high;
  };
  for (Range range :
       {Range{"tx", 1, 32}, {"ty", 1, 16},         {"nv", 1, 16},
        {"ku", 1, 16},      {"lanes", 1, 64},      {"order", 0, 2},
        {"pad", 0, 2},      {"block", 0, 1 << 20}, {"panel", 0, 1 << 20},
        {"fuse", 0, 3},     {"reduce", 0, 1},      {"splat", 0, 1},
        {"m", 2, 3},        {"kp", 16, 256},       {"bc", 1, 64},
        {"bx", 1, 256},     {"by", 1, 64},         {"kc", 1, 64},
        {"kt", 1, 16},      {"run", 0, 1},         {"split", 1, 64},
        {"task", -1, 3},    {"stream", 0, 1024},   {"amx", 0, 4}})
    if (auto violation = within(range.name, range.low, range.high))
      return violation;
  int64_t lanes = spec.schedule.knob("lanes", 1);
  if (lanes & (lanes - 1))
    return "knob 'lanes' must be a power of two, got " + std::to_string(lanes);
  return std::nullopt;
}

/// Pixels of this tensor follow each other without a gap, each with channels of
/// its own: a vector may run from one into the next.
static bool densePixels(const TensorArgument &tensor) {
  if (tensor.rank() < 2)
    return false;
  const Size &stride = tensor.strides[tensor.rank() - 2];
  return stride.isConstant() &&
         stride.constant == tensor.shape.back().constant &&
         !(tensor.shape[tensor.rank() - 2] == Size::of(1));
}

/// Columns of several residues lie in one vector: they have to follow each
/// other in the output and in the operands.
static std::optional<std::string> denseViolation(const KernelSpec &spec) {
  const std::string &name = spec.schedule.strategy;
  if (!densePixels(spec.output))
    return "strategy " + quoted(name) +
           " needs channels in whole vectors or dense output pixels";
  for (const TensorArgument &operand : spec.operands)
    if (!(operand.shape.back() == Size::of(1)) && !densePixels(operand))
      return "strategy " + quoted(name) +
             " needs channels in whole vectors or dense operand pixels";
    else if (operand.shape.back() == Size::of(1) && operand.rank() > 1 &&
             spec.outputChannels() > 1 &&
             !(operand.shape[operand.rank() - 2] == Size::of(1)))
      return "strategy " + quoted(name) +
             " needs channels in whole vectors for an operand of one channel";
  return std::nullopt;
}

static std::optional<std::string> stackedViolation(const KernelSpec &spec) {
  const std::string &name = spec.schedule.strategy;
  int64_t last = spec.spatialRank() - 1;
  for (int64_t axis = 0; axis <= last && name == "stacked"; ++axis)
    if (spec.window[axis] > spec.strides[axis])
      return "strategy 'stacked' needs kernel <= stride, got " +
             std::to_string(spec.window[axis]) + " and " +
             std::to_string(spec.strides[axis]);
  if (spec.dilations[last] != 1)
    return "strategy " + quoted(name) +
           " needs dilation 1 on the innermost axis";
  if (!spec.output.shape[last + 1].isConstant() && !usesGpuTiles(spec))
    return "strategy " + quoted(name) + " needs a constant innermost extent";
  bool several = name == "stacked";
  // A thread of a GPU works out the residue of each of its columns.
  bool inVectors = !usesGpuTiles(spec);
  for (const Stage &stage : stages(spec)) {
    several |= stage.axes[last].stacked > 1;
    if (inVectors && stage.axes[last].stacked > 1 &&
        spec.outputChannels() % stage.tiling.step() != 0)
      if (auto violation = denseViolation(spec))
        return violation;
  }
  if (!several)
    return "strategy " + quoted(name) +
           " needs residues that share taps and window";
  return std::nullopt;
}

/// Known sizes, dense channels, and residues that a minimal filter serves.
static std::optional<std::string> winogradViolation(const KernelSpec &spec) {
  if (spec.groups != 1 || spec.multipliesPairs())
    return "strategy 'winograd' needs an ungrouped convolution of float32 "
           "numbers";
  if (!(spec.input.strides.back() == Size::of(1)))
    return "strategy 'winograd' needs dense input channels";
  bool shares = false;
  for (int64_t axis = 0; axis < spec.spatialRank(); ++axis)
    if (!spec.output.shape[axis + 1].isConstant() ||
        !spec.input.shape[axis + 1].isConstant() ||
        !spec.low[axis].isConstant())
      return "strategy 'winograd' needs known sizes";
  for (const Stage &stage : stages(spec)) {
    if (!stage.sharesProducts())
      continue;
    shares = true;
    if (winogradChannels(spec, stage) == 0)
      return "strategy 'winograd' needs input channels that a number from 16 "
             "to knob 'kp' divides, got " +
             std::to_string(stage.tiling.reduction);
    if (winogradScratch(spec, stage) > kScratchBytes)
      return "strategy 'winograd' may take " + std::to_string(kScratchBytes) +
             " bytes of stack, not " +
             std::to_string(winogradScratch(spec, stage));
  }
  if (!shares)
    return "strategy 'winograd' needs two or three taps of stride 1 along an "
           "axis";
  return std::nullopt;
}

static std::optional<std::string> strategyViolation(const KernelSpec &spec) {
  const std::string &name = spec.schedule.strategy;
  auto serves =
      [&](std::initializer_list<Anchor> anchors) -> std::optional<std::string> {
    for (Anchor anchor : anchors)
      if (anchor == spec.anchor)
        return std::nullopt;
    return "strategy " + quoted(name) + " does not serve this kind of kernel";
  };
  if (name == "gather" || name == "phase")
    return serves({Anchor::ConvTranspose});
  if (spec.schedule.multipliesSums()) {
    if (auto violation = serves({Anchor::ConvTranspose, Anchor::Conv}))
      return violation;
    return winogradViolation(spec);
  }
  if (name == "stacked" || name == "phase-gemm") {
    if (auto violation = serves({Anchor::ConvTranspose}))
      return violation;
    return stackedViolation(spec);
  }
  if (name == "conv")
    return serves({Anchor::Conv});
  if (name == "matmul") {
    if (auto violation = serves({Anchor::Conv}))
      return violation;
    for (int64_t taps : spec.window)
      if (taps != 1)
        return "strategy 'matmul' needs a window of 1, got " +
               std::to_string(taps);
    return std::nullopt;
  }
  if (name == "tile")
    return serves({Anchor::Conv, Anchor::ConvTranspose});
  if (name == "tile-stacked") {
    if (auto violation = serves({Anchor::ConvTranspose}))
      return violation;
    return stackedViolation(spec);
  }
  if (name == "pool")
    return serves({Anchor::MaxPool, Anchor::AveragePool});
  if (name == "softmax")
    return serves({Anchor::Softmax});
  if (name == "elementwise")
    return serves({Anchor::Elementwise});
  if (name == "transpose")
    return serves({Anchor::Transpose});
  if (name == "copy")
    return serves({Anchor::Copy});
  if (name == "round")
    return serves({Anchor::Round});
  if (name == "sum-parts")
    return serves({Anchor::SumParts});
  if (name == "reindex")
    return serves({Anchor::Reindex});
  if (name == "interpolate")
    return serves({Anchor::Interpolate});
  if (name == "reduce")
    return serves({Anchor::Reduce});
  if (name == "lookup")
    return serves({Anchor::Lookup});
  return "unknown strategy " + quoted(name);
}

static std::optional<std::string> pairViolation(const KernelSpec &spec) {
  if (!spec.multipliesPairs())
    return std::nullopt;
  if (spec.groups != 1)
    return "pairs of channels need an ungrouped convolution";
  if (!(spec.input.strides.back() == Size::of(1)))
    return "pairs of channels need dense input channels";
  if (spec.schedule.knob("reduce", 0) != 0)
    return "knob 'reduce' multiplies float32 numbers only";
  return std::nullopt;
}

/// Tile registers of AMX: 4 for sums, and whole pixels of pairs as rows.
static std::optional<std::string> matrixViolation(const KernelSpec &spec) {
  int64_t tiles = matrixTiles(spec);
  if (tiles == 0)
    return std::nullopt;
  if (!spec.hasWeights() || !spec.multipliesPairs())
    return "knob 'amx' multiplies bfloat16 numbers only";
  if (!spec.target.matrixTiles)
    return "knob 'amx' needs a processor with AMX under Linux";
  for (const char *knob : {"tx", "ty", "ku", "splat"})
    if (spec.schedule.knobs.count(knob))
      return "knob 'amx' says what a tile and a step are, not " + quoted(knob);
  if (spec.schedule.knob("pad", 0) == 2)
    return "knob 'amx' takes no taps out of a tile, knob 'pad' 2";
  for (const Stage &stage : stages(spec)) {
    if (stage.tiling.lanes > kMatrixRows)
      return "knob 'amx' takes vectors of at most 16 lanes, got " +
             std::to_string(stage.tiling.lanes);
    if (tiles * stage.tiling.vectors > kMatrixSums)
      return "knobs 'amx' and 'nv' name " +
             std::to_string(tiles * stage.tiling.vectors) +
             " tile registers of sums, more than " +
             std::to_string(kMatrixSums);
  }
  return std::nullopt;
}

std::optional<std::string> scheduleViolation(const KernelSpec &spec) {
  if (auto violation = knobViolation(spec))
    return violation;
  if (spec.hasWeights()) {
    if (!spec.input.shape.back().isConstant() ||
        !spec.output.shape.back().isConstant())
      return "a convolution needs constant channel counts";
    if (!(spec.output.strides.back() == Size::of(1)))
      return "a convolution needs channel stride 1 in its output";
    for (const Size &low : spec.low)
      if (spec.anchor == Anchor::ConvTranspose && !low.isConstant())
        return "a transposed convolution needs a constant crop";
  }
  if (auto violation = strategyViolation(spec))
    return violation;
  if (auto violation = pairViolation(spec))
    return violation;
  if (auto violation = matrixViolation(spec))
    return violation;
  if (auto violation = gpuViolation(spec))
    return violation;
  if (spec.schedule.knob("reduce", 0) != 0) {
    if (!spec.hasWeights() || spec.groups != 1)
      return "knob 'reduce' needs an ungrouped convolution";
    if (!(spec.input.strides.back() == Size::of(1)))
      return "knob 'reduce' needs dense input channels";
    if (spec.schedule.knob("panel", 0) != 0)
      return "knob 'reduce' takes no passes over input channels, knob 'panel'";
    if (spec.outputChannels() > 8)
      return "knob 'reduce' needs at most 8 output channels, got " +
             std::to_string(spec.outputChannels());
    if (spec.inputChannels() % 4 != 0)
      return "knob 'reduce' needs input channels in fours, got " +
             std::to_string(spec.inputChannels());
    if (taskAxis(spec) == TaskAxis::ChannelTiles)
      return "knob 'reduce' has no channel tiles to make tasks of";
  }
  return std::nullopt;
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
