//===- Stages.cpp - A convolution as a list of residue-free stages --------===//
//
// Builds the stage list of Stages.h: residues of a transposed convolution per
// axis, their product over the axes, and the tile sizes that follow from the
// knobs and from the register file of the target.
//
//===----------------------------------------------------------------------===//

#include "Stages.h"

#include "GpuTile.h"
#include "MinimalFilter.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace upconv {

int64_t Stage::taps() const {
  int64_t product = 1;
  for (const AxisStage &axis : axes)
    product *= axis.taps;
  return product;
}

int64_t Stage::copies() const {
  int64_t product = 1;
  for (const AxisStage &axis : axes)
    product *= axis.copies;
  return product;
}

int64_t Stage::products() const {
  int64_t product = 1;
  for (const AxisStage &axis : axes)
    product *= axis.products();
  return product;
}

int64_t Stage::rowsBeside() const {
  return axes.size() < 2 ? 1 : axes[axes.size() - 2].stacked;
}

bool Stage::sharesProducts() const {
  return std::any_of(axes.begin(), axes.end(),
                     [](const AxisStage &axis) { return axis.outputs > 1; });
}

/// Every panel, and every run of weights, begins a cache line.
static int64_t wholeLines(int64_t floats) {
  return ceilDiv(floats, kLineFloats) * kLineFloats;
}

int64_t Stage::sharedWeights() const { return wholeLines(sharedInputs()); }

int64_t Stage::columnWeights() const {
  return sharedWeights() + (unequal() ? wholeLines(tiling.reduction) : 0);
}

int64_t Stage::horizontalWeight(int64_t column, int64_t place) const {
  int64_t vector = column / tiling.beside, beside = column % tiling.beside;
  return vector * tiling.beside * columnWeights() +
         (place / tiling.lanes * tiling.beside + beside) * tiling.lanes +
         place % tiling.lanes;
}

int64_t Stage::rows() const {
  return tiling.horizontal ? copies() * taps() / run * columnWeights()
                           : copies() * products() * tiling.reduction;
}

int64_t channelsPerPass(const KernelSpec &spec, const Stage &stage) {
  const ChannelTiling &tiling = stage.tiling;
  if (spec.schedule.multipliesSums()) // has panels of its own
    return tiling.reduction;
  int64_t floats = spec.schedule.knob("panel", 0) * 1024 / 4;
  int64_t row = stage.taps() * tiling.vectors * tiling.lanes;
  if (floats == 0 || tiling.depthwise || row * tiling.reduction <= floats)
    return tiling.reduction;
  int64_t passes = ceilDiv(row * tiling.reduction, floats);
  int64_t channels = ceilDiv(tiling.reduction, passes);
  // Whole unrolled steps, or whole tile registers.
  int64_t step = matrixTiles(spec) ? kMatrixRows : 8;
  return channels <= step ? channels : ceilDiv(channels, step) * step;
}

int64_t pixelsBehind(const Stage &stage) {
  const ChannelTiling &tiling = stage.tiling;
  if (!tiling.horizontal)
    return 0;
  int64_t rest = stage.sharedInputs() % tiling.lanes;
  return rest == 0 ? 0 : ceilDiv(tiling.lanes - rest, tiling.reduction);
}

bool batchIsAxis(const KernelSpec &spec) { return spec.spatialRank() == 0; }

int64_t axisCount(const KernelSpec &spec) {
  return batchIsAxis(spec) ? 1 : spec.spatialRank();
}

int64_t axisDimension(const KernelSpec &spec, int64_t axis) {
  return batchIsAxis(spec) ? 0 : axis + 1;
}

const Size &axisExtent(const KernelSpec &spec, int64_t axis) {
  return batchIsAxis(spec) ? spec.input.shape[0] : spec.output.shape[axis + 1];
}

bool axisIsStatic(const KernelSpec &spec, int64_t axis) {
  if (!spec.output.shape[axisDimension(spec, axis)].isConstant())
    return false;
  TaskAxis task = taskAxis(spec);
  if (batchIsAxis(spec))
    return task != TaskAxis::Batch;
  return axis != 0 || (task != TaskAxis::Rows && task != TaskAxis::Columns);
}

