//===- Horizontal.cpp - Sums of vectors along the input -------------------===//
//
// For thin outputs: a vector holds inputs of one output, not outputs of one
// input, so that no lane idles. The innermost axis's taps and channels are one
// run of memory where the pixels are dense. Every input vector in a register
// serves all columns of the tile, every weight vector all of its pixels. At the
// end neighbouring lanes are added, all sums of the tile at once, until one
// lane per output is left: two shuffles and one addition halve two vectors, so
// 16 sums of 16 lanes cost 15 additions.
//
// Several columns may share a vector (knob `reduce`: how many), each with a
// part of the lanes; the input's part is broadcast to them. Fewer lanes are
// left to add, a load crosses no cache line where channels come in whole parts,
// and a tile has as many times more outputs.
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include <algorithm>

using Halide::Internal::simplify;

namespace upconv {

namespace {

/// One tile of horizontal sums under construction.
class HorizontalTile {
public:
  using Names = std::vector<std::string>;
  Halide::Func sums;                  ///< before lanes are added
  std::vector<Halide::Var> arguments; ///< the element, then the loops around

  /// `outputs` of `lanes` lanes each, `width` lanes a vector.
  HorizontalTile(const Names &outer, int64_t outputs, int64_t lanes,
                 int64_t width, const std::string &number)
      : sums("acc" + number), outputs(outputs), lanes(lanes), width(width),
        number(number) {
    arguments.emplace_back("element");
    for (const std::string &name : outer)
      arguments.emplace_back(name);
    sums(arguments) = 0.0f;
    vectorize(sums, outputs * lanes);
  }

  Expr at(const std::string &name) const {
    return argumentNamed(arguments, name);
  }

  /// Adds `product` over the nest to lane `lane` of output `output`.
  /// Where `real` is given and does not hold, the lane stays as it is.
  void add(const Nest &nest, Expr lane, Expr output, Expr product, Expr real) {
    std::vector<Expr> place(arguments.begin(), arguments.end());
    place[0] = lane + output * constant(lanes);
    Expr sum = sums(place) + product;
    sums(place) = real.defined() ? Halide::select(real, sum, sums(place)) : sum;
    nest.schedule(sums.update(sums.num_update_definitions() - 1));
  }

  /// One value per output.
  Halide::Func total(std::vector<Halide::Func> &inside) {
    Halide::Func current = sums;
    inside.push_back(current);
    for (int64_t left = lanes / 2; left > 0; left /= 2) {
      Halide::Func next("half" + std::to_string(left) + "_" + number);
      std::vector<Expr> even(arguments.begin(), arguments.end()), odd = even;
      even[0] = arguments[0] * 2;
      odd[0] = arguments[0] * 2 + 1;
      next(arguments) = current(even) + current(odd);
      vectorize(next, outputs * left);
      inside.push_back(next);
      current = next;
    }
    return current;
  }

private:
  void vectorize(Halide::Func func, int64_t count) {
    Halide::Var element = arguments[0], vector("vector"), lane("lane");
    func.bound(element, 0, constant(count)).store_in(Halide::MemoryType::Stack);
    int64_t most = vectorOf(count, width);
    func.split(element, vector, lane, constant(most)).unroll(vector);
    if (most > 1)
      func.vectorize(lane);
  }

