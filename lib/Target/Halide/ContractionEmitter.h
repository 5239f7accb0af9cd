//===- ContractionEmitter.h - Micro-tiles of one contraction --------------===//
//
// What is computed where (Tilings.cpp: positions, tiles, channel parts and
// blocks) and how (MicroTile.cpp: the loops around a tile; TileSums.cpp and
// Horizontal.cpp: the sums inside it).
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_CONTRACTIONEMITTER_H
#define UPCONV_LIB_TARGET_HALIDE_CONTRACTIONEMITTER_H

#include "Builder.h"
#include "Stages.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace upconv {

using Halide::Expr;

/// Tiles of `size` positions; tile t starts at `base(t)`. The last one may be
/// shifted inwards: its positions are computed twice, never outside.
struct Tiling {
  int64_t size = 1;
  Expr tiles;
  std::function<Expr(Expr)> base;
  bool guarded = false; ///< positions that may read outside the input
  bool partial = false; ///< some stacked residue may lie outside the output
  /// One tile at a position known at compile time: taps that reach outside the
  /// input are left out of its code.
  std::optional<int64_t> start;
};

/// Taps [first, first + count) along an axis and the positions of a tile, from
/// `low`, that they serve.
struct TapSpan {
  int64_t first = 0, count = 1;
  int64_t low = 0, size = 1;
};

/// The positions of one stage along one axis that the task covers.
struct Range {
  Expr first; ///< position
  Expr count;
  int64_t constant = -1; ///< count, when known
  /// Positions, counted from `first`, whose stacked residues are all the
  /// task's.
  Expr wholeBegin = 0, wholeEnd;
  Expr inLow = 0; ///< run-time leading zeros of a forward convolution
};

/// One part of the channel tiles: all full ones, or the narrower last one.
struct ChannelPart {
  int64_t vectors;
  Expr first, count; ///< tile indices
  bool masked;       ///< its last vector is not full
};

/// The input channels that one pass over the output sums up, or several passes
/// of a loop, `count` channels further on each.
struct ChannelBlock {
  int64_t first = 0, count = 0;
  int64_t passes = 1;
  bool starts = true; ///< nothing was summed before
  bool ends = true;   ///< bias and epilogue follow
};

/// A tile and its Func, whose arguments are the position within the tile and
/// every loop around it, by the names of those loops.
struct TileSums {
  const Stage &stage;
  const ChannelPart &part;
  const Tiling &y, &x;
  const ChannelBlock &block;
  const std::vector<std::string> &outer;
  Halide::Func func;
  std::vector<Halide::Var> arguments;

  bool has(const std::string &loop) const {
    return std::find(outer.begin(), outer.end(), loop) != outer.end();
  }
  /// A loop around the tile; 0 when there is none of the name.
  Expr at(const std::string &loop) const {
    return has(loop) ? Expr(Halide::Var(loop)) : Expr(0);
  }
};

/// The argument of a Func of that name; 0 when there is none.
inline Expr argumentNamed(const std::vector<Halide::Var> &arguments,
                          const std::string &name) {
  for (const Halide::Var &variable : arguments)
    if (variable.name() == name)
      return variable;
  return 0;
}

/// What a tile stores of one position, or of all positions along the innermost
/// axis (OutputRuns.cpp): rows of the output, each in vectors.
struct OutputRuns {
  int64_t rows = 1;
  int64_t columns = 0;    ///< of a position and row
  int64_t step = 1;       ///< columns, or values, of one store
  int64_t vectors = 1;    ///< stores of a row
  bool masked = false;    ///< the last one is not full
  bool wholeTile = false; ///< all positions along the innermost axis
};

class ContractionEmitter {
public:
  explicit ContractionEmitter(Builder &builder)
      : builder(builder), spec(builder.spec), panelSize(panelFloats(spec)),
        axes(axisCount(spec)) {}

  void emit();

private:
  void emitStage(const Stage &stage);
  std::vector<ChannelBlock> channelBlocks(const Stage &stage) const;
  void emitNest(const Stage &stage, const ChannelPart &part, const Tiling &y,
                const Tiling &x, const ChannelBlock &block);
  Range range(const AxisStage &along, int64_t axis) const;
  std::vector<Tiling> tilings(Expr begin, Expr count, int64_t size,
                              bool alwaysFits) const;
  std::vector<Tiling> columnTilings(Expr begin, Expr count, int64_t size,
                                    bool alwaysFits) const;
  std::vector<Tiling> interiorAndEdges(const Range &range, const Stage &stage,
                                       int64_t axis, int64_t size) const;
  std::vector<Tiling> edgesInTiles(const Range &range, const AxisStage &along,
                                   int64_t axis, int64_t size) const;
  std::vector<TapSpan> tapSpans(const AxisStage &along, int64_t axis,
                                const Tiling &tile) const;
  std::pair<Expr, Expr> readsInside(const Range &range, const AxisStage &along,
                                    int64_t axis, int64_t behind) const;
  std::vector<ChannelPart> channelParts(const Stage &stage) const;
  Expr inputExtent(int64_t axis) const {
    return builder.size(spec.input.shape[axisDimension(spec, axis)]);
  }

