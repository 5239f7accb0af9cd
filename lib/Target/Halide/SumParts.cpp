//===- SumParts.cpp - The end of a contraction whose sums were split ------===//
//
// An element's parts are added in their order, whatever order they were made
// in, so that a result is the same in every run.
//
//===----------------------------------------------------------------------===//

#include "Builder.h"

using Halide::Expr;

namespace upconv {

void buildSumParts(Builder &builder) {
  const KernelSpec &spec = builder.spec;
  std::vector<Loop> loops;
  auto name = [](size_t d) { return "d" + std::to_string(d); };
  for (size_t d = spec.output.rank(); d-- > 0;)
    loops.push_back({name(d), builder.rangeEnd(d) - builder.rangeBegin(d),
                     Loop::Serial, builder.rangeBegin(d)});
  Nest nest = builder.outputNest(loops);
  std::vector<Expr> at;
  for (size_t d = 0; d < spec.output.rank(); ++d)
    at.push_back(nest.at(name(d)));
  Expr first = builder.index(spec.input, at);
  Expr apart =
      builder.size(spec.output.shape[0]) * builder.size(spec.input.strides[0]);
  Expr sum = builder.loadInput(first);
  for (int64_t part = 1; part < spec.parts; ++part)
    sum = Halide::strict_float(
        sum + builder.loadInput(first + constant(part) * apart));
  builder.define(nest, builder.index(spec.output, at), builder.finish(sum, at));
}

} // namespace upconv
