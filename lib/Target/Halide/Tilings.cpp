//===- Tilings.cpp - Which positions and channels a tile covers -----------===//
//
// Cuts the positions of a stage and its output channels into tiles, so that
// every position is computed, none outside the output is touched, and as few
// tiles as possible have to guard their loads.
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include <algorithm>
#include <tuple>

using Halide::Internal::is_const_zero;
using Halide::Internal::simplify;

namespace upconv {

static Expr ceilDiv(Expr a, int64_t b) {
  return simplify((a + constant(b - 1)) / constant(b));
}

Range ContractionEmitter::range(const AxisStage &along, int64_t axis) const {
  Range result;
  int64_t dimension = axisDimension(spec, axis);
  if (spec.anchor == Anchor::Conv && !batchIsAxis(spec) &&
      !spec.low[axis].isConstant())
    result.inLow = builder.size(spec.low[axis]);
  if (axisIsStatic(spec, axis)) {
    int64_t extent = spec.output.shape[dimension].constant;
    result.first = 0;
    result.constant = positions(extent, along.outStart, along.outStep);
    result.count = constant(result.constant);
    int64_t begin = along.outStart < 0 ? 1 : 0;
    result.wholeBegin = constant(begin);
    result.wholeEnd = constant(begin + wholePositions(extent, along));
    return result;
  }
  Expr start = constant(along.outStart);
  if (along.stacked > 1) {
    // The blocks that touch the window, and those that lie inside it.
    Expr last = start + constant(along.stacked - 1);
    Expr begin = builder.rangeBegin(dimension),
         end = builder.rangeEnd(dimension);
    result.first = ceilDiv(begin - last, along.outStep);
    result.count = simplify(ceilDiv(end - start, along.outStep) - result.first);
    result.wholeBegin =
        simplify(ceilDiv(begin - start, along.outStep) - result.first);
    result.wholeEnd =
        simplify(ceilDiv(end - last, along.outStep) - result.first);
    return result;
  }
  result.first = ceilDiv(builder.rangeBegin(dimension) - start, along.outStep);
  result.count =
      simplify(ceilDiv(builder.rangeEnd(dimension) - start, along.outStep) -
               result.first);
  return result;
}

/// Tiles of `size` positions. A range that may be shorter than one (a run-time
/// extent, not a task window, whose grain is a tile) falls back to single
/// positions.
std::vector<Tiling> ContractionEmitter::tilings(const Range &range,
                                                int64_t size,
                                                bool alwaysFits) const {
  Tiling full;
  Expr count = range.count;
  full.size = size;
  if (range.constant >= 0) {
    full.tiles = constant((range.constant + size - 1) / size);
    bool exact = range.constant % size == 0;
    full.base = [=](Expr tile) {
      Expr start = tile * constant(size);
      return exact ? start
                   : Halide::min(start, constant(range.constant - size));
    };
    return {full};
  }
  full.base = [=](Expr tile) {
    Expr start = tile * constant(size);
    return size == 1 ? start : Halide::min(start, count - constant(size));
  };
  if (size == 1 || alwaysFits) {
    full.tiles = ceilDiv(count, size);
    return {full};
  }
  full.tiles = Halide::select(count >= constant(size), ceilDiv(count, size), 0);
  Tiling single;
  single.tiles = Halide::select(count >= constant(size), 0, count);
  single.base = [](Expr tile) { return tile; };
  return {full, single};
}

/// The positions, counted from the range's first, whose reads all lie inside
/// the input: from the first number to the second.
std::pair<Expr, Expr> ContractionEmitter::readsInside(const Range &range,
                                                      const AxisStage &along,
                                                      int64_t axis) const {
  int64_t reach = (along.taps - 1) * along.tapStep;
  Expr lowest =
      inputPosition(along, range, 0, 0) + constant(std::min<int64_t>(0, reach));
  Expr highest =
      inputPosition(along, range, 0, 0) + constant(std::max<int64_t>(0, reach));
  // Position p reads [lowest, highest] + p * inStep.
  return {ceilDiv(Halide::max(0, -lowest), along.inStep),
          ceilDiv(Halide::max(inputExtent(axis) - highest, 0), along.inStep)};
}

/// Tiles of blocks that lie inside the output (and read inside the input, where
/// loads are guarded); the others are taken one by one, their stores masked.
std::vector<Tiling> ContractionEmitter::blockTilings(const Range &range,
                                                     const AxisStage &along,
                                                     int64_t axis,
                                                     int64_t size) const {
  Expr begin = range.wholeBegin, end = range.wholeEnd;
  bool guards = guardsLoads(spec) && along.taps > 0;
  if (guards) {
    auto [inside, outside] = readsInside(range, along, axis);
    begin = simplify(Halide::min(Halide::max(begin, inside), range.count));
    end = simplify(Halide::min(end, outside));
  }
  Expr count = simplify(Halide::max(end - begin, 0)), full = constant(size);
  Expr fits = simplify(count >= full);
  Expr covered = simplify(Halide::select(fits, count, 0));
  Tiling interior, edges;
  interior.size = size;
  interior.tiles = simplify(Halide::select(fits, ceilDiv(count, size), 0));
  bool exact = is_const_zero(simplify(count % full));
  interior.base = [=](Expr tile) {
    Expr start = tile * full;
    return begin + (exact ? start : Halide::min(start, count - full));
  };
  edges.guarded = guards;
  edges.partial = true;
  edges.tiles = simplify(range.count - covered);
  edges.base = [=](Expr tile) {
    return tile + Halide::select(tile < begin, 0, covered);
  };
  return {interior, edges};
}

/// The tiles whose reads all lie inside the input, and guarded ones for the two
/// edges. With a run-time count the latter are single positions, which serve
/// any length and keep the code small.
std::vector<Tiling> ContractionEmitter::splitAtEdges(const Tiling &tiles,
                                                     const Range &range,
                                                     const AxisStage &along,
                                                     int64_t axis) const {
  Expr size = constant(tiles.size), inside, outside;
  std::tie(inside, outside) = readsInside(range, along, axis);
  Tiling interior = tiles, edges = tiles;
  edges.guarded = true;
  if (range.constant < 0) {
    Expr first = simplify(Halide::min(inside, range.count));
    Expr end = simplify(Halide::clamp(outside, first, range.count));
    interior.tiles = simplify((end - first) / size);
    interior.base = [=](Expr tile) { return first + tile * size; };
    Expr covered = simplify(interior.tiles * size);
    edges.size = 1;
    edges.tiles = simplify(range.count - covered);
    edges.base = [=](Expr tile) {
      return tile + Halide::select(tile < first, 0, covered);
    };
    return {interior, edges};
  }
  // Whole, unshifted tiles only are interior.
  Expr first = simplify(Halide::min(ceilDiv(inside, tiles.size), tiles.tiles));
  Expr last =
      simplify(Halide::max(first, Halide::min(outside, range.count) / size));
  auto base = tiles.base;
  interior.tiles = simplify(last - first);
  interior.base = [=](Expr tile) { return base(tile + first); };
  edges.tiles = simplify(tiles.tiles - (last - first));
  edges.base = [=](Expr tile) {
    return base(tile + Halide::select(tile < first, 0, last - first));
  };
  return {interior, edges};
}

std::vector<ChannelPart> ContractionEmitter::channelParts() const {
  std::vector<ChannelPart> parts;
  bool windowed =
      builder.isWindowed(TaskAxis::ChannelTiles) && tiling.groups == 1;
  Expr begin = windowed ? builder.windowBegin(TaskAxis::ChannelTiles) : Expr(0);
  Expr fullTiles = constant(tiling.fullTiles);
  if (tiling.fullTiles > 0) {
    Expr end = windowed
                   ? Halide::min(fullTiles,
                                 builder.windowEnd(TaskAxis::ChannelTiles, 0))
                   : fullTiles;
    Expr count = windowed ? Halide::max(end - begin, 0) : end;
    parts.push_back({tiling.vectors, begin, count, false});
  }
  if (tiling.lastVectors > 0) {
    Expr count = 1;
    if (windowed)
      count = Halide::select(
          begin <= fullTiles &&
              fullTiles < builder.windowEnd(TaskAxis::ChannelTiles, 0),
          1, 0);
    parts.push_back({tiling.lastVectors, fullTiles, count,
                     tiling.channels % tiling.step() != 0});
  }
  return parts;
}

/// Blocks of `kb` input channels, so that the weights of one block and channel
/// tile stay in cache while the pixels pass; the sums wait in the output.
std::vector<ChannelBlock> ContractionEmitter::channelBlocks() const {
  int64_t channels = tiling.reduction;
  int64_t size = spec.schedule.knob("kb", 0);
  if (size <= 0 || size >= channels)
    return {{0, channels, true, true}};
  std::vector<ChannelBlock> blocks;
  for (int64_t first = 0; first < channels; first += size)
    blocks.push_back({first, std::min(size, channels - first), first == 0,
                      first + size >= channels});
  return blocks;
}

} // namespace upconv
