//===- GpuContraction.cpp - Contractions on thread blocks -----------------===//
//
// Each stage is one launch. A block of threads computes a tile of columns
// (channels, stacked residues), pixels and rows; every thread holds its part of
// the sums in registers. The reduction goes in steps: the threads copy the
// inputs and the weights of some channels and taps to shared memory together,
// then each multiplies what it needs of them. docs/RationaleGpu.md has the
// arithmetic.
//
//===----------------------------------------------------------------------===//

#include "GpuContraction.h"
#include "GpuTile.h"

#include <cstdlib>
#include <functional>

using Halide::Expr;
using Halide::Func;
using Halide::Var;
using Halide::Internal::simplify;

namespace upconv {

static std::string tapLoop(int64_t axis) { return "k" + std::to_string(axis); }

namespace {

class TileStage {
public:
  TileStage(Builder &builder, const Stage &stage, int number);
  void emit();

private:
  using Name = std::function<Expr(const std::string &)>;
  /// Where the loops around a tile stand; the names are those of the loops.
  StagePosition position(const Name &loop) const;
  Expr tileOrigin(const Name &loop, int64_t axis) const;
  int64_t blockSize(int64_t axis) const;
  /// A thread's pixel or row within the block.
  Expr ofThread(const Expr &own, const Expr &thread, int64_t each,
                int64_t threads) const;
  bool stagesInQuads() const;
  Func stagedInputs() const;
  Func stagedWeights() const;
  Func heldInputs(Func staged) const;
  Func sums();
  void schedule(Func sums, const Nest &reduction) const;
  void spreadOverThreads(Func func, std::vector<Var> dimensions) const;
  void holdInRegisters(Func held, Func sums, const Nest &reduction) const;
  std::string named(const char *what) const {
    return what + std::to_string(number);
  }
  /// Variables of the loops over the reduction that staged memory is for.
  std::vector<std::string> stepLoops() const;
  bool wholeSteps() const {
    return tile.channels * tile.steps * sumParts(spec) ==
           stage.tiling.reduction;
  }
  /// The first input channel of a step.
  Expr firstChannel(const StagePosition &at) const;

