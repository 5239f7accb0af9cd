//===- Pool.cpp - Maximum and average pooling -----------------------------===//
//
// Vectorised over channels; the taps outside the input are skipped by a scalar
// test around the vector operation, so no halo is needed and an average divides
// by the number of real elements. Memory-bound: one register per pixel does.
//
//===----------------------------------------------------------------------===//

#include "ChannelRuns.h"
#include "Math.h"

#include <limits>

using Halide::Expr;

namespace upconv {

static void emitRun(Builder &builder, const ChannelRun &run, int number) {
  const KernelSpec &spec = builder.spec;
  int rank = static_cast<int>(spec.spatialRank());
  bool isMax = spec.anchor == Anchor::MaxPool;
  RunEmitter emitter(builder, run, number);
  Halide::Func value("pool" + std::to_string(number));
  value(emitter.variables()) =
      isMax ? -std::numeric_limits<float>::infinity() : 0.0f;

  std::vector<Loop> window;
  for (int axis = rank; axis-- > 0;)
    window.push_back(
        {"k" + std::to_string(axis), static_cast<int>(spec.window[axis])});
  Nest taps(window);
  Expr realTaps = 1; // in terms of the output nest
  std::vector<Expr> at = emitter.coordinates();
  for (int axis = 0; axis < rank; ++axis) {
    Expr stride = static_cast<int>(spec.strides[axis]);
    Expr dilation = static_cast<int>(spec.dilations[axis]);
    Expr low = builder.size(spec.low[axis]);
    Expr extent = builder.size(spec.input.shape[axis + 1]);
    Expr i = at[axis + 1] * stride - low +
             taps.at("k" + std::to_string(axis)) * dilation;
    taps.where(i >= 0 && i < extent);
    at[axis + 1] = i;
    Expr start = emitter.outerCoordinate(axis + 1) * stride - low;
    Expr firstTap = Halide::max(0, (-start + dilation - 1) / dilation);
    Expr lastTap = Halide::min(static_cast<int>(spec.window[axis]),
                               (extent - start + dilation - 1) / dilation);
    realTaps *= lastTap - firstTap;
  }
  Expr element = builder.loadInput(builder.index(spec.input, at));
  Expr before = value(emitter.variables());
  value(emitter.variables()) =
      Halide::strict_float(isMax ? maximum(before, element) : before + element);

  std::vector<Halide::RVar> inner;
  for (const Loop &loop : window)
    inner.push_back(taps[loop.name]);
  emitter.store(value, [&](Expr sum) {
    return isMax ? sum
                 : Halide::strict_float(sum / Halide::cast<float>(realTaps));
  });
  emitter.vectorize(value, inner);
}

void buildPool(Builder &builder) {
  int number = 0;
  for (const ChannelRun &run : channelRuns(builder))
    emitRun(builder, run, number++);
}

} // namespace upconv
