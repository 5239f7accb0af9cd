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
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include <algorithm>

using Halide::Internal::simplify;

namespace upconv {

/// Largest power of two that divides `count`, at most `most`.
static int64_t vectorOf(int64_t count, int64_t most) {
  int64_t lanes = 1;
  while (lanes < most && count % (2 * lanes) == 0)
    lanes *= 2;
  return lanes;
}

namespace {

/// One tile of horizontal sums under construction.
class HorizontalTile {
public:
  using Names = std::vector<std::string>;
  HorizontalTile(const Names &outer, int64_t outputs, int64_t lanes,
                 const std::string &number)
      : outputs(outputs), lanes(lanes), number(number), sums("acc" + number) {
    arguments.emplace_back("element");
    for (const std::string &name : outer)
      arguments.emplace_back(name);
    sums(arguments) = 0.0f;
    vectorize(sums, outputs * lanes, lanes);
  }

  Expr at(const std::string &name) const {
    for (const Halide::Var &variable : arguments)
      if (variable.name() == name)
        return variable;
    return 0;
  }

  /// Adds `product` over the nest to lane `lane` of output `output`.
  void add(const Nest &nest, Expr lane, Expr output, Expr product) {
    std::vector<Expr> place(arguments.begin(), arguments.end());
    place[0] = lane + output * constant(lanes);
    sums(place) += product;
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
      vectorize(next, outputs * left, lanes);
      inside.push_back(next);
      current = next;
    }
    return current;
  }

private:
  void vectorize(Halide::Func func, int64_t count, int64_t most) {
    Halide::Var element = arguments[0], vector("vector"), lane("lane");
    func.bound(element, 0, constant(count)).store_in(Halide::MemoryType::Stack);
    int64_t width = vectorOf(count, most);
    func.split(element, vector, lane, constant(width)).unroll(vector);
    if (width > 1)
      func.vectorize(lane);
  }

  int64_t outputs, lanes;
  std::string number;
  Halide::Func sums;
  std::vector<Halide::Var> arguments;
};

} // namespace

Halide::Func
ContractionEmitter::horizontalSums(const Stage &stage, const ChannelPart &part,
                                   const Tiling &y, const Tiling &x,
                                   const std::vector<std::string> &outer,
                                   std::vector<Halide::Func> &inside) {
  int64_t lanes = tiling.lanes, columns = part.vectors;
  HorizontalTile tile(outer, columns * x.size * y.size, lanes,
                      std::to_string(counter));
  int64_t run = stage.runLength(), last = axes - 1;
  Expr panel =
      constant(stage.firstFloat) +
      (part.first + tile.at("co")) * constant(tiling.vectors * stage.rows());
  Expr copy = 0;
  for (int64_t a = 0; a < axes; ++a)
    copy = copy * constant(stage.axes[a].copies) +
           tile.at("g" + std::to_string(a));

  // Inputs first .. first + width * steps - 1 of every run.
  auto update = [&](int64_t first, int64_t width, int64_t steps) {
    int64_t unroll = spec.schedule.knob("ku", 1);
    if (x.guarded || steps % unroll != 0)
      unroll = 1;
    std::vector<Loop> loops = {{"lane", constant(width), Loop::Vectorized},
                               {"v", constant(columns), Loop::Unrolled},
                               {"xi", constant(x.size), Loop::Unrolled},
                               {"yi", constant(y.size), Loop::Unrolled},
                               {"ciu", constant(unroll), Loop::Unrolled},
                               {"ci", constant(steps / unroll)}};
    for (int64_t a = axes; a-- > 0;)
      if (stage.axes[a].taps > 1 && !(a == last && stage.run > 1))
        loops.push_back(
            {"k" + std::to_string(a), constant(stage.axes[a].taps)});
    Nest nest(loops);
    Expr channel =
        constant(first) + nest.at("lane") +
        (nest.at("ci") * constant(unroll) + nest.at("ciu")) * constant(width);
    Expr tapIndex = copy, index = channel, guard;
    for (int64_t a = 0; a < axes; ++a) {
      const AxisStage &along = stage.axes[a];
      Expr tap = nest.at("k" + std::to_string(a));
      Expr position = a == last       ? x.base(tile.at("x")) + nest.at("xi")
                      : a == last - 1 ? y.base(tile.at("y")) + nest.at("yi")
                                      : tile.at("z");
      Expr i = inputPosition(along, ranges[a], position, tap);
      if (a == last && stage.run > 1)
        i += constant(std::min<int64_t>(0, (stage.run - 1) * along.tapStep));
      else
        tapIndex = tapIndex * constant(along.taps) + tap;
      Expr extent = inputExtent(a);
      Expr pitch = builder.size(spec.input.strides[axisDimension(spec, a)]);
      if (a == last && x.guarded && stage.run > 1) {
        guard =
            i * pitch + channel >= 0 && i * pitch + channel < extent * pitch;
      } else if (a == last && x.guarded) {
        guard = i >= 0 && i < extent;
      } else if (a < last && guardsLoads(spec)) {
        Expr condition = simplify(i >= 0 && i < extent);
        if (!Halide::Internal::is_const_one(condition))
          nest.where(condition);
      }
      index += i * pitch;
    }
    if (!batchIsAxis(spec))
      index += (tile.at("n") + builder.windowBegin(TaskAxis::Batch)) *
               builder.size(spec.input.strides[0]);
    Expr weight =
        panel + (tapIndex * constant(columns) + nest.at("v")) * constant(run) +
        channel;
    tile.add(nest, nest.at("lane"),
             nest.at("v") +
                 constant(columns) *
                     (nest.at("xi") + constant(x.size) * nest.at("yi")),
             guardedInput(index, guard) * builder.loadWeight(weight));
  };
  if (int64_t steps = run / lanes)
    update(0, lanes, steps);
  int64_t done = run / lanes * lanes;
  for (int64_t width = lanes / 2; width > 0; width /= 2)
    if (run - done >= width) {
      update(done, width, 1);
      done += width;
    }
  return tile.total(inside);
}

} // namespace upconv
