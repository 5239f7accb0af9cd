//===- MatrixSums.cpp - The sums of one tile in registers of AMX ----------===//
//
// The Func of TileSums.cpp's, defined by three calls: zeros, products by taps
// and steps of pairs of channels, and the store that makes the sums a Func's.
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"
#include "MatrixTiles.h"

namespace upconv {

Halide::Func
ContractionEmitter::matrixSums(const Stage &stage, const ChannelPart &part,
                               const Tiling &y, const Tiling &x,
                               const ChannelBlock &block,
                               const std::vector<std::string> &outer) {
  TileSums sums =
      tileSums(stage, part, y, x, block, outer, Halide::undef<float>());
  MatrixTile tile;
  tile.columns = x.size;
  tile.rows = y.size;
  tile.vectors = part.vectors;
  tile.lanes = tiling.lanes;
  tile.channels = block.count;

  std::vector<Expr> first(sums.arguments.begin(), sums.arguments.end());
  std::fill_n(first.begin(), 4, Expr(0));
  auto stride = [&](int64_t axis) {
    return axis < 0 ? Expr(0)
                    : constant(stage.axes[axis].inStep) *
                          builder.size(
                              spec.input.strides[axisDimension(spec, axis)]);
  };
  auto add = [&](int64_t from, int64_t steps, bool last) {
    MatrixShape shape = tile.shape();
    TapSpan column{0, stage.axes.back().taps, 0, x.size}, row;
    if (axes >= 2)
      row = {0, stage.axes[axes - 2].taps, 0, y.size};
    std::vector<Loop> loops = {{"ci", constant(steps)}};
    addTapLoops(stage, row, column, /*unrollsLast=*/false, loops);
    Nest taps(loops);
    auto [tapIndex, index] = tapPlace(sums, taps, row, column, 0, 0);
    Expr ci = constant(block.first + from) +
              sums.at("pass") * constant(block.count) +
              taps.at("ci") * constant(shape.pairs);
    Expr weight = weightRow(sums, 0, tapIndex, ci);
    sums.func(first) =
        addTiles(tile, last, builder.loadInput(index + ci),
                 builder.loadWeight(weight), stride(axes - 1), stride(axes - 2),
                 constant(part.vectors * tiling.lanes));
    Halide::Stage update =
        sums.func.update(sums.func.num_update_definitions() - 1);
    std::vector<Halide::VarOrRVar> order;
    for (const Loop &loop : taps.loops())
      order.emplace_back(taps[loop.name]);
    if (order.size() > 1)
      update.reorder(order);
  };
  sums.func(first) = zeroTiles(tile);
  MatrixShape shape = tile.shape();
  add(0, tile.steps(), /*last=*/false);
  if (shape.rest > 0)
    add(tile.steps() * shape.pairs, 1, /*last=*/true);
  sums.func(first) = storeTiles(tile);
  return sums.func;
}

} // namespace upconv
