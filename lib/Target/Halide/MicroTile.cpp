//===- MicroTile.cpp - The register tile of all contractions --------------===//
//
// For every stage, channel part (full tiles, last narrower tile) and tiling
// variant of the two innermost axes there is one nest of `out` and one
// accumulator Func inside its innermost tile loop. All index expressions are
// affine with constant coefficients except for run-time strides.
//
//===----------------------------------------------------------------------===//

#include "MicroTile.h"

#include "ContractionEmitter.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include <algorithm>
#include <map>

using Halide::Internal::is_const_zero;
using Halide::Internal::simplify;

namespace upconv {

void ContractionEmitter::emitNest(const Stage &stage, const ChannelPart &part,
                                  const Tiling &y, const Tiling &x,
                                  const ChannelBlock &block) {
  if (is_const_zero(simplify(x.tiles)) || is_const_zero(simplify(y.tiles)))
    return;
  ++counter;

  // The loops around a tile, innermost first.
  std::vector<Loop> spatial, outer;
  spatial.push_back({"x", x.tiles});
  if (axes >= 2)
    spatial.push_back({"y", y.tiles});
  if (axes >= 3)
    spatial.push_back({"z", ranges[0].count});
  Loop channels = {"co", part.count};
  int64_t order = spec.schedule.knob("order", 0);
  std::vector<Loop> copies;
  for (int64_t a = axes; a-- > 0;)
    if (stage.axes[a].copies > 1)
      copies.push_back(
          {"g" + std::to_string(a), constant(stage.axes[a].copies)});
  if (order == 1) {
    outer = copies;
    outer.insert(outer.begin(), channels);
  }
  outer.push_back(spatial[0]);
  if (order == 2)
    outer.push_back(channels);
  outer.insert(outer.end(), spatial.begin() + 1, spatial.end());
  if (!batchIsAxis(spec))
    outer.push_back({"n", simplify(builder.rangeEnd(0) -
                                   builder.windowBegin(TaskAxis::Batch))});
  if (block.passes > 1)
    outer.push_back({"pass", constant(block.passes)});
  if (order != 1)
    outer.insert(outer.end(), copies.begin(), copies.end());
  if (order == 0)
    outer.push_back(channels);
  if (tiling.groups > 1) {
    Expr end =
        builder.windowEnd(TaskAxis::ChannelTiles, constant(tiling.groups));
    outer.push_back(
        {"group", simplify(end - builder.windowBegin(TaskAxis::ChannelTiles))});
  }
  std::vector<std::string> names;
  std::map<std::string, std::string> written;
  for (Loop &loop : outer) {
    names.push_back(loop.name);
    // The accumulator is placed by the name of the innermost one, which so has
    // to be unlike that of any other stage. Blocks of channels share the loops
    // over weights, but each passes over all pixels (FuseLoops goes by names).
    if (names.size() == 1)
      loop.name += std::to_string(counter);
    else if (!(block.starts && block.ends) &&
             (loop.name == "y" || loop.name == "z" || loop.name == "n"))
      loop.name += "_from" + std::to_string(block.first);
    written[names.back()] = loop.name;
  }
  std::string tileLoop = outer.front().name;

  std::vector<Loop> loops;
  OutputRuns runs = outputRuns(stage, part, x);
  // Added up lanes are values of their own.
  Loop::Kind inVector =
      tiling.horizontal && !runs.wholeTile ? Loop::Unrolled : Loop::Vectorized;
  // A block that the output's ends cut is stored element by element: few are,
  // and Halide cannot vectorize every test of a lane inside such a nest.
  loops.push_back(
      {"lane", constant(runs.step), x.partial ? Loop::Serial : inVector});
  loops.push_back({"v", constant(runs.vectors), Loop::Unrolled});
  if (runs.rows > 1)
    loops.push_back({"row", constant(runs.rows), Loop::Unrolled});
  // Positions within a tile: of filters that compute several outputs together,
  // the outputs of one, and then a loop over the filters.
  bool shares = stage.sharesProducts();
  auto outputs = [&](int64_t axis) {
    return axis < 0 ? 1 : stage.axes[axis].outputs;
  };
  int64_t xUnit = shares ? outputs(axes - 1) : x.size;
  int64_t yUnit = shares ? outputs(axes - 2) : y.size;
  if (!runs.wholeTile)
    loops.push_back({"xi", constant(xUnit), Loop::Unrolled});
  loops.push_back({"yi", constant(yUnit), Loop::Unrolled});
  if (shares) {
    loops.push_back({"xt", constant(x.size / xUnit)});
    loops.push_back({"yt", constant(y.size / yUnit)});
  }
  loops.insert(loops.end(), outer.begin(), outer.end());
  Nest nest(loops);
  auto around = [&](const std::string &name) {
    auto it = written.find(name);
    return it == written.end() ? Expr(0) : nest.at(it->second);
  };

  // Output coordinates.
  Expr group = around("group");
  if (tiling.groups > 1)
    group += builder.windowBegin(TaskAxis::ChannelTiles);
  Expr firstColumn =
      ((part.first + around("co")) * constant(tiling.vectors) + nest.at("v")) *
      constant(runs.step);
  const Expr inRow = firstColumn + nest.at("lane");
  Expr column = inRow;
  Expr row = nest.at("row");
  Expr ofTile = row * constant(runs.columns) + column;
  Expr biasIndex = group * constant(tiling.paddedChannels()) + ofTile;
  if (runs.wholeTile) // the same for all residues
    biasIndex = simplify(column % constant(spec.outputChannels()));

  Expr inX = nest.at("xi"), inY = nest.at("yi");
  if (shares) {
    inX += nest.at("xt") * constant(xUnit);
    inY += nest.at("yt") * constant(yUnit);
  }
  std::vector<Expr> at;
  if (!batchIsAxis(spec))
    at.push_back(around("n") + builder.windowBegin(TaskAxis::Batch));
  for (int64_t a = 0; a < axes; ++a) {
    Expr position = a == axes - 1   ? x.base(around("x")) + inX
                    : a == axes - 2 ? y.base(around("y")) + inY
                                    : around("z");
    const AxisStage &along = stage.axes[a];
    at.push_back((ranges[a].first + position) * constant(along.outStep) +
                 constant(along.outStart) + around("g" + std::to_string(a)));
    if (a == axes - 2)
      at.back() += row;
  }
  int64_t perResidue = spec.outputChannels() / tiling.groups;
  if (x.partial) {
    // The block's columns that lie in the task's part of the output.
    unsigned dimension = axisDimension(spec, axes - 1);
    Expr base = at.back() * constant(perResidue);
    Expr low = Halide::max(
        builder.rangeBegin(dimension) * constant(perResidue) - base, 0);
    Expr high =
        Halide::min(builder.rangeEnd(dimension) * constant(perResidue) - base,
                    constant(tiling.channels));
    nest.where(column >= low);
    nest.where(column < high);
  } else if (runs.masked) {
    nest.where(column < constant(runs.columns));
  }
  bool stacked = stage.axes.back().stacked > 1;
  if (!runs.wholeTile && stacked && perResidue % runs.step == 0) {
    // Whole vectors stay within one residue. Without whole vectors the pixels
    // are dense (checked), and the column may run into the next residue's.
    Expr residue = simplify(firstColumn / constant(perResidue));
    at.back() += residue;
    column -= residue * constant(perResidue);
  } else if ((runs.wholeTile || stacked) && perResidue == 1) {
    // Every column is a residue; a dimension of size 1 takes no coordinate.
    at.back() += column;
    column = 0;
  }
  at.push_back(group * constant(perResidue) + column);

  Expr value = 0.0f;
  Halide::Func sums;
  std::vector<Halide::Func> inside;
  if (shares) {
    Halide::Func products = productSums(stage, part, y, x, names, inside);
    std::vector<Expr> loopsAround;
    for (const std::string &name : names)
      loopsAround.push_back(around(name));
    value = builder.opaque(sumsOfProducts(stage, products, nest, loopsAround));
  } else if (stage.taps() > 0) {
    std::vector<Expr> arguments;
    if (tiling.horizontal) {
      sums = horizontalSums(stage, part, y, x, names, inside);
      Expr pixel = nest.at("xi") + constant(x.size) * nest.at("yi");
      Expr ofPixel = runs.rows > 1
                         ? ofTile
                         : nest.at("v") * constant(runs.step) + nest.at("lane");
      arguments = {
          simplify(ofPixel + pixel * constant(part.vectors * tiling.step()))};
      if (runs.wholeTile) {
        sums = inRuns(sums, runs, part, y, x, names);
        inside.push_back(sums);
        arguments = {inRow, row, nest.at("yi")};
      }
    } else {
      sums = matrixTiles(spec) ? matrixSums(stage, part, y, x, block, names)
                               : accumulator(stage, part, y, x, block, names);
      inside = {sums};
      arguments = {nest.at("lane"), nest.at("v"), nest.at("xi"), nest.at("yi")};
      if (runs.rows > 1) {
        sums = inColumns(sums, part, y, x, names);
        inside.push_back(sums);
        arguments = {ofTile, nest.at("xi"), nest.at("yi")};
      }
    }
    for (const std::string &name : names)
      arguments.push_back(around(name));
    value = sums(arguments);
    value = builder.opaque(value);
  }
  Expr index = builder.index(spec.output, at);
  if (!block.starts)
    value += builder.output(index);
  if (block.ends) {
    if (builder.hasBias())
      value = Halide::strict_float(value + builder.loadBias(biasIndex));
    value = builder.finish(value, at);
  }
  builder.define(nest, index, value);
  for (Halide::Func func : inside)
    func.compute_at(builder.output, nest[tileLoop]);
}

void ContractionEmitter::emitStage(const Stage &stage) {
  tiling = stage.tiling;
  bool taps = stage.taps() > 0;
  sumsInOutput = taps && channelsPerPass(spec, stage) < tiling.reduction;
  ranges.clear();
  for (int64_t a = 0; a < axes; ++a)
    ranges.push_back(range(stage.axes[a], a));
  const Range &alongX = ranges.back();
  int64_t count = tiledPositions(spec, stage, axes - 1);
  int64_t columns = columnsOfTile(spec, stage);
  auto drops = [&](int64_t axis) {
    return taps && stage.axes[axis].stacked == 1 && dropsDeadTaps(spec, axis);
  };
  std::vector<Tiling> xs;
  if (stage.sharesProducts())
    xs = {winogradTiling(stage, alongX, axes - 1)};
  else if (drops(axes - 1))
    xs = edgesInTiles(alongX, stage.axes.back(), axes - 1, columns);
  else if (stage.axes.back().stacked > 1 || (guardsLoads(spec) && taps))
    xs = interiorAndEdges(alongX, stage, axes - 1, columns);
  else
    xs = columnTilings(0, alongX.count, columns, count >= 0);
  std::vector<Tiling> ys(1);
  if (axes >= 2) {
    int64_t height = tiledPositions(spec, stage, axes - 2);
    int64_t rows = rowsOfTile(spec, stage);
    const Range &alongY = ranges[axes - 2];
    // Rows one at a time test their taps outside the loops that matter; with
    // several to a tile the taps differ within it.
    if (stage.sharesProducts()) {
      ys = {winogradTiling(stage, alongY, axes - 2)};
    } else if (rows > 1 && drops(axes - 2)) {
      ys = edgesInTiles(alongY, stage.axes[axes - 2], axes - 2, rows);
    } else {
      ys = tilings(0, alongY.count, rows, height >= 0);
      for (Tiling &y : ys)
        y.guarded = guardsLoads(spec);
    }
  } else {
    ys[0].tiles = 1;
    ys[0].base = [](Expr) { return Expr(0); };
  }
  std::vector<ChannelBlock> blocks = {ChannelBlock()};
  if (taps)
    blocks = channelBlocks(stage);
  for (const ChannelPart &part : channelParts(stage))
    for (const ChannelBlock &block : blocks)
      for (const Tiling &y : ys)
        for (const Tiling &x : xs)
          emitNest(stage, part, y, x, block);
}

void ContractionEmitter::emit() {
  for (const Stage &stage : stages(spec))
    emitStage(stage);
}

void emitContraction(Builder &builder) { ContractionEmitter(builder).emit(); }

} // namespace upconv
