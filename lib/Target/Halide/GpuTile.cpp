//===- GpuTile.cpp - The tile of a thread block ---------------------------===//

#include "GpuTile.h"

#include <algorithm>
#include <cstdlib>

namespace upconv {

int64_t GpuTile::span(const AxisStage &along) const {
  return (blockPixels() - 1) * along.inStep +
         (taps - 1) * std::abs(along.tapStep) + 1;
}

int64_t GpuTile::runSpan(const AxisStage &along) const {
  return (pixels - 1) * along.inStep + (taps - 1) * std::abs(along.tapStep) + 1;
}

int64_t GpuTile::sharedBytes(const AxisStage &along) const {
  int64_t inputs = pitch() * quad * ceilDiv(span(along), 4) * 4 * blockRows();
  return 4 * (inputs + blockColumns() * channels * taps);
}

bool usesGpuTiles(const KernelSpec &spec) {
  const std::string &name = spec.schedule.strategy;
  return name == "tile" || name == "tile-stacked";
}

static int64_t powerOfTwoAtLeast(int64_t value) {
  int64_t power = 1;
  while (power < value)
    power *= 2;
  return power;
}

/// Columns that one thread holds, and threads beside it, as the knobs have it.
static int64_t columnsOfThread(const KernelSpec &spec) {
  return 4 * spec.schedule.knob("nv", 2);
}

int64_t gpuBlockColumns(const KernelSpec &spec, int64_t channels) {
  int64_t wanted = columnsOfThread(spec) * spec.schedule.knob("bc", 8);
  return std::min(wanted, powerOfTwoAtLeast(channels));
}

/// The greatest divisor of `count` that is at most `most`: no step of the
/// reduction reads taps that do not exist.
static int64_t divisorAtMost(int64_t count, int64_t most) {
  int64_t divisor = std::clamp<int64_t>(most, 1, std::max<int64_t>(1, count));
  while (count % divisor != 0)
    --divisor;
  return divisor;
}

int64_t sumParts(const KernelSpec &spec) {
  return spec.target.isGpu() ? spec.schedule.knob("split", 1) : 1;
}

/// Threads along an axis of `count` positions (-1: unknown), `each` per thread.
static int64_t threadsFor(int64_t wanted, int64_t each, int64_t count) {
  return count < 0 ? wanted
                   : std::clamp<int64_t>(ceilDiv(count, each), 1, wanted);
}

static int64_t positionsAlong(const KernelSpec &spec, const Stage &stage,
                              int64_t axis) {
  const Size &extent = axisExtent(spec, axis);
  const AxisStage &along = stage.axes[axis];
  return extent.isConstant()
             ? positions(extent.constant, along.outStart, along.outStep)
             : -1;
}

/// Whether what is stored, and what the epilogue reads, begins where a vector
/// may: a part of a concat need not.
static bool inFours(const KernelSpec &spec) {
  return spec.output.alignment % 16 == 0 &&
         std::all_of(spec.operands.begin(), spec.operands.end(),
                     [](const TensorArgument &operand) {
                       return operand.alignment % 16 == 0;
                     });
}

GpuTile gpuTileOf(const KernelSpec &spec, const Stage &stage) {
  const ScheduleChoice &schedule = spec.schedule;
  GpuTile tile;
  int64_t columns = stage.tiling.lanes;
  int64_t perResidue = spec.outputChannels() / stage.tiling.groups;
  tile.lanes = std::min<int64_t>(4, columns); // a power of two
  tile.storesVectors = tile.lanes == 4 && perResidue % 4 == 0 && inFours(spec);
  int64_t ofThread = std::min(columnsOfThread(spec), columns);
  tile.vectors = ofThread / tile.lanes;
  tile.columnThreads = columns / ofThread;

  int64_t axes = axisCount(spec), last = axes - 1;
  int64_t width = positionsAlong(spec, stage, last);
  tile.pixels = schedule.knob("tx", 8);
  if (width >= 0)
    tile.pixels = std::clamp<int64_t>(width, 1, tile.pixels);
  tile.pixelThreads = threadsFor(schedule.knob("bx", 8), tile.pixels, width);
  if (axes >= 2) {
    int64_t height = positionsAlong(spec, stage, last - 1);
    tile.rows = schedule.knob("ty", 1);
    if (height >= 0)
      tile.rows = std::clamp<int64_t>(height, 1, tile.rows);
    tile.rowThreads = threadsFor(schedule.knob("by", 1), tile.rows, height);
  }
  tile.channels = std::min(schedule.knob("kc", 8),
                           std::max<int64_t>(1, stage.tiling.reduction));
  tile.taps = divisorAtMost(stage.axes.back().taps, schedule.knob("kt", 4));
  tile.steps =
      ceilDiv(ceilDiv(stage.tiling.reduction, tile.channels), sumParts(spec));
  tile.quad = tile.channels % 4 == 0 ? 4 : 1;
  tile.inRuns = schedule.knob("run", 0) != 0 &&
                tile.sums() * tile.taps * tile.quad <= kUnrolledRun;
  return tile;
}

/// Knobs that mean something to one thread of a CPU only, and the reverse.
static std::optional<std::string> knobOfOtherKind(const KernelSpec &spec) {
  static const char *const ofCpus[] = {"ku",    "lanes", "order", "pad",
                                       "block", "panel", "fuse",  "reduce",
                                       "splat", "task"};
  static const char *const ofGpus[] = {"bc", "bx",  "by",   "kc",
                                       "kt", "run", "split"};
  auto refuse = [&](const char *name,
                    const char *kind) -> std::optional<std::string> {
    if (!spec.schedule.knobs.count(name))
      return std::nullopt;
    return "knob '" + std::string(name) + "' is one of " + kind;
  };
  if (spec.target.isGpu()) {
    for (const char *name : ofCpus)
      if (auto violation = refuse(name, "a CPU's kernels"))
        return violation;
  } else {
    for (const char *name : ofGpus)
      if (auto violation = refuse(name, "a GPU's kernels"))
        return violation;
  }
  return std::nullopt;
}

static std::optional<std::string> tileViolation(const KernelSpec &spec) {
  auto tooMany = [](const std::string &what, int64_t most,
                    int64_t got) -> std::optional<std::string> {
    if (got <= most)
      return std::nullopt;
    return what + " must be at most " + std::to_string(most) + ", got " +
           std::to_string(got);
  };
  for (const Stage &stage : stages(spec)) {
    if (stage.tiling.depthwise)
      return "strategy '" + spec.schedule.strategy +
             "' needs a reduction over channels, not a depthwise convolution";
    GpuTile tile = gpuTileOf(spec, stage);
    for (auto violation :
         {tooMany("the threads of a block, bc * bx * by,", kBlockThreads,
                  tile.threads()),
          tooMany("knob 'by'", kBlockRows, tile.rowThreads),
          tooMany("the sums of a thread, 4 * nv * tx * ty,",
                  spec.target.registers, tile.sums()),
          tooMany("the shared memory of a block, in bytes,", kSharedBytes,
                  tile.sharedBytes(stage.axes.back()))})
      if (violation)
        return violation;
  }
  return std::nullopt;
}

std::optional<std::string> gpuViolation(const KernelSpec &spec) {
  if (auto violation = knobOfOtherKind(spec))
    return violation;
  const std::string &name = spec.schedule.strategy;
  if (!spec.target.isGpu()) {
    if (usesGpuTiles(spec))
      return "strategy '" + name + "' is one of a GPU's kernels";
    return std::nullopt;
  }
  if (!spec.hasWeights())
    return std::nullopt;
  if (spec.multipliesPairs())
    return "kernels for GPUs multiply float32 numbers only";
  if (usesGpuTiles(spec))
    return tileViolation(spec);
  if (name == "gather" || name == "conv" || name == "matmul")
    return std::nullopt;
  return "strategy '" + name + "' is one of a CPU's kernels";
}

} // namespace upconv