int64_t positions(int64_t extent, int64_t outStart, int64_t outStep) {
  return std::max<int64_t>(0, (extent - outStart + outStep - 1) / outStep);
}

int64_t wholePositions(int64_t extent, const AxisStage &along) {
  int64_t first = along.outStart < 0 ? 1 : 0;
  int64_t room = extent - along.outStart - along.stacked;
  return room < 0 ? 0 : std::max<int64_t>(0, room / along.outStep + 1 - first);
}

int64_t tiledPositions(const KernelSpec &spec, const Stage &stage,
                       int64_t axis) {
  const Size &extent = spec.output.shape[axisDimension(spec, axis)];
  if (!extent.isConstant())
    return -1;
  const AxisStage &along = stage.axes[axis];
  return along.stacked > 1
             ? wholePositions(extent.constant, along)
             : positions(extent.constant, along.outStart, along.outStep);
}

bool stacksResidues(const KernelSpec &spec) {
  return spec.schedule.strategy == "stacked" ||
         spec.schedule.strategy == "phase-gemm" ||
         spec.schedule.strategy == "tile-stacked";
}

int64_t besideAxes(const KernelSpec &spec) {
  return stacksResidues(spec) ? spec.schedule.knob("axes", 1) : 0;
}

/// All residues of one axis of a transposed convolution. Tap k reaches residue
/// r when s divides r + P - k * d; the live taps are an arithmetic progression
/// of step s / gcd(s, d), and the input index falls by d / gcd(s, d) from one
/// to the next.
static std::vector<AxisStage> residues(const KernelSpec &spec, int64_t axis) {
  int64_t s = spec.strides[axis], d = spec.dilations[axis];
  int64_t taps = spec.window[axis], crop = spec.low[axis].constant;
  int64_t common = std::gcd(s, d), step = s / common;
  Size extent = spec.output.shape[axis + 1];
  std::vector<AxisStage> result;
  for (int64_t r = 0; r < s; ++r) {
    AxisStage stage;
    stage.outStart = r;
    stage.outStep = s;
    stage.tapIncrement = step;
    stage.tapStep = -(d / common);
    stage.taps = 0;
    for (int64_t k = 0; k < std::min(step, taps); ++k)
      if ((r + crop - k * d) % s == 0) {
        stage.firstTap = k;
        stage.taps = (taps - k + step - 1) / step;
        stage.inOffset = (r + crop - k * d) / s;
        break;
      }
    if (axisIsStatic(spec, axis) && positions(extent.constant, r, s) == 0)
      continue;
    // Residues that differ only in their tap become copies in one loop: two
    // stages instead of eight for kernel 16, stride 8. With a run-time extent
    // each residue has its own count, so they stay apart; a task's window
    // begins at a multiple of the stride, which keeps the counts equal.
    if (!result.empty() && extent.isConstant()) {
      AxisStage &last = result.back();
      bool sameCount = positions(extent.constant, r, s) ==
                       positions(extent.constant, last.outStart, s);
      bool sameWindow =
          last.taps == stage.taps &&
          (stage.taps == 0 || (last.inOffset == stage.inOffset &&
                               last.firstTap + last.copies == stage.firstTap));
      if (sameCount && sameWindow && last.outStart + last.copies == r) {
        ++last.copies;
        continue;
      }
    }
    result.push_back(stage);
  }
  return result;
}

/// Neighbouring pixels of the input follow each other without a gap.
static bool denseInput(const KernelSpec &spec) {
  const std::vector<Size> &strides = spec.input.strides;
  return spec.spatialRank() > 0 && strides.back() == Size::of(1) &&
         strides[strides.size() - 2] == Size::of(spec.inputChannels());
}

/// Vectors along the input may leave out a tap of some columns, so all residues
/// are one stage.
static bool mixesResidues(const KernelSpec &spec) {
  return stacksResidues(spec) && spec.schedule.knob("reduce", 0) != 0 &&
         denseInput(spec) && spec.window.back() >= spec.strides.back();
}

