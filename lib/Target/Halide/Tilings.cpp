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
#include <optional>
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
  result.wholeEnd = result.count;
  return result;
}

/// Tiles of `size` positions over [begin, begin + count). Where sums are added
/// to the output (knob `panel`) no position may be computed twice: what is left
/// behind the whole tiles is a narrower one, or single positions. Elsewhere
/// tiles are of equal size and the last one is shifted inwards, unless that
/// repeats more than a sixteenth of the work, which a tile of its own avoids.
std::vector<Tiling> ContractionEmitter::tilings(Expr begin, Expr count,
                                                int64_t size,
                                                bool alwaysFits) const {
  begin = simplify(begin);
  count = simplify(count);
  auto place = [](int64_t size, Expr tiles, Expr first) {
    Tiling tiling;
    tiling.size = size;
    tiling.tiles = simplify(tiles);
    tiling.base = [=](Expr tile) { return first + tile * constant(size); };
    return tiling;
  };
  std::optional<int64_t> known = Halide::Internal::as_const_int(count);
  if (known)
    size = std::clamp<int64_t>(size, 1, std::max<int64_t>(1, *known));
  Expr full = constant(size);
  bool exact = sumsInOutput;
  if (known && *known > 0 && !exact) {
    int64_t tiles = ceilDiv(*known, size), equal = ceilDiv(*known, tiles);
    exact = (tiles * equal - *known) * 16 > *known;
    if (!exact)
      size = equal;
    full = constant(size);
  }
  if (size == 1 || (known && *known % size == 0))
    return {place(size, count / full, begin)};
  if (exact) {
    Expr whole = simplify(count / full);
    Expr behind = simplify(begin + whole * full);
    if (known)
      return {place(size, whole, begin), place(*known % size, 1, behind)};
    return {place(size, whole, begin), place(1, count % full, behind)};
  }
  Tiling shifted;
  shifted.size = size;
  shifted.tiles = ceilDiv(count, size);
  shifted.base = [=](Expr tile) {
    return begin + Halide::min(tile * full, count - full);
  };
  if (known || alwaysFits)
    return {shifted};
  Expr fits = count >= full;
  shifted.tiles = Halide::select(fits, shifted.tiles, 0);
  return {shifted, place(1, Halide::select(fits, 0, count), begin)};
}

/// tilings along the innermost axis. Tile registers of AMX have the same number
/// of pixels in all tiles, so that they are set up once: what whole tiles leave
/// is one of fewer registers, shifted inwards.
std::vector<Tiling> ContractionEmitter::columnTilings(Expr begin, Expr count,
                                                      int64_t size,
                                                      bool alwaysFits) const {
  std::optional<int64_t> known =
      Halide::Internal::as_const_int(simplify(count));
  if (!matrixTiles(spec) || !known || *known == 0 || sumsInOutput)
    return tilings(begin, count, size, alwaysFits);
  int64_t registers = ceilDiv(*known, kMatrixRows);
  int64_t rows = ceilDiv(*known, registers);
  int64_t perTile = std::min(matrixTiles(spec), registers);
  auto place = [&](int64_t registers, int64_t tiles, int64_t from) {
    Tiling tiling;
    tiling.size = std::min(registers * rows, *known);
    tiling.tiles = constant(tiles);
    int64_t step = tiling.size, last = *known - tiling.size;
    tiling.base = [=](Expr tile) {
      return begin + Halide::min(constant(from) + tile * constant(step),
                                 constant(last));
    };
    return tiling;
  };
  int64_t whole = registers / perTile, rest = registers % perTile;
  std::vector<Tiling> result = {place(perTile, whole, 0)};
  if (rest > 0)
    result.push_back(place(rest, 1, *known));
  return result;
}

/// The positions, counted from the range's first, whose reads, with `behind`
/// pixels more, all lie inside the input: from the first number to the second.
std::pair<Expr, Expr> ContractionEmitter::readsInside(const Range &range,
                                                      const AxisStage &along,
                                                      int64_t axis,
                                                      int64_t behind) const {
  int64_t reach = (along.taps - 1) * along.tapStep;
  Expr lowest =
      inputPosition(along, range, 0, 0) + constant(std::min<int64_t>(0, reach));
  Expr highest = inputPosition(along, range, 0, 0) +
                 constant(std::max<int64_t>(0, reach) + behind);
  // Position p reads [lowest, highest] + p * inStep.
  return {ceilDiv(Halide::max(0, -lowest), along.inStep),
          ceilDiv(Halide::max(inputExtent(axis) - highest, 0), along.inStep)};
}

