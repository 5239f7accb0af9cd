//===- Reduce.cpp - Sums, means, products and extrema along one axis ------===//
//
// Along an outer axis the lanes are elements of the last dimension, one running
// value each. Along the last axis the lanes are partial results of one row, in
// the end combined pairwise; the leftover elements go to lane 0.
//
//===----------------------------------------------------------------------===//

#include "ChannelRuns.h"
#include "Math.h"

#include <limits>

using Halide::Expr;
using Halide::Internal::simplify;

namespace upconv {

static float identity(Reduction reduction) {
  switch (reduction) {
  case Reduction::Sum:
  case Reduction::Mean:
    return 0;
  case Reduction::Product:
    return 1;
  case Reduction::Max:
    return -std::numeric_limits<float>::infinity();
  case Reduction::Min:
    return std::numeric_limits<float>::infinity();
  }
  return 0;
}

static Expr combine(Reduction reduction, const Expr &a, const Expr &b) {
  switch (reduction) {
  case Reduction::Sum:
  case Reduction::Mean:
    return a + b;
  case Reduction::Product:
    return a * b;
  case Reduction::Max:
    return maximum(a, b);
  case Reduction::Min:
    return minimum(a, b);
  }
  return a;
}

/// The reduction's function of the element at `at`.
static Expr term(const Builder &builder, const std::vector<Expr> &at) {
  return builder.finish(
      builder.loadInput(builder.index(builder.spec.input, at)), at);
}

/// What the combined value of `spec.reducedExtent` elements becomes.
static Expr finished(const Builder &builder, const Expr &total) {
  if (builder.spec.reduction != Reduction::Mean)
    return total;
  Expr count = Halide::cast<float>(builder.size(builder.spec.reducedExtent));
  return Halide::strict_float(total / count);
}

static void reduceOuter(Builder &builder, const ChannelRun &run, int number) {
  const KernelSpec &spec = builder.spec;
  RunEmitter emitter(builder, run, number);
  Halide::Func value("total" + std::to_string(number));
  value(emitter.variables()) = identity(spec.reduction);
  Nest along({{"r", builder.size(spec.reducedExtent)}});
  std::vector<Expr> at = emitter.coordinates();
  at[spec.axis] = along.at("r");
  value(emitter.variables()) = Halide::strict_float(
      combine(spec.reduction, value(emitter.variables()), term(builder, at)));
  emitter.storeBare(value,
                    [&](Expr total) { return finished(builder, total); });
  emitter.vectorize(value, {along["r"]});
}

static void reduceLast(Builder &builder) {
  const KernelSpec &spec = builder.spec;
  RunEmitter emitter(builder, {0, 1, 1}, 0);
  int lanes =
      static_cast<int>(spec.schedule.knob("lanes", spec.target.vectorFloats));
  Expr extent = builder.size(spec.reducedExtent);
  Expr whole = simplify(extent / lanes);
  Halide::Var lane("part");
  std::vector<Halide::Var> variables = emitter.variables();
  variables.insert(variables.begin(), lane);
  std::vector<Expr> first(variables.begin(), variables.end());
  first[0] = 0;

  std::vector<Expr> at = emitter.coordinates();
  auto element = [&](Expr position) {
    at[spec.axis] = std::move(position);
    return term(builder, at);
  };
  Halide::Func partial("partial"), total("total");
  partial(variables) = identity(spec.reduction);
  partial.bound(lane, 0, lanes).vectorize(lane);
  Nest main({{"r", whole}}), rest({{"t", simplify(extent - whole * lanes)}});
  if (!Halide::Internal::is_const_zero(whole)) {
    partial(variables) =
        Halide::strict_float(combine(spec.reduction, partial(variables),
                                     element(main.at("r") * lanes + lane)));
    partial.update(0).reorder(lane, main["r"]).vectorize(lane);
  }
  partial(first) = Halide::strict_float(combine(
      spec.reduction, partial(first), element(whole * lanes + rest.at("t"))));
  std::vector<Expr> parts;
  for (int l = 0; l < lanes; ++l) {
    first[0] = l;
    parts.push_back(partial(first));
  }
  for (size_t half = parts.size() / 2; half > 0; half /= 2)
    for (size_t i = 0; i < half; ++i)
      parts[i] = combine(spec.reduction, parts[i], parts[i + half]);
  total(emitter.variables()) = Halide::strict_float(parts[0]);
  emitter.storeBare(total, [&](Expr sum) { return finished(builder, sum); });
  emitter.keepInside(partial);
}

void buildReduce(Builder &builder) {
  const KernelSpec &spec = builder.spec;
  if (spec.axis + 1 == static_cast<int64_t>(spec.output.rank()))
    return reduceLast(builder);
  int number = 0;
  for (const ChannelRun &run : channelRuns(builder))
    reduceOuter(builder, run, number++);
}

} // namespace upconv
