//===- TileSums.cpp - The sums of one register tile -----------------------===//
//
// The accumulator Func of a tile: zeros, then one update definition for every
// span of taps that serve the same positions (most tiles have one), channels
// in innermost.
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"
#include "Pairs.h"

#include <algorithm>

using Halide::Internal::simplify;

namespace upconv {

static Expr variable(const std::string &name) { return Halide::Var(name); }

namespace {
/// An axis of the tile in one update. Taps that serve a part of the tile have a
/// loop over it; the others go by the tile's own variable.
struct AxisInTile {
  const char *variable, *loop;
  TapSpan span;
  bool whole;
};
} // namespace

/// What one update sums up: a span of taps per axis, and input channels
/// [first, first + unrolled * steps) of the block.
struct ContractionEmitter::Summands {
  TapSpan y, x;
  int64_t firstChannel, unrolled, steps;
};

static std::string tapLoop(int64_t axis) { return "k" + std::to_string(axis); }

Expr ContractionEmitter::guardedInput(Expr index, Expr inside) const {
  if (!inside.defined())
    return builder.loadInput(index);
  return Halide::select(
      inside, builder.loadInput(Halide::select(inside, index, 0)), 0.0f);
}

Expr ContractionEmitter::inputOffset(int64_t axis, Expr i, const Tiling &y,
                                     const Tiling &x, Nest &nest) const {
  bool guarded = axis == axes - 1   ? x.guarded
                 : axis == axes - 2 ? y.guarded
                                    : guardsLoads(spec);
  if (guarded) {
    // Taps outside are skipped whole: the test leaves the channel loop.
    Expr condition = simplify(i >= 0 && i < inputExtent(axis));
    if (!Halide::Internal::is_const_one(condition))
      nest.where(condition);
  }
  return i * builder.size(spec.input.strides[axisDimension(spec, axis)]);
}

Expr ContractionEmitter::imageOffset(Expr n) const {
  if (batchIsAxis(spec))
    return 0;
  return (n + builder.windowBegin(TaskAxis::Batch)) *
         builder.size(spec.input.strides[0]);
}

static void scheduleUpdate(Halide::Stage stage, const Nest &taps,
                           const AxisInTile (&inTile)[2], bool vectorizes) {
  std::vector<Halide::VarOrRVar> order = {Halide::Var("lane"),
                                          Halide::Var("v")};
  for (const AxisInTile &axis : inTile)
    if (axis.whole)
      order.emplace_back(Halide::Var(axis.variable));
  for (const Loop &loop : taps.loops())
    order.emplace_back(taps[loop.name]);
  stage.reorder(order);
  for (const Loop &loop : taps.loops())
    if (loop.kind == Loop::Unrolled)
      stage.unroll(taps[loop.name]);
  stage.unroll(Halide::Var("v"));
  for (const AxisInTile &axis : inTile)
    if (axis.whole)
      stage.unroll(Halide::Var(axis.variable));
  if (vectorizes)
    stage.vectorize(Halide::Var("lane"));
}

/// The index of a tile's first weight for a tap, or a point, and an input
/// channel.
Expr ContractionEmitter::weightRow(const TileSums &sums, Expr group,
                                   Expr tapIndex, Expr channel) const {
  const Stage &stage = sums.stage;
  Expr tile = sums.part.first + sums.at("co");
  Expr panel = group * constant(panelSize) + constant(stage.firstFloat) +
               tile * constant(tiling.vectors * tiling.step() * stage.rows());
  Expr copy = 0;
  for (int64_t a = 0; a < axes; ++a)
    copy = copy * constant(stage.axes[a].copies) +
           sums.at("g" + std::to_string(a));
  Expr row = (copy * constant(stage.products()) + tapIndex) *
                 constant(tiling.reduction) +
             channel;
  return panel + row * constant(sums.part.vectors * tiling.step());
}

Expr ContractionEmitter::weightIndex(const TileSums &sums, Expr group,
                                     Expr tapIndex, Expr channel) const {
  return weightRow(sums, group, tapIndex, channel) +
         variable("v") * constant(tiling.lanes) + variable("lane");
}

/// The number of the tap that the loops of `taps` are at, and the index of the
/// first channel of the input that it multiplies for a position of the tile.
std::pair<Expr, Expr> ContractionEmitter::tapPlace(const TileSums &sums,
                                                   Nest &taps, const TapSpan &y,
                                                   const TapSpan &x, Expr yi,
                                                   Expr xi) const {
  const Stage &stage = sums.stage;
  Expr tapIndex = 0, index = 0;
  for (int64_t a = 0; a < axes; ++a) {
    TapSpan span = spanOf(stage, a, y, x);
    Expr tap = span.count > 1 ? taps.at(tapLoop(a)) : constant(span.first);
    tapIndex = tapIndex * constant(stage.axes[a].taps) + tap;
    Expr position = a == axes - 1   ? sums.x.base(sums.at("x")) + xi
                    : a == axes - 2 ? sums.y.base(sums.at("y")) + yi
                                    : sums.at("z");
    Expr i = inputPosition(stage.axes[a], ranges[a], position, tap);
    index += inputOffset(a, i, sums.y, sums.x, taps);
  }
  return {tapIndex, index + imageOffset(sums.at("n"))};
}

/// The loops over the taps that a tile's positions `y` and `x` have.
void ContractionEmitter::addTapLoops(const Stage &stage, const TapSpan &y,
                                     const TapSpan &x, bool unrollsLast,
                                     std::vector<Loop> &loops) const {
  for (int64_t a = axes; a-- > 0;) {
    TapSpan span = spanOf(stage, a, y, x);
    if (span.count > 1)
      loops.push_back(
          {tapLoop(a), constant(span.count),
           a == axes - 1 && unrollsLast ? Loop::Unrolled : Loop::Serial,
           constant(span.first)});
  }
}

TapSpan ContractionEmitter::spanOf(const Stage &stage, int64_t axis,
                                   const TapSpan &y, const TapSpan &x) const {
  return axis == axes - 1   ? x
         : axis == axes - 2 ? y
                            : TapSpan{0, stage.axes[axis].taps};
}

void ContractionEmitter::addSummands(TileSums &sums, const Summands &summands) {
  const Stage &stage = sums.stage;
  const AxisInTile inTile[2] = {
      {"xi", "xs", summands.x, summands.x.size == sums.x.size},
      {"yi", "ys", summands.y, summands.y.size == sums.y.size}};
  std::vector<Loop> loops;
  for (const AxisInTile &axis : inTile)
    if (!axis.whole)
      loops.push_back({axis.loop, constant(axis.span.size), Loop::Unrolled,
                       constant(axis.span.low)});
  loops.push_back({"ciu", constant(summands.unrolled), Loop::Unrolled});
  loops.push_back({"ci", constant(summands.steps), Loop::Serial});
  bool unrollTaps = tiling.reduction <= 4 && stage.axes.back().taps <= 16;
  addTapLoops(stage, summands.y, summands.x, unrollTaps, loops);
  Nest taps(loops);

  std::vector<Expr> target(sums.arguments.begin(), sums.arguments.end());
  for (size_t i = 0; i < 2; ++i)
    if (!inTile[i].whole)
      target[2 + i] = taps.at(inTile[i].loop);
  auto [tapIndex, index] =
      tapPlace(sums, taps, summands.y, summands.x, target[3], target[2]);

  Expr group = sums.at("group");
  if (sums.has("group"))
    group += builder.windowBegin(TaskAxis::ChannelTiles);
  Expr ci = constant(sums.block.first + summands.firstChannel) +
            sums.at("pass") * constant(sums.block.count) +
            taps.at("ci") * constant(summands.unrolled) + taps.at("ciu");
  Expr channel = group * constant(tiling.reduction) + ci, inside;
  if (tiling.depthwise) {
    channel = (sums.part.first + sums.at("co")) *
                  constant(tiling.vectors * tiling.lanes) +
              variable("v") * constant(tiling.lanes) + variable("lane");
    if (sums.part.masked)
      inside = channel < constant(tiling.channels);
  }
  Expr value = guardedInput(
      index + channel * builder.size(spec.input.strides.back()), inside);
  Expr weight = builder.loadWeight(weightIndex(sums, group, tapIndex, ci));
  if (spec.multipliesPairs())
    sums.func(target) = pairDot(sums.func(target), value, weight);
  else
    sums.func(target) += value * weight;
  scheduleUpdate(sums.func.update(sums.func.num_update_definitions() - 1), taps,
                 inTile, tiling.lanes > 1);
}

/// The tile and its Func with an initial value.
TileSums ContractionEmitter::tileSums(const Stage &stage,
                                      const ChannelPart &part, const Tiling &y,
                                      const Tiling &x,
                                      const ChannelBlock &block,
                                      const std::vector<std::string> &outer,
                                      Expr initial) {
  Halide::Func func("acc" + std::to_string(counter));
  TileSums sums{stage, part, y, x, block, outer, func, {}};
  for (const char *name : {"lane", "v", "xi", "yi"})
    sums.arguments.emplace_back(name);
  for (const std::string &name : outer)
    sums.arguments.emplace_back(name);
  sums.func(sums.arguments) = std::move(initial);
  sums.func.bound(Halide::Var("lane"), 0, constant(tiling.lanes))
      .bound(Halide::Var("v"), 0, constant(part.vectors))
      .bound(Halide::Var("xi"), 0, constant(x.size))
      .bound(Halide::Var("yi"), 0, constant(y.size))
      .store_in(Halide::MemoryType::Stack);
  return sums;
}

Halide::Func
ContractionEmitter::accumulator(const Stage &stage, const ChannelPart &part,
                                const Tiling &y, const Tiling &x,
                                const ChannelBlock &block,
                                const std::vector<std::string> &outer) {
  TileSums sums = tileSums(stage, part, y, x, block, outer, 0.0f);

  if (block.starts)
    prefetchAhead(stage, y, x, sums.func, sums.arguments, 4);
  int64_t channels = block.count;
  int64_t unroll = spec.schedule.knob("ku", channels <= 8 ? channels : 1);
  unroll = std::clamp<int64_t>(unroll, 1, channels);
  int64_t steps = channels / unroll, rest = channels % unroll;
  std::vector<TapSpan> rows = {TapSpan()};
  if (axes >= 2)
    rows = tapSpans(stage.axes[axes - 2], axes - 2, y);
  for (const TapSpan &row : rows)
    for (const TapSpan &column : tapSpans(stage.axes.back(), axes - 1, x)) {
      addSummands(sums, {row, column, 0, unroll, steps});
      if (rest != 0)
        addSummands(sums, {row, column, steps * unroll, rest, 1});
    }

  sums.func.unroll(Halide::Var("v")).unroll(Halide::Var("xi"));
  sums.func.unroll(Halide::Var("yi"));
  if (tiling.lanes > 1)
    sums.func.vectorize(Halide::Var("lane"));
  return sums.func;
}

} // namespace upconv