/// Tiles of the positions whose stacked residues lie inside the output and that
/// read, where loads are guarded, inside the input; the others one by one: few
/// are, and a single position skips its taps outside the input.
std::vector<Tiling> ContractionEmitter::interiorAndEdges(const Range &range,
                                                         const Stage &stage,
                                                         int64_t axis,
                                                         int64_t size) const {
  const AxisStage &along = stage.axes[axis];
  Expr begin = range.wholeBegin, end = range.wholeEnd;
  bool guards = guardsLoads(spec) && along.taps > 0;
  if (guards) {
    auto [inside, outside] =
        readsInside(range, along, axis, pixelsBehind(stage));
    begin = simplify(Halide::min(Halide::max(begin, inside), range.count));
    end = simplify(Halide::min(end, outside));
  }
  Expr count = simplify(Halide::max(end - begin, 0));
  Expr fits = simplify(count >= constant(size));
  if (Halide::Internal::is_const(count))
    fits = simplify(count > 0);
  Expr covered = simplify(Halide::select(fits, count, 0));
  std::vector<Tiling> result = columnTilings(begin, covered, size, true);
  Tiling edges;
  edges.guarded = guards;
  edges.partial = along.stacked > 1;
  edges.tiles = simplify(range.count - covered);
  edges.base = [=](Expr tile) {
    return tile + Halide::select(tile < begin, 0, covered);
  };
  result.push_back(edges);
  return result;
}

/// The spans of taps that read inside the input from some position of a tile:
/// taps that serve the same positions share a span, so most tiles have one.
std::vector<TapSpan> ContractionEmitter::tapSpans(const AxisStage &along,
                                                  int64_t axis,
                                                  const Tiling &tile) const {
  if (!tile.start)
    return {{0, along.taps, 0, tile.size}};
  int64_t extent = spec.input.shape[axisDimension(spec, axis)].constant;
  std::vector<TapSpan> spans;
  for (int64_t tap = 0; tap < along.taps; ++tap) {
    auto inside = [&](int64_t position) {
      int64_t i = along.inStep * (*tile.start + position) + along.inOffset +
                  tap * along.tapStep;
      return i >= 0 && i < extent;
    };
    int64_t low = 0, high = tile.size;
    while (low < high && !inside(low))
      ++low;
    while (high > low && !inside(high - 1))
      --high;
    if (low == high)
      continue;
    if (!spans.empty()) {
      TapSpan &last = spans.back();
      if (last.first + last.count == tap && last.low == low &&
          last.size == high - low) {
        ++last.count;
        continue;
      }
    }
    spans.push_back({tap, 1, low, high - low});
  }
  return spans;
}

/// Exact tiles of equal size, the last one narrower; those that read outside
/// the input each with their own code.
std::vector<Tiling> ContractionEmitter::edgesInTiles(const Range &range,
                                                     const AxisStage &along,
                                                     int64_t axis,
                                                     int64_t size) const {
  std::vector<Tiling> result;
  int64_t count = range.constant;
  size = std::clamp<int64_t>(size, 1, std::max<int64_t>(1, count));
  for (int64_t start = 0; start < count; start += size) {
    Tiling tile;
    tile.size = std::min(size, count - start);
    tile.start = start;
    tile.tiles = 1;
    std::vector<TapSpan> spans = tapSpans(along, axis, tile);
    bool interior = spans.size() == 1 && spans[0].count == along.taps &&
                    spans[0].size == tile.size;
    if (interior)
      tile.start.reset();
    if (interior && !result.empty() && !result.back().start &&
        result.back().size == tile.size) {
      result.back().tiles = simplify(result.back().tiles + 1);
      continue;
    }
    tile.base = [=](Expr index) {
      return constant(start) + index * constant(tile.size);
    };
    result.push_back(tile);
  }
  return result;
}

std::vector<ChannelPart>
ContractionEmitter::channelParts(const Stage &stage) const {
  std::vector<ChannelPart> parts;
  if (stage.unequal()) { // which columns of a tile are long is constant code
    for (int64_t tile = 0; tile < tiling.tiles(); ++tile)
      parts.push_back(
          {tile < tiling.fullTiles ? tiling.vectors : tiling.lastVectors,
           constant(tile), 1, false});
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
    if (windowed) // a window begins at this tile at the latest
      count = Halide::clamp(
          builder.windowEnd(TaskAxis::ChannelTiles, 0) - fullTiles, 0, 1);
    parts.push_back({tiling.lastVectors, fullTiles, count,
                     tiling.channels % tiling.step() != 0});
  }
  return parts;
}

/// Blocks of input channels, so that the weights of one block and channel tile
/// stay in a cache while the pixels pass; the sums wait in the output.
std::vector<ChannelBlock>
ContractionEmitter::channelBlocks(const Stage &stage) const {
  int64_t channels = tiling.reduction, size = channelsPerPass(spec, stage);
  if (size >= channels)
    return {{0, channels, 1, true, true}};
  int64_t passes = ceilDiv(channels, size), last = (passes - 1) * size;
  std::vector<ChannelBlock> blocks = {{0, size, 1, true, false}};
  if (passes > 2)
    blocks.push_back({size, size, passes - 2, false, false});
  blocks.push_back({last, channels - last, 1, false, true});
  return blocks;
}

} // namespace upconv
