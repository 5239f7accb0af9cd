//===- RateKernels.cpp - Kernels that show what a GPU can do --------------===//

#include "upconv/Target/Halide/RateKernels.h"

#include "CompileBuilt.h"
#include "GpuTile.h"

#include <vector>

using Halide::Expr;

namespace upconv {

/// Floats of one access: a vector's stores are whole, 16 bytes of a thread.
static int64_t lanesOf(Rate rate) { return rate == Rate::Copy ? 4 : 1; }

/// Chains that do not wait for one another: twice what a multiply-add's latency
/// of four cycles asks of one warp, and what two of them per cycle ask of a
/// CPU.
constexpr int chains = 8;

/// The element of a thread's lane, by what its loops are called with.
static Expr elementOf(Rate rate,
                      const std::function<Expr(const std::string &)> &loop) {
  return (loop("block") * constant(kFlatThreads) + loop("thread")) *
             constant(lanesOf(rate)) +
         loop("lane");
}

/// A step of every chain before the next one of any: not every driver's
/// compiler would bring that about.
static Expr multiplyAdds(Builder &builder, const Nest &nest) {
  Halide::Func func("chains");
  Halide::Var chain("chain");
  std::vector<Halide::Var> variables = nest.variables();
  variables.push_back(chain);
  Expr element = elementOf(Rate::MultiplyAdds, [&](const std::string &loop) {
    return nest.in(loop);
  });
  Expr factor = builder.loadInput(0), addend = builder.loadInput(1);
  // Distinct from the first step on.
  func(variables) = builder.loadInput(element) + Halide::cast<float>(chain);
  func.bound(chain, 0, chains).unroll(chain);
  for (int step = 0; step < rateMultiplyAdds / chains; ++step) {
    func(variables) = func(variables) * factor + addend;
    func.update(step).unroll(chain);
  }
  builder.keepInside(func, nest, "thread");

  std::vector<Expr> own = nest.iteration();
  own.push_back(0);
  Expr sum = func(own);
  for (int other = 1; other < chains; ++other) {
    own.back() = other;
    sum += func(own);
  }
  return sum;
}

static void build(Rate rate, Builder &builder) {
  int64_t lanes = lanesOf(rate);
  static_assert(rateRowFloats % (4 * kFlatThreads) == 0,
                "a row is whole blocks of both kernels");
  Expr blocks = builder.size(builder.spec.output.shape[0]) *
                constant(rateRowFloats / (lanes * kFlatThreads));
  Nest nest({{"lane", constant(lanes), Loop::Vectorized},
             {"thread", constant(kFlatThreads), Loop::Thread},
             {"block", blocks, Loop::Block}});
  Expr index =
      elementOf(rate, [&](const std::string &loop) { return nest.at(loop); });
  builder.define(nest, index,
                 rate == Rate::Copy ? builder.loadInput(index)
                                    : multiplyAdds(builder, nest));
}

bool compileRateKernel(Rate rate, const KernelTarget &target,
                       const std::string &name, CompiledKernel &result,
                       std::string &error) {
  KernelSpec spec;
  spec.name = name;
  spec.anchor = Anchor::Copy;
  spec.schedule.strategy = "copy";
  spec.target = target;
  spec.scalars = 1;
  TensorArgument rows;
  rows.shape = {Size::argument(0), Size::of(rateRowFloats)};
  rows.strides = {Size::of(rateRowFloats), Size::of(1)};
  rows.haloLow = rows.haloHigh = {0, 0};
  rows.alignment = 4 * lanesOf(rate);
  spec.input = spec.output = rows;
  return compileBuilt(
      spec, KernelText::Object, [&](Builder &builder) { build(rate, builder); },
      result, error);
}

} // namespace upconv