/// The innermost axis with its residues beside the channels. Uncropped, block q
/// is the outputs s * q .. s * q + s - 1 and tap r + j * s of residue r reads
/// input q - j: the first k mod s residues have one tap more than the others,
/// which makes two groups at most, or one of unequal columns. The crop shifts
/// the blocks.
static std::vector<AxisStage> stackedResidues(const KernelSpec &spec,
                                              int64_t axis) {
  int64_t s = spec.strides[axis], taps = spec.window[axis];
  int64_t crop = spec.low[axis].constant, more = taps % s;
  bool mixed = mixesResidues(spec) && more != 0;
  Size extent = spec.output.shape[axis + 1];
  std::vector<AxisStage> result;
  for (bool first : {true, false}) {
    AxisStage stage;
    stage.firstTap = first ? 0 : more;
    stage.stacked = first ? (mixed ? s : more) : (mixed ? 0 : s - more);
    if (stage.stacked == 0)
      continue;
    stage.outStart = stage.firstTap - crop % s;
    stage.outStep = stage.tapIncrement = s;
    stage.inOffset = crop / s;
    stage.tapStep = -1;
    stage.taps = taps / s + (first ? 1 : 0);
    if (stage.outStart + stage.stacked <= 0) { // its first block is cropped
      stage.outStart += s;
      ++stage.inOffset;
    }
    if (axisIsStatic(spec, axis) &&
        positions(extent.constant, stage.outStart, s) == 0)
      continue;
    result.push_back(stage);
  }
  return result;
}

static AxisStage forwardAxis(const KernelSpec &spec, int64_t axis) {
  AxisStage stage;
  stage.inStep = spec.strides[axis];
  stage.taps = spec.window[axis];
  stage.tapStep = spec.dilations[axis];
  if (spec.low[axis].isConstant())
    stage.inOffset = -spec.low[axis].constant;
  return stage;
}

static std::vector<Stage> stageAxes(const KernelSpec &spec) {
  std::vector<Stage> result(1);
  if (batchIsAxis(spec)) {
    result[0].axes.resize(1);
    return result;
  }
  int64_t rank = spec.spatialRank();
  for (int64_t axis = 0; axis < rank; ++axis) {
    std::vector<AxisStage> options;
    if (spec.anchor != Anchor::ConvTranspose)
      options = {forwardAxis(spec, axis)};
    else if (axis >= rank - besideAxes(spec))
      options = stackedResidues(spec, axis);
    else
      options = residues(spec, axis);
    std::vector<Stage> product;
    for (const Stage &outer : result)
      for (const AxisStage &option : options) {
        product.push_back(outer);
        product.back().axes.push_back(option);
      }
    result = std::move(product);
  }
  return result;
}

/// Accumulators that leave room for weights and a broadcast: 24 of 32
/// registers (12x2, 8x3), 12 of 16 (6x2); one more row of either spills.
static int64_t accumulatorBudget(const KernelTarget &target) {
  return target.registers >= 32 ? 24 : 12;
}

static int64_t powerOfTwoAtLeast(int64_t value) {
  int64_t power = 1;
  while (power < value)
    power *= 2;
  return power;
}

/// Cuts the columns into vectors, and these into tiles of at most `wanted`. A
/// tile is full when all of its vectors are; what is left goes to one last
/// tile, whose stores are masked.
static void cutVectors(ChannelTiling &tiling, int64_t wanted) {
  int64_t all = ceilDiv(tiling.channels, tiling.step());
  tiling.vectors = std::clamp<int64_t>(wanted, 1, all);
  tiling.fullTiles = tiling.channels / (tiling.vectors * tiling.step());
  tiling.lastVectors = all - tiling.fullTiles * tiling.vectors;
}