  int64_t outputs, lanes, width;
  std::string number;
};

/// Taps of the innermost axis that lie beside the input channels, for some
/// vectors of a tile.
struct Run {
  int64_t firstVector, vectors;
  int64_t beside; ///< the columns of these vectors that have the taps
  int64_t firstTap, taps;
  int64_t weights; ///< of its first float among a column's
};

} // namespace

static std::vector<Run> runs(const Stage &stage, const ChannelPart &part) {
  int64_t beside = stage.tiling.beside;
  if (!stage.unequal())
    return {{0, part.vectors, beside, 0, stage.run, 0}};
  int64_t first = *Halide::Internal::as_const_int(part.first);
  int64_t longer = std::clamp<int64_t>(
      stage.longColumns - first * stage.tiling.vectors * beside, 0,
      part.vectors * beside);
  int64_t whole = longer / beside, cut = longer % beside;
  return {{0, part.vectors, beside, 1, stage.run - 1, 0},
          {0, whole, beside, 0, 1, stage.sharedWeights()},
          {whole, cut ? 1 : 0, cut, 0, 1, stage.sharedWeights()}};
}

Halide::Func
ContractionEmitter::horizontalSums(const Stage &stage, const ChannelPart &part,
                                   const Tiling &y, const Tiling &x,
                                   const std::vector<std::string> &outer,
                                   std::vector<Halide::Func> &inside) {
  int64_t lanes = tiling.lanes, beside = tiling.beside;
  int64_t columns = part.vectors * beside;
  HorizontalTile tile(outer, columns * x.size * y.size, lanes, lanes * beside,
                      std::to_string(counter));
  int64_t last = axes - 1, run = stage.run;
  const AxisStage &inner = stage.axes[last];
  Expr panel = constant(stage.firstFloat) +
               (part.first + tile.at("co")) *
                   constant(tiling.vectors * beside * stage.rows());
  Expr copy = 0;
  for (int64_t a = 0; a < axes; ++a)
    copy = copy * constant(stage.axes[a].copies) +
           tile.at("g" + std::to_string(a));
  // At an edge the taps of a run are taken one by one, those outside skipped.
  bool tapByTap = run == 1 || x.guarded;

  // Floats first, first + 1, ... of every run (of every tap): `steps` vectors
  // of `width`, of the last of which only `real` lanes count.
  struct Inputs {
    int64_t first, width, steps, real;
  };
  auto update = [&](const Run &of, const Inputs &inputs) {
    int64_t unroll = spec.schedule.knob("ku", 1);
    if (x.guarded || inputs.steps % unroll != 0)
      unroll = 1;
    std::vector<Loop> loops = {
        {"lane", constant(inputs.width), Loop::Vectorized},
        {"beside", constant(beside), Loop::Vectorized},
        {"v", constant(of.vectors), Loop::Unrolled, constant(of.firstVector)},
        {"xi", constant(x.size), Loop::Unrolled},
        {"yi", constant(y.size), Loop::Unrolled},
        {"ciu", constant(unroll), Loop::Unrolled},
        {"ci", constant(inputs.steps / unroll)}};
    if (tapByTap)
      loops.push_back({"k", constant(run == 1 ? inner.taps : of.taps)});
    for (int64_t a = last; a-- > 0;)
      if (stage.axes[a].taps > 1)
        loops.push_back(
            {"k" + std::to_string(a), constant(stage.axes[a].taps)});
    Nest nest(loops);
    Expr place = constant(inputs.first) +
                 (nest.at("ci") * constant(unroll) + nest.at("ciu")) *
                     constant(inputs.width);
    Expr tapIndex = copy, index = 0;
    for (int64_t a = 0; a < axes; ++a) {
      const AxisStage &along = stage.axes[a];
      Expr tap = nest.at("k" + std::to_string(a));
      Expr position = a == last       ? x.base(tile.at("x")) + nest.at("xi")
                      : a == last - 1 ? y.base(tile.at("y")) + nest.at("yi")
                                      : tile.at("z");
      if (a == last)
        tap = run == 1 ? nest.at("k") : 0;
      Expr i = inputPosition(along, ranges[a], position, tap);
      if (a == last && run > 1)
        i += constant(std::min<int64_t>(0, (run - 1) * along.tapStep)) +
             constant(of.firstTap) + nest.at("k");
      else
        tapIndex = tapIndex * constant(along.taps) + tap;
      index += inputOffset(a, i, y, x, nest);
    }
    index += imageOffset(tile.at("n"));
    index += place + nest.at("lane");
    if (run > 1)
      place += nest.at("k") * constant(tiling.reduction);
    // As Stage::horizontalWeight: where columns share vectors, `place` is a
    // multiple of `lanes`.
    Expr weight = panel +
                  (tapIndex * constant(part.vectors) + nest.at("v")) *
                      constant(beside * stage.columnWeights()) +
                  (constant(of.weights) + place) * constant(beside) +
                  nest.at("beside") * constant(lanes) + nest.at("lane");
    Expr real;
    if (inputs.real < inputs.width)
      real = nest.at("lane") < constant(inputs.real);
    // Columns without the taps get zeros: what is there may be infinite.
    Expr input = builder.loadInput(index);
    if (of.beside < beside)
      input =
          Halide::select(nest.at("beside") < constant(of.beside), input, 0.0f);
    Expr pixel = nest.at("xi") + constant(x.size) * nest.at("yi");
    tile.add(nest, nest.at("lane"),
             nest.at("beside") + nest.at("v") * constant(beside) +
                 constant(columns) * pixel,
             input * builder.loadWeight(weight), real);
  };
  prefetchAhead(stage, y, x, tile.sums, tile.arguments, 1);
  for (const Run &of : runs(stage, part)) {
    int64_t floats = (tapByTap ? 1 : of.taps) * tiling.reduction;
    if (of.vectors == 0 || of.taps == 0)
      continue;
    if (int64_t steps = floats / lanes)
      update(of, {0, lanes, steps, lanes});
    int64_t done = floats / lanes * lanes;
    if (!x.guarded && done < floats) {
      update(of, {done, lanes, 1, floats - done});
      continue;
    }
    // Nothing may be touched behind the last pixel.
    for (int64_t width = lanes / 2; width > 0; width /= 2)
      if (floats - done >= width) {
        update(of, {done, width, 1, width});
        done += width;
      }
  }
  return tile.total(inside);
}

} // namespace upconv
