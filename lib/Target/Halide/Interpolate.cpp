//===- Interpolate.cpp - Resampling by an integer factor ------------------===//
//
// Vectorised over channels. The residue of the output position picks a row of
// weights; it is the same for all lanes, so the picks are scalar.
//
//===----------------------------------------------------------------------===//

#include "ChannelRuns.h"

using Halide::Expr;

namespace upconv {

/// `values[residue]` of a short list.
template <typename Value>
static Expr pick(const std::vector<Value> &values, const Expr &residue) {
  Expr result = values.back();
  for (size_t i = values.size() - 1; i-- > 0;)
    result = Halide::select(residue == static_cast<int>(i), values[i], result);
  return result;
}

static void emitRun(Builder &builder, const ChannelRun &run, int number) {
  const KernelSpec &spec = builder.spec;
  int factor = static_cast<int>(spec.firstTap.size());
  size_t taps = spec.tapWeights.size() / factor;
  Expr extent = builder.size(spec.input.shape[spec.axis]);
  RunEmitter emitter(builder, run, number);

  std::vector<Expr> at = emitter.coordinates();
  Expr position = at[spec.axis];
  Expr residue = position % factor;
  std::vector<int> first(spec.firstTap.begin(), spec.firstTap.end());
  Expr start = position / factor + pick(first, residue);
  Expr sum = 0.0f, weights = 0.0f;
  for (size_t t = 0; t < taps; ++t) {
    std::vector<float> column;
    for (int r = 0; r < factor; ++r)
      column.push_back(static_cast<float>(spec.tapWeights[r * taps + t]));
    Expr weight = pick(column, residue);
    Expr i = start + static_cast<int>(t);
    at[spec.axis] = Halide::clamp(i, 0, extent - 1);
    if (spec.border == Border::Renormalize)
      weight = Halide::select(i >= 0 && i < extent, weight, 0.0f);
    sum += weight * builder.loadInput(builder.index(spec.input, at));
    weights += weight;
  }
  Halide::Func value("sample" + std::to_string(number));
  value(emitter.variables()) = Halide::strict_float(
      spec.border == Border::Renormalize ? sum / weights : sum);
  emitter.store(value, [](Expr sample) { return sample; });
  emitter.vectorize(value, {});
}

void buildInterpolate(Builder &builder) {
  int number = 0;
  for (const ChannelRun &run : channelRuns(builder))
    emitRun(builder, run, number++);
}

} // namespace upconv
