//===- Lookup.cpp - Rows of a table by number -----------------------------===//

#include "ChannelRuns.h"

using Halide::Expr;

namespace upconv {

static void emitRun(Builder &builder, const ChannelRun &run, int number) {
  const TensorArgument &table = builder.spec.operands.front();
  RunEmitter emitter(builder, run, number);
  std::vector<Expr> at = emitter.coordinates();
  Expr column = at.back();
  at.pop_back();
  Expr id = builder.loadInput(builder.index(builder.spec.input, at));
  Expr rows = builder.size(table.shape.front());
  // Before the conversion, which has no meaning for large numbers and NaN.
  Expr row =
      Halide::cast<int32_t>(Halide::clamp(Halide::select(id > 0.0f, id, 0.0f),
                                          0.0f, Halide::cast<float>(rows - 1)));
  Halide::Func value("row" + std::to_string(number));
  value(emitter.variables()) =
      builder.finishAt(0.0f, {Halide::clamp(row, 0, rows - 1) *
                                  builder.size(table.strides.front()) +
                              column});
  emitter.storeBare(value, [](Expr element) { return element; });
  emitter.vectorize(value, {});
}

void buildLookup(Builder &builder) {
  int number = 0;
  for (const ChannelRun &run : channelRuns(builder))
    emitRun(builder, run, number++);
}

} // namespace upconv