/// Cuts `tiling.channels` into vectors and tiles.
static void cutChannels(const KernelSpec &spec, ChannelTiling &tiling) {
  if (usesGpuTiles(spec)) {
    // Packed weights are in the order of the columns of a thread block.
    tiling.lanes = gpuBlockColumns(spec, tiling.channels);
    tiling.fullTiles = tiling.channels / tiling.lanes;
    tiling.lastVectors = tiling.channels % tiling.lanes ? 1 : 0;
    return;
  }
  int64_t lanes = spec.schedule.knob("lanes", spec.target.vectorFloats);
  tiling.lanes = std::min(lanes, powerOfTwoAtLeast(tiling.channels));
  cutVectors(tiling, spec.schedule.knob(
                         "nv", spec.schedule.strategy == "matmul" ? 4 : 2));
}

static ChannelTiling tilingOf(const KernelSpec &spec, int64_t stacked,
                              int64_t run = 1) {
  ChannelTiling tiling;
  int64_t out = spec.outputChannels(), in = spec.inputChannels();
  bool forward = spec.anchor == Anchor::Conv;
  tiling.depthwise =
      forward && spec.groups > 1 && spec.groups == in && out == in;
  tiling.groups = forward && !tiling.depthwise ? spec.groups : 1;
  tiling.reduction = tiling.depthwise ? 1 : in / tiling.groups;
  tiling.channels = out / tiling.groups * stacked;
  tiling.horizontal = spec.schedule.knob("reduce", 0) != 0;
  if (tiling.horizontal) {
    // Lanes along the input; every output of the tile holds its weights in a
    // register while the pixels pass: 24 sums + 6 + 1, or 12 + 3 + 1.
    int64_t most = spec.target.registers >= 32 ? 6 : 3;
    tiling.beside = std::min({spec.schedule.knob("reduce", 1),
                              powerOfTwoAtLeast(tiling.channels),
                              spec.target.vectorFloats / 2});
    tiling.lanes = spec.target.vectorFloats / tiling.beside;
    while (tiling.lanes > tiling.reduction * run)
      tiling.lanes /= 2;
    cutVectors(tiling, spec.schedule.knob("nv", most));
    return tiling;
  }
  cutChannels(spec, tiling);
  return tiling;
}

/// Axes of two or three taps whose neighbouring positions share products.
static void shareProducts(const KernelSpec &spec, Stage &stage) {
  int64_t axes = axisCount(spec);
  for (int64_t axis = std::max<int64_t>(0, axes - 2); axis < axes; ++axis) {
    AxisStage &along = stage.axes[axis];
    int64_t outputs =
        std::min(spec.schedule.knob("m", 2), kFilterPoints + 1 - along.taps);
    int64_t count = tiledPositions(spec, stage, axis);
    if (stage.taps() > 0 && along.taps > 1 && outputs > 1 &&
        along.inStep == 1 && std::abs(along.tapStep) == 1 &&
        (count < 0 || count >= outputs))
      along.outputs = outputs;
  }
}

std::vector<Stage> stages(const KernelSpec &spec) {
  std::vector<Stage> result = stageAxes(spec);
  if (!spec.hasWeights())
    return result;
  int64_t next = 0, perResidue = spec.outputChannels() / spec.groups;
  for (Stage &stage : result) {
    if (spec.schedule.multipliesSums())
      shareProducts(spec, stage);
    const AxisStage &inner = stage.axes.back();
    if (spec.schedule.knob("reduce", 0) != 0 && denseInput(spec) &&
        inner.taps > 1 && std::abs(inner.tapStep) == 1)
      stage.run = inner.taps;
    stage.tiling =
        tilingOf(spec, inner.stacked * stage.rowsBeside(), stage.run);
    stage.longColumns = stage.tiling.channels;
    int64_t lastTap = inner.firstTap + (inner.taps - 1) * inner.tapIncrement;
    if (inner.stacked > 1 && lastTap + inner.stacked > spec.window.back())
      stage.longColumns = (spec.window.back() - lastTap) * perResidue;
    stage.firstFloat = next;
    next += wholeLines(stage.rows() * stage.tiling.paddedChannels());
  }
  return result;
}

ChannelTiling channelTiling(const KernelSpec &spec) {
  // Not by way of the stages, which ask for the task axis that asks for this.
  if (!stacksResidues(spec))
    return tilingOf(spec, 1);
  int64_t stride = spec.strides.back(), more = spec.window.back() % stride;
  int64_t stacked =
      mixesResidues(spec) ? stride : std::max(more, stride - more);
  if (besideAxes(spec) > 1)
    stacked *= spec.strides[spec.spatialRank() - 2];
  return tilingOf(spec, stacked);
}

