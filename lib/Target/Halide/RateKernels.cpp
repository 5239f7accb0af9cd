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
/// of four cycles asks of one warp.
constexpr int chains = 8;

static Expr multiplyAdds(const Builder &builder, const Expr &index) {
  Expr factor = builder.loadInput(0), addend = builder.loadInput(1);
  Expr begin = builder.loadInput(index), sum;
  for (int chain = 0; chain < chains; ++chain) {
    // Distinct from the first step on.
    Expr value = begin + static_cast<float>(chain);
    for (int step = 0; step < rateMultiplyAdds / chains; ++step)
      value = value * factor + addend;
    sum = sum.defined() ? sum + value : value;
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
  Expr index = (nest.at("block") * constant(kFlatThreads) + nest.at("thread")) *
                   constant(lanes) +
               nest.at("lane");
  builder.define(nest, index,
                 rate == Rate::Copy ? builder.loadInput(index)
                                    : multiplyAdds(builder, index));
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
