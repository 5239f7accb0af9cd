//===- Pool.cpp - Maximum and average pooling -----------------------------===//
//
// Vectorised over channels; the taps outside the input are skipped by a scalar
// test around the vector operation, so no halo is needed and an average divides
// by the number of real elements. Memory-bound: one register per pixel does.
//
//===----------------------------------------------------------------------===//

#include "Builder.h"
#include "Math.h"

#include <limits>

using Halide::Expr;

namespace upconv {

namespace {
/// `count` vectors of `lanes` channels from channel `first` on.
struct ChannelRun {
  int64_t first, lanes, count;
};
} // namespace

/// Whole vectors, then halves: nothing is read or written beside the channels.
static std::vector<ChannelRun> channelRuns(const KernelSpec &spec) {
  std::vector<ChannelRun> runs;
  int64_t first = 0, channels = spec.outputChannels();
  int64_t widest = spec.schedule.knob("lanes", spec.target.vectorFloats);
  for (int64_t lanes = widest; lanes > 0; lanes /= 2) {
    int64_t count = (channels - first) / lanes;
    if (count > 0)
      runs.push_back({first, lanes, count});
    first += count * lanes;
  }
  return runs;
}

static void emitRun(Builder &builder, const ChannelRun &run, int number) {
  const KernelSpec &spec = builder.spec;
  int rank = static_cast<int>(spec.spatialRank());
  std::string vectors = "co" + std::to_string(number);
  std::vector<Loop> loops = {
      {"lane", static_cast<int>(run.lanes), Loop::Vectorized},
      {vectors, static_cast<int>(run.count)}};
  for (int d = rank; d >= 0; --d)
    loops.push_back(
        {"o" + std::to_string(d), builder.rangeEnd(d) - builder.rangeBegin(d)});
  Nest nest(loops);

  bool isMax = spec.anchor == Anchor::MaxPool;
  Halide::Func value("pool" + std::to_string(number));
  std::vector<Halide::Var> variables;
  std::vector<Expr> actual;
  for (const Loop &loop : loops) {
    variables.emplace_back(loop.name);
    actual.push_back(nest.at(loop.name));
  }
  auto channel = [&](Expr co, Expr lane) {
    return static_cast<int>(run.first) + co * static_cast<int>(run.lanes) +
           lane;
  };
  value(variables) = isMax ? -std::numeric_limits<float>::infinity() : 0.0f;

  std::vector<Loop> window;
  for (int axis = rank; axis-- > 0;)
    window.push_back(
        {"k" + std::to_string(axis), static_cast<int>(spec.window[axis])});
  Nest taps(window);
  Expr realTaps = 1; // in terms of the output nest
  std::vector<Expr> at = {Halide::Var("o0") + builder.rangeBegin(0)};
  for (int axis = 0; axis < rank; ++axis) {
    Expr stride = static_cast<int>(spec.strides[axis]);
    Expr dilation = static_cast<int>(spec.dilations[axis]);
    Expr low = builder.size(spec.low[axis]);
    Expr extent = builder.size(spec.input.shape[axis + 1]);
    std::string name = "o" + std::to_string(axis + 1);
    Expr base = builder.rangeBegin(axis + 1);
    Expr i = (Halide::Var(name) + base) * stride - low +
             taps.at("k" + std::to_string(axis)) * dilation;
    taps.where(i >= 0 && i < extent);
    at.push_back(i);
    Expr start = (nest.at(name) + base) * stride - low;
    Expr firstTap = Halide::max(0, (-start + dilation - 1) / dilation);
    Expr lastTap = Halide::min(static_cast<int>(spec.window[axis]),
                               (extent - start + dilation - 1) / dilation);
    realTaps *= lastTap - firstTap;
  }
  at.push_back(channel(Halide::Var(vectors), Halide::Var("lane")));
  Expr element = builder.loadInput(builder.index(spec.input, at));
  Expr before = value(variables);
  value(variables) =
      Halide::strict_float(isMax ? maximum(before, element) : before + element);

  std::vector<Expr> out;
  for (int d = 0; d <= rank; ++d)
    out.push_back(nest.at("o" + std::to_string(d)) + builder.rangeBegin(d));
  out.push_back(channel(nest.at(vectors), nest.at("lane")));
  Expr result = value(actual);
  if (!isMax)
    result = Halide::strict_float(result / Halide::cast<float>(realTaps));
  builder.define(nest, builder.index(spec.output, out),
                 builder.finish(result, out));
  value.compute_at(builder.output, nest[vectors])
      .store_in(Halide::MemoryType::Stack);
  std::vector<Halide::VarOrRVar> order;
  for (const char *name : {"lane"})
    order.emplace_back(Halide::Var(name));
  for (const Loop &loop : window)
    order.emplace_back(taps[loop.name]);
  value.bound(Halide::Var("lane"), 0, static_cast<int>(run.lanes));
  value.update(0).reorder(order);
  if (run.lanes > 1) {
    value.vectorize(Halide::Var("lane"));
    value.update(0).vectorize(Halide::Var("lane"));
  }
}

void buildPool(Builder &builder) {
  int number = 0;
  for (const ChannelRun &run : channelRuns(builder.spec))
    emitRun(builder, run, number++);
}

} // namespace upconv