int64_t panelFloats(const KernelSpec &spec) {
  int64_t floats = 0;
  for (const Stage &stage : stages(spec))
    floats = stage.firstFloat + stage.rows() * stage.tiling.paddedChannels();
  return wholeLines(floats);
}

int64_t matrixTiles(const KernelSpec &spec) {
  return spec.schedule.knob("amx", 0);
}

/// The most pixels of a micro-tile along the innermost axis.
static int64_t mostColumns(const KernelSpec &spec,
                           const ChannelTiling &tiling) {
  if (int64_t tiles = matrixTiles(spec))
    return tiles * kMatrixRows;
  int64_t budget = accumulatorBudget(spec.target);
  int64_t otherwise = std::max<int64_t>(1, budget / tiling.vectors);
  if (tiling.vectors == 1)
    otherwise = std::min<int64_t>(otherwise, 14);
  return std::max<int64_t>(1, spec.schedule.knob("tx", otherwise));
}

int64_t tileColumns(const KernelSpec &spec, const ChannelTiling &tiling,
                    int64_t count) {
  int64_t columns = mostColumns(spec, tiling);
  if (count < 0)
    return columns;
  if (count == 0)
    return 1;
  if (int64_t most = matrixTiles(spec)) { // as ContractionEmitter cuts them
    int64_t registers = ceilDiv(count, kMatrixRows);
    return std::min(count,
                    std::min(most, registers) * ceilDiv(count, registers));
  }
  int64_t tiles = (count + columns - 1) / columns;
  return (count + tiles - 1) / tiles;
}

int64_t tileRows(const KernelSpec &spec, const ChannelTiling &tiling,
                 int64_t count, int64_t columns) {
  int64_t axes = axisCount(spec);
  if (axes < 2 || (guardsLoads(spec) && !dropsDeadTaps(spec, axes - 2)))
    return 1;
  // Fill the registers with rows when a row is narrower than the tile.
  int64_t otherwise = std::max<int64_t>(1, mostColumns(spec, tiling) / columns);
  if (int64_t tiles = matrixTiles(spec)) // a row begins a register
    otherwise = std::max<int64_t>(1, tiles / ceilDiv(columns, kMatrixRows));
  int64_t rows = std::max<int64_t>(1, spec.schedule.knob("ty", otherwise));
  if (count < 0)
    return spec.schedule.knob("ty", 1);
  if (count == 0)
    return 1;
  int64_t tiles = (count + rows - 1) / rows;
  return (count + tiles - 1) / tiles;
}

int64_t columnsOfTile(const KernelSpec &spec, const Stage &stage) {
  int64_t axis = axisCount(spec) - 1;
  return stage.sharesProducts()
             ? winogradBlock(spec, stage, axis)
             : tileColumns(spec, stage.tiling,
                           tiledPositions(spec, stage, axis));
}

int64_t rowsOfTile(const KernelSpec &spec, const Stage &stage) {
  int64_t axis = axisCount(spec) - 2;
  if (axis < 0)
    return 1;
  return stage.sharesProducts()
             ? winogradBlock(spec, stage, axis)
             : tileRows(spec, stage.tiling, tiledPositions(spec, stage, axis),
                        columnsOfTile(spec, stage));
}

bool guardsLoads(const KernelSpec &spec) {
  return spec.schedule.strategy == "gather" ||
         spec.schedule.knob("pad", 0) != 0;
}

bool dropsDeadTaps(const KernelSpec &spec, int64_t axis) {
  return !spec.schedule.multipliesSums() && spec.schedule.knob("pad", 0) == 2 &&
         spec.schedule.knob("reduce", 0) == 0 && !batchIsAxis(spec) &&
         axisIsStatic(spec, axis) && spec.low[axis].isConstant() &&
         spec.input.shape[axisDimension(spec, axis)].isConstant();
}

} // namespace upconv
