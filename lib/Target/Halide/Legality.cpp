//===- Legality.cpp - Which schedules a kernel may be given ---------------===//
//
// The rule that a schedule breaks, in words for the person who wrote it: ranges
// of knobs, what each strategy serves, what pairs, tile registers, horizontal
// sums and GPUs need.
//
//===----------------------------------------------------------------------===//

#include "GpuTile.h"
#include "Stages.h"

#include "upconv/Target/Halide/CompileKernel.h"

namespace upconv {

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
        {"fuse", 0, 4},     {"reduce", 0, 8},      {"splat", 0, 1},
        {"m", 2, 3},        {"kp", 16, 256},       {"bc", 1, 64},
        {"bx", 1, 256},     {"by", 1, 64},         {"kc", 1, 64},
        {"kt", 1, 16},      {"run", 0, 1},         {"split", 1, 64},
        {"task", -1, 3},    {"stream", 0, 1024},   {"ahead", 0, 1024},
        {"axes", 1, 2},     {"lead", 0, 64},       {"amx", 0, 4}})
    if (auto violation = within(range.name, range.low, range.high))
      return violation;
  for (const char *name : {"lanes", "reduce"}) {
    int64_t value = spec.schedule.knob(name, 0);
    if (value & (value - 1))
      return "knob " + quoted(name) + " must be a power of two, got " +
             std::to_string(value);
  }
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

/// Two axes' residues beside the channels: every block is whole, and one tile
/// has all columns.
static std::optional<std::string> besideViolation(const KernelSpec &spec) {
  int64_t rank = spec.spatialRank();
  if (rank < 2 || spec.schedule.strategy != "stacked")
    return "knob 'axes' 2 needs strategy 'stacked' and two axes";
  for (int64_t axis = rank - 2; axis < rank; ++axis) {
    const Size &extent = spec.output.shape[axis + 1];
    int64_t stride = spec.strides[axis];
    if (spec.window[axis] != stride || spec.low[axis].constant % stride != 0 ||
        spec.dilations[axis] != 1 || !extent.isConstant() ||
        extent.constant % stride != 0)
      return "knob 'axes' 2 needs kernel = stride and whole blocks of outputs";
  }
  if (channelTiling(spec).tiles() > 1)
    return "knob 'axes' 2 needs all " +
           std::to_string(channelTiling(spec).channels) +
           " columns in one tile, knob 'nv'";
  return denseViolation(spec);
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
  if (besideAxes(spec) > 1)
    if (auto violation = besideViolation(spec))
      return violation;
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
    ChannelTiling tiling = channelTiling(spec);
    if (tiling.beside > 1 && spec.inputChannels() % tiling.lanes != 0)
      return "knob 'reduce' leaves " + std::to_string(tiling.lanes) +
             " lanes to a column, which divides no " +
             std::to_string(spec.inputChannels()) + " input channels";
  }
  return std::nullopt;
}

} // namespace upconv
