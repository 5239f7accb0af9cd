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
    // The stacked residues beyond the first have no fewer positions (checked).
    result.first = 0;
    result.constant = positions(spec.output.shape[dimension].constant,
                                along.outStart, along.outStep);
    result.count = constant(result.constant);
    return result;
  }
  Expr start = constant(along.outStart);
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

/// The tiles whose reads all lie inside the input, and guarded ones for the two
/// edges. With a run-time count the latter are single positions, which serve
/// any length and keep the code small.
std::vector<Tiling> ContractionEmitter::splitAtEdges(const Tiling &tiles,
                                                     const Range &range,
                                                     const AxisStage &along,
                                                     int64_t axis) const {
  int64_t reach = (along.taps - 1) * along.tapStep;
  Expr size = constant(tiles.size);
  Expr lowest =
      inputPosition(along, range, 0, 0) + constant(std::min<int64_t>(0, reach));
  Expr highest =
      inputPosition(along, range, 0, 0) + constant(std::max<int64_t>(0, reach));
  // Position p reads [lowest, highest] + p * inStep.
  Expr inside = ceilDiv(Halide::max(0, -lowest), along.inStep);
  Expr outside =
      ceilDiv(Halide::max(inputExtent(axis) - highest, 0), along.inStep);
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
  if (alone && builder.isWindowed(TaskAxis::ChannelTiles)) {
    // Their channels are no tiles of the stacked panel: the first task does it.
    Expr mine =
        Halide::select(builder.windowBegin(TaskAxis::ChannelTiles) <= 0, 1, 0);
    if (tiling.fullTiles > 0)
      parts.push_back(
          {tiling.vectors, 0, mine * constant(tiling.fullTiles), false});
    if (tiling.lastVectors > 0)
      parts.push_back({tiling.lastVectors, constant(tiling.fullTiles), mine,
                       tiling.channels % tiling.lanes != 0});
    return parts;
  }
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
                     tiling.channels % tiling.lanes != 0});
  }
  return parts;
}

/// Blocks of `kb` input channels, so that the weights of one block and channel
/// tile stay in cache while the pixels pass; the sums wait in the output.
std::vector<ChannelBlock> ContractionEmitter::channelBlocks() const {
  int64_t channels = tiling.reduction / (tiling.horizontal ? tiling.lanes : 1);
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
