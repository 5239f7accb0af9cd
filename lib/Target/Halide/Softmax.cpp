//===- Softmax.cpp - exp(x - max) / sum over the last dimension -----------===//
//
// Per row: the maximum and the sum in one vector of partial results each, the
// leftover channels folded into lane 0, then the quotient. The exponential is
// computed twice rather than kept: a row has no bound, and kernels have no
// scratch beyond the stack.
//
//===----------------------------------------------------------------------===//

#include "Builder.h"
#include "Math.h"

#include <functional>
#include <limits>

using Halide::Expr;
using Halide::Internal::can_prove;
using Halide::Internal::simplify;

namespace upconv {

void buildSoftmax(Builder &builder) {
  const KernelSpec &spec = builder.spec;
  int rank = static_cast<int>(spec.output.rank());
  int lanes =
      static_cast<int>(spec.schedule.knob("lanes", spec.target.vectorFloats));
  Expr channels = builder.size(spec.output.shape.back());
  Expr vectors = simplify((channels + lanes - 1) / lanes);
  Expr whole = simplify(channels / lanes);

  std::vector<Loop> loops = {{"lane", lanes, Loop::Vectorized},
                             {"vector", vectors}};
  for (int d = rank - 2; d >= 0; --d)
    loops.push_back({"d" + std::to_string(d),
                     simplify(builder.rangeEnd(d) - builder.rangeBegin(d))});
  Nest nest = builder.outputNest(loops);
  if (!can_prove(channels % lanes == 0))
    nest.where(nest.at("vector") * lanes + nest.at("lane") < channels);

  std::vector<Halide::Var> row;
  std::vector<Expr> actualRow, at, out;
  for (int d = rank - 2; d >= 0 && !nest.isFlattened(); --d) {
    row.emplace_back("d" + std::to_string(d));
    actualRow.push_back(nest.at("d" + std::to_string(d)));
  }
  if (nest.isFlattened()) {
    row = nest.variables();
    actualRow = nest.iteration();
  }
  for (int d = 0; d + 1 < rank; ++d) {
    at.push_back(nest.in("d" + std::to_string(d)) + builder.rangeBegin(d));
    out.push_back(nest.at("d" + std::to_string(d)) + builder.rangeBegin(d));
  }
  auto load = [&](std::vector<Expr> coordinates, Expr channel) {
    coordinates.push_back(channel);
    return builder.loadInput(builder.index(spec.input, coordinates));
  };

  using Combine = std::function<Expr(Expr, Expr)>;
  // Folds `term(channel)` over the row: lanes side by side, then pairwise.
  auto fold = [&](const std::string &name, float start, const Combine &combine,
                  const std::function<Expr(Expr)> &term) {
    Halide::Func partial(name + "_lanes"), total(name);
    Halide::Var lane("lane");
    std::vector<Halide::Var> variables = {lane};
    variables.insert(variables.end(), row.begin(), row.end());
    std::vector<Expr> first = {0};
    first.insert(first.end(), row.begin(), row.end());
    partial(variables) = start;
    Nest main({{"r", whole}}),
        rest({{"t", simplify(channels - whole * lanes)}});
    partial.bound(lane, 0, lanes).vectorize(lane);
    if (!Halide::Internal::is_const_zero(whole)) {
      partial(variables) = Halide::strict_float(
          combine(partial(variables), term(main.at("r") * lanes + lane)));
      partial.update(0).reorder(lane, main["r"]).vectorize(lane);
    }
    partial(first) = Halide::strict_float(
        combine(partial(first), term(whole * lanes + rest.at("t"))));
    std::vector<Expr> terms;
    for (int l = 0; l < lanes; ++l) {
      first[0] = l;
      terms.push_back(partial(first));
    }
    for (size_t half = terms.size() / 2; half > 0; half /= 2)
      for (size_t i = 0; i < half; ++i)
        terms[i] = combine(terms[i], terms[i + half]);
    total(row) = Halide::strict_float(terms[0]);
    return std::pair(partial, total);
  };

  auto [maxLanes, largest] = fold(
      "largest", -std::numeric_limits<float>::infinity(),
      [](Expr a, Expr b) { return maximum(a, b); },
      [&](Expr channel) { return load(at, channel); });
  std::vector<Expr> rowExprs(row.begin(), row.end());
  Halide::Func largestFunc = largest;
  auto [sumLanes, sum] = fold(
      "sum", 0.0f, [](Expr a, Expr b) { return a + b; },
      [&](Expr channel) {
        return polynomialExp(load(at, channel) - largestFunc(rowExprs));
      });

  Expr channel = nest.at("vector") * lanes + nest.at("lane");
  Expr value = Halide::strict_float(
      polynomialExp(load(out, channel) - largest(actualRow)) / sum(actualRow));
  out.push_back(channel);
  builder.define(nest, builder.index(spec.output, out),
                 builder.finish(value, out));
  std::string rowLoop = "d" + std::to_string(rank - 2);
  for (Halide::Func func : {maxLanes, largest, sumLanes, sum})
    builder.keepInside(func, nest, rowLoop);
}

} // namespace upconv