  /// The tile's sums (TileSums.cpp). The arguments are the position within the
  /// tile and every loop around it, by the names of those loops.
  Halide::Func accumulator(const Stage &stage, const ChannelPart &part,
                           const Tiling &y, const Tiling &x,
                           const ChannelBlock &block,
                           const std::vector<std::string> &outer);
  TileSums tileSums(const Stage &stage, const ChannelPart &part,
                    const Tiling &y, const Tiling &x, const ChannelBlock &block,
                    const std::vector<std::string> &outer, Expr initial);
  OutputRuns outputRuns(const Stage &stage, const ChannelPart &part,
                        const Tiling &x) const;
  /// A tile's sums by column: where columns lie in several rows of the output,
  /// these need not begin with a vector.
  Halide::Func inColumns(Halide::Func sums, const ChannelPart &part,
                         const Tiling &y, const Tiling &x,
                         const std::vector<std::string> &outer) const;
  /// Horizontal sums by their place in a row, "value", and by "row" and "yi".
  Halide::Func inRuns(Halide::Func sums, const OutputRuns &runs,
                      const ChannelPart &part, const Tiling &y, const Tiling &x,
                      const std::vector<std::string> &outer) const;
  struct Summands;
  void addSummands(TileSums &sums, const Summands &summands);
  TapSpan spanOf(const Stage &stage, int64_t axis, const TapSpan &y,
                 const TapSpan &x) const;
  void addTapLoops(const Stage &stage, const TapSpan &y, const TapSpan &x,
                   bool unrollsLast, std::vector<Loop> &loops) const;
  std::pair<Expr, Expr> tapPlace(const TileSums &sums, Nest &taps,
                                 const TapSpan &y, const TapSpan &x, Expr yi,
                                 Expr xi) const;
  Expr weightRow(const TileSums &sums, Expr group, Expr tapIndex,
                 Expr channel) const;
  /// The same of the lane "lane" of vector "v".
  Expr weightIndex(const TileSums &sums, Expr group, Expr tapIndex,
                   Expr channel) const;
  /// Sums in tile registers of AMX (MatrixSums.cpp).
  Halide::Func matrixSums(const Stage &stage, const ChannelPart &part,
                          const Tiling &y, const Tiling &x,
                          const ChannelBlock &block,
                          const std::vector<std::string> &outer);
  /// Where input `i` along an axis lies, counted from 0 along it. If a tile's
  /// positions there may read outside, taps that do are left out of `nest`.
  Expr inputOffset(int64_t axis, Expr i, const Tiling &y, const Tiling &x,
                   Nest &nest) const;
  /// Adds to the updates of a tile's sums, whose first `inTile` arguments are a
  /// place in the tile, requests for input ahead (Prefetch.cpp).
  void prefetchAhead(const Stage &stage, const Tiling &y, const Tiling &x,
                     Halide::Func sums,
                     const std::vector<Halide::Var> &arguments, size_t inTile);
  /// Where image `n` of the task begins.
  Expr imageOffset(Expr n) const;
  /// An input element; zero where `inside` is given and does not hold.
  Expr guardedInput(Expr index, Expr inside) const;
  /// Horizontal vectors (Horizontal.cpp): the tile's sums in one flat Func,
  /// output number v + vectors * (xi + columns * yi); Funcs to be computed with
  /// it are added to `inside`.
  Halide::Func horizontalSums(const Stage &stage, const ChannelPart &part,
                              const Tiling &y, const Tiling &x,
                              const std::vector<std::string> &outer,
                              std::vector<Halide::Func> &inside);
  /// Sums whose neighbours share products (WinogradSums.cpp): the products'
  /// sums over the channels, by "lane", "v", the filters' tile "xt", "yt" and
  /// point "xp", "yp" and the loops around; and what the output makes of them.
  Tiling winogradTiling(const Stage &stage, const Range &range,
                        int64_t axis) const;
  Halide::Func productSums(const Stage &stage, const ChannelPart &part,
                           const Tiling &y, const Tiling &x,
                           const std::vector<std::string> &outer,
                           std::vector<Halide::Func> &inside);
  Expr transformedInput(const TileSums &sums, Expr channel, Expr step) const;
  Expr sumsOfProducts(const Stage &stage, Halide::Func products,
                      const Nest &nest, const std::vector<Expr> &around) const;
  Expr inputPosition(const AxisStage &along, const Range &range, Expr position,
                     Expr tap) const {
    return (range.first + position) * static_cast<int>(along.inStep) +
           static_cast<int>(along.inOffset) - range.inLow +
           tap * static_cast<int>(along.tapStep);
  }

  Builder &builder;
  const KernelSpec &spec;
  int64_t panelSize, axes;
  ChannelTiling tiling;      ///< of the stage being emitted
  bool sumsInOutput = false; ///< likewise: passes add to what the output holds
  std::vector<Range> ranges; ///< likewise
  int counter = 0;
};

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_CONTRACTIONEMITTER_H