  Builder &builder;
  const KernelSpec &spec;
  const Stage &stage;
  GpuTile tile;
  int64_t axes;
  int number;
  std::vector<Expr> counts; ///< positions per axis
  std::vector<Expr> tiles;  ///< blocks per axis
  Expr images;
};

} // namespace

TileStage::TileStage(Builder &builder, const Stage &stage, int number)
    : builder(builder), spec(builder.spec), stage(stage),
      tile(gpuTileOf(spec, stage)), axes(axisCount(spec)), number(number),
      images(batchIsAxis(spec) ? Expr(1) : builder.size(spec.input.shape[0])) {
  for (int64_t a = 0; a < axes; ++a) {
    Expr count = positionCount(builder, stage.axes[a], a);
    int64_t size = blockSize(a);
    counts.push_back(count);
    tiles.push_back(simplify((count + constant(size - 1)) / constant(size)));
  }
}

/// Positions of a block along an axis: one outside the two innermost.
int64_t TileStage::blockSize(int64_t axis) const {
  return axis == axes - 1   ? tile.blockPixels()
         : axis == axes - 2 ? tile.blockRows()
                            : 1;
}

/// The first position of the block along an axis. Blocks along x are numbered
/// pixels fastest, then rows, the axes outside and images: that number may be
/// large, those along y and z are at most 65535.
Expr TileStage::tileOrigin(const Name &loop, int64_t axis) const {
  Expr rest = loop("gx");
  for (int64_t a = axes - 1; a > axis; --a)
    rest = rest / tiles[a];
  bool outermost = axis == 0 && batchIsAxis(spec);
  Expr number = outermost ? rest : rest % tiles[axis];
  return number * constant(blockSize(axis));
}

StagePosition TileStage::position(const Name &loop) const {
  StagePosition at;
  for (int64_t a = 0; a < axes; ++a)
    at.positions.push_back(tileOrigin(loop, a));
  Expr rest = loop("gx");
  for (int64_t a = axes; a-- > 0;)
    rest = rest / tiles[a];
  at.image = batchIsAxis(spec) ? Expr(0) : rest;
  Expr number = loop("gz");
  if (int64_t parts = sumParts(spec); parts > 1) {
    at.part = number % constant(parts);
    number = number / constant(parts);
  }
  at.copies.resize(axes);
  for (int64_t a = axes; a-- > 0;) {
    int64_t copies = stage.axes[a].copies;
    at.copies[a] = copies == 1 ? Expr(0) : number % constant(copies);
    if (copies != 1)
      number = number / constant(copies);
  }
  at.group = stage.tiling.groups == 1 ? Expr(0) : number;
  at.column = loop("gy") * constant(tile.blockColumns());
  return at;
}

std::vector<std::string> TileStage::stepLoops() const {
  std::vector<std::string> names = {"ko", "kto"};
  for (int64_t a = axes - 1; a-- > 0;)
    names.push_back(tapLoop(a));
  return names;
}

static Expr variable(const std::string &name) { return Var(name); }

Expr TileStage::firstChannel(const StagePosition &at) const {
  Expr step = variable("ko");
  if (at.part.defined())
    step += at.part * constant(tile.steps);
  return step * constant(tile.channels);
}

static std::vector<Var> variablesOf(const std::vector<std::string> &names) {
  std::vector<Var> variables;
  for (const std::string &name : names)
    variables.emplace_back(name);
  return variables;
}

static std::vector<Expr> valuesOf(const Nest &nest,
                                  const std::vector<std::string> &names) {
  std::vector<Expr> values;
  for (const std::string &name : names)
    values.push_back(nest.at(name));
  return values;
}

template <typename T>
static std::vector<T> joined(std::vector<T> first,
                             const std::vector<T> &second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Expr TileStage::ofThread(const Expr &own, const Expr &thread, int64_t each,
                         int64_t threads) const {
  return tile.inRuns ? thread * constant(each) + own
                     : own * constant(threads) + thread;
}

/// Whether four channels of an input follow each other and begin a vector.
bool TileStage::stagesInQuads() const {
  const TensorArgument &input = spec.input;
  if (tile.quad != 4 || stage.tiling.reduction % 4 != 0 ||
      input.alignment % 16 != 0 || !(input.strides.back() == Size::of(1)))
    return false;
  for (size_t d = 0; d + 1 < input.rank(); ++d)
    if (!input.strides[d].isConstant() || input.strides[d].constant % 4 != 0)
      return false;
  return true;
}

/// inputs(ci, quad, i, row, step..., gx, gz): element i of the window along the
/// innermost axis, and of its channels number 4 quad + ci of the step.
Func TileStage::stagedInputs() const {
  Var within("ci"), quad("quad"), i("i"), row("row");
  std::vector<std::string> outer = joined(stepLoops(), {"gx", "gz"});
  StagePosition at = position(variable);
  const AxisStage &inner = stage.axes.back();
  std::vector<Expr> coordinates;
  for (int64_t a = 0; a < axes; ++a) {
    const AxisStage &along = stage.axes[a];
    if (a == axes - 1) {
      Expr firstTap = variable("kto") * constant(tile.taps);
      Expr lowest =
          constant(std::min<int64_t>(0, (tile.taps - 1) * inner.tapStep));
      coordinates.push_back(
          inputCoordinate(builder, along, a, at.positions[a], firstTap) +
          lowest + i);
    } else {
      Expr position = at.positions[a];
      if (a == axes - 2)
        position += row;
      coordinates.push_back(
          inputCoordinate(builder, along, a, position, variable(tapLoop(a))));
    }
  }
  Expr ci = firstChannel(at) + quad * constant(tile.quad);
  Expr lane = within;
  if (!stagesInQuads()) {
    ci += within;
    lane = 0;
  }
  Expr exists = wholeSteps() ? Halide::Internal::const_true()
                             : ci < constant(stage.tiling.reduction);
  Func func(named("inputs"));
  func(joined({within, quad, i, row}, variablesOf(outer))) = inputElement(
      builder, coordinates, at.image,
      at.group * constant(stage.tiling.reduction) + ci, exists, lane);
  func.bound(within, 0, constant(tile.quad))
      .bound(quad, 0, constant(tile.quads()))
      .bound(i, 0, constant(tile.span(inner)))
      .bound(row, 0, constant(tile.blockRows()));
  if (tile.pitch() != tile.quads())
    func.align_storage(quad, constant(tile.pitch()));
  // The weights behind it begin at a vector.
  func.align_storage(i, 4);
  if (stagesInQuads())
    func.vectorize(within);
  return func;
}

/// The inputs that a thread multiplies next, in its registers.
Func TileStage::heldInputs(Func staged) const {
  Func held(named("held"));
  std::vector<Var> variables = variablesOf(
      joined(joined({"ci", "quad", "i", "row"}, stepLoops()), {"gx", "gz"}));
  held(variables) =
      staged(std::vector<Expr>(variables.begin(), variables.end()));
  return held;
}

/// weights(column, channel, tap, step..., gy, gz).
Func TileStage::stagedWeights() const {
  const ChannelTiling &tiling = stage.tiling;
  Var column("column"), channel("channel"), tap("tap");
  std::vector<std::string> outer = joined(stepLoops(), {"gy", "gz"});
  StagePosition at = position([](const std::string &name) {
    return name == "gx" ? Expr(0) : variable(name);
  });
  Expr copy = 0, tapIndex = 0;
  for (int64_t a = 0; a < axes; ++a) {
    const AxisStage &along = stage.axes[a];
    copy = copy * constant(along.copies) + at.copies[a];
    tapIndex = tapIndex * constant(along.taps) +
               (a == axes - 1 ? variable("kto") * constant(tile.taps) + tap
                              : variable(tapLoop(a)));
  }
  Expr ci = firstChannel(at) + channel;
  int64_t width = tile.blockColumns();
  Expr row =
      (copy * constant(stage.taps()) + tapIndex) * constant(tiling.reduction) +
      ci;
  Expr index =
      at.group * constant(panelFloats(spec)) + constant(stage.firstFloat) +
      variable("gy") * constant(width * stage.rows()) + row * constant(width);
  Expr value = builder.loadWeight(index + column);
  if (!wholeSteps()) {
    Expr exists = ci < constant(tiling.reduction);
    value = Halide::select(
        exists, builder.loadWeight(Halide::select(exists, index, 0) + column),
        0.0f);
  }
  Func func(named("weights"));
  func(joined({column, channel, tap}, variablesOf(outer))) = value;
  func.bound(column, 0, constant(width))
      .bound(channel, 0, constant(tile.channels))
      .bound(tap, 0, constant(tile.taps));
  if (width % 4 == 0)
    func.vectorize(column, 4);
  return func;
}

/// All elements of a staged step, one after the other over the threads.
void TileStage::spreadOverThreads(Func func,
                                  std::vector<Var> dimensions) const {
  Var all = dimensions.front();
  for (size_t d = 1; d < dimensions.size(); ++d) {
    Var fused("fused" + std::to_string(d));
    func.fuse(all, dimensions[d], fused);
    all = fused;
  }
  Var turn("turn"), thread("thread"), rest("rest"), tc("tc"), tx("tx"),
      ty("ty");
  func.split(all, turn, thread, constant(tile.threads()),
             Halide::TailStrategy::GuardWithIf)
      .split(thread, rest, tc, constant(tile.columnThreads))
      .split(rest, ty, tx, constant(tile.pixelThreads))
      .gpu_threads(tc, tx, ty);
}

/// The steps run outside the threads, channels and taps of a step inside.
void TileStage::schedule(Func func, const Nest &reduction) const {
  const std::pair<const char *, int64_t> inTile[] = {
      {"lane", tile.lanes},       {"v", tile.vectors},
      {"xi", tile.pixels},        {"yi", tile.rows},
      {"tc", tile.columnThreads}, {"tx", tile.pixelThreads},
      {"ty", tile.rowThreads}};
  for (auto [name, extent] : inTile)
    func.bound(Var(name), 0, constant(extent));
  std::vector<Halide::VarOrRVar> order = {
      Var("lane"), Var("v"),        reduction["kl"], Var("xi"),
      Var("yi"),   reduction["kt"], reduction["ki"]};
  for (const char *name : {"tc", "tx", "ty", "gx", "gy", "gz"})
    order.emplace_back(Var(name));
  for (const std::string &name : stepLoops())
    order.emplace_back(reduction[name]);
  func.update(0).reorder(order);
  for (Halide::Stage definition : {Halide::Stage(func), func.update(0)}) {
    definition.unroll(Var("v")).unroll(Var("xi")).unroll(Var("yi"));
    definition.gpu_threads(Var("tc"), Var("tx"), Var("ty"));
    if (tile.lanes > 1)
      definition.vectorize(Var("lane"));
  }
  int64_t step = tile.sums() * tile.quad;
  func.update(0).unroll(reduction["kl"]);
  if (tile.inRuns || step * tile.taps <= kUnrolled)
    func.update(0).unroll(reduction["kt"]);
  if (step * tile.taps * tile.quads() <= kUnrolled)
    func.update(0).unroll(reduction["ki"]);
}

/// Before all taps of a run, or before each pixel.
void TileStage::holdInRegisters(Func held, Func sums,
                                const Nest &reduction) const {
  Var within("ci"), i("i"), row("row");
  if (tile.inRuns)
    held.compute_at(sums, reduction["ki"])
        .bound_extent(i, constant(tile.runSpan(stage.axes.back())))
        .bound_extent(row, constant(tile.rows));
  else
    held.compute_at(sums, Var("xi"));
  held.bound(within, 0, constant(tile.quad))
      .store_in(Halide::MemoryType::Stack)
      .unroll(i)
      .unroll(row);
  if (tile.quad > 1)
    held.vectorize(within);
}

/// The sums of a block: sums(lane, v, xi, yi, tc, tx, ty, gx, gy, gz).
Func TileStage::sums() {
  const AxisStage &inner = stage.axes.back();
  std::vector<Loop> loops = {{"kl", constant(tile.quad)},
                             {"ki", constant(tile.quads())},
                             {"kt", constant(tile.taps)},
                             {"ko", constant(tile.steps)},
                             {"kto", constant(inner.taps / tile.taps)}};
  for (int64_t a = axes - 1; a-- > 0;)
    loops.push_back({tapLoop(a), constant(stage.axes[a].taps)});
  Nest reduction(loops);
  Func inputs = stagedInputs(), weights = stagedWeights();
  Func held = heldInputs(inputs);

  std::vector<std::string> names = {"lane", "v",  "xi", "yi", "tc",
                                    "tx",   "ty", "gx", "gy", "gz"};
  std::vector<Var> variables = variablesOf(names);
  Func func(named("acc"));
  func(variables) = 0.0f;
  Expr pixel =
      ofThread(variable("xi"), variable("tx"), tile.pixels, tile.pixelThreads);
  Expr row =
      ofThread(variable("yi"), variable("ty"), tile.rows, tile.rowThreads);
  Expr column =
      (variable("v") * constant(tile.columnThreads) + variable("tc")) *
          constant(tile.lanes) +
      variable("lane");
  // Taps run against the input where their step is negative.
  Expr tap = reduction.at("kt");
  Expr first = constant(inner.tapStep < 0 ? tile.taps - 1 : 0);
  Expr i =
      pixel * constant(inner.inStep) + (inner.tapStep < 0 ? first - tap : tap) *
                                           constant(std::abs(inner.tapStep));
  std::vector<Expr> step = valuesOf(reduction, stepLoops());
  Expr channel = reduction.at("ki") * constant(tile.quad) + reduction.at("kl");
  func(variables) +=
      held(joined({reduction.at("kl"), reduction.at("ki"), i, row},
                  joined(step, {variable("gx"), variable("gz")}))) *
      weights(joined({column, channel, tap},
                     joined(step, {variable("gy"), variable("gz")})));

  schedule(func, reduction);
  for (Func staged : {inputs, weights})
    staged.compute_at(func, reduction["ko"])
        .store_in(Halide::MemoryType::GPUShared);
  holdInRegisters(held, func, reduction);
  if (stagesInQuads())
    spreadOverThreads(inputs, {Var("quad"), Var("i"), Var("row")});
  else
    spreadOverThreads(inputs, {Var("ci"), Var("quad"), Var("i"), Var("row")});
  spreadOverThreads(weights, {Var("column"), Var("channel"), Var("tap")});
  func.store_in(Halide::MemoryType::Register);
  builder.inRegisters[func.name()] = tile.sums();
  return func;
}

void TileStage::emit() {
  const ChannelTiling &tiling = stage.tiling;
  Expr along = images;
  for (const Expr &count : tiles)
    along = along * count;
  std::vector<Loop> loops = {
      {"lane", constant(tile.lanes),
       tile.storesVectors ? Loop::Vectorized : Loop::Unrolled},
      {"v", constant(tile.vectors), Loop::Unrolled},
      {"xi", constant(tile.pixels), Loop::Unrolled},
      {"yi", constant(tile.rows), Loop::Unrolled},
      {"tc", constant(tile.columnThreads), Loop::Thread},
      {"tx", constant(tile.pixelThreads), Loop::Thread},
      {"ty", constant(tile.rowThreads), Loop::Thread},
      {"gx", simplify(along), Loop::Block},
      {"gy", constant(tiling.tiles()), Loop::Block},
      {"gz", constant(stage.copies() * tiling.groups * sumParts(spec)),
       Loop::Block}};
  Nest nest(loops);
  StagePosition at =
      position([&](const std::string &name) { return nest.at(name); });
  at.positions[axes - 1] +=
      ofThread(nest.at("xi"), nest.at("tx"), tile.pixels, tile.pixelThreads);
  nest.where(at.positions[axes - 1] < counts[axes - 1]);
  if (axes >= 2) {
    at.positions[axes - 2] +=
        ofThread(nest.at("yi"), nest.at("ty"), tile.rows, tile.rowThreads);
    nest.where(at.positions[axes - 2] < counts[axes - 2]);
  }
  Expr vector = nest.at("gy") * constant(tile.vectors * tile.columnThreads) +
                nest.at("v") * constant(tile.columnThreads) + nest.at("tc");
  at.column = vector * constant(tile.lanes);
  if (!tile.storesVectors)
    at.column += nest.at("lane");
  // A vector is stored whole or not at all.
  if (tiling.channels % tile.blockColumns() != 0)
    nest.where(tile.storesVectors
                   ? vector < constant(tiling.channels / tile.lanes)
                   : at.column < constant(tiling.channels));
  // Whole vectors lie within one residue, so the lane is added at the end.
  std::vector<Expr> element = outputElement(builder, stage, at);
  leaveOutCutResidues(builder, stage, nest, element);
  if (tile.storesVectors) {
    at.column += nest.at("lane");
    element.back() += nest.at("lane");
  }

  Expr value = 0.0f;
  Func func;
  if (stage.taps() > 0) {
    std::vector<Expr> arguments;
    for (const Loop &loop : loops)
      arguments.push_back(nest.at(loop.name));
    func = sums();
    value = func(arguments);
  }
  builder.define(nest, builder.index(spec.output, element),
                 finishSum(builder, stage, at, value, element));
  if (stage.taps() > 0)
    func.compute_at(builder.output, nest["gx"]);
}

void emitGpuContraction(Builder &builder) {
  if (!usesGpuTiles(builder.spec))
    return emitGpuDirect(builder);
  int number = 0;
  for (const Stage &stage : stages(builder.spec))
    TileStage(builder, stage, number++).emit();
}

} // namespace upconv
