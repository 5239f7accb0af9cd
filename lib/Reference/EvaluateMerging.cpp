//===- EvaluateMerging.cpp - Layers of several inputs ---------------------===//

#include "LayerCall.h"

using namespace mlir;

namespace upconv::reference {
namespace {

Result merge(const LayerCall &call, StringRef function) {
  return combine(call.inputs, Alignment::BehindBatch, binaryFunction(function));
}

Result average(const LayerCall &call) {
  Result sum = merge(call, "add");
  if (!sum)
    return sum;
  double count = call.inputs.size();
  return mapElements(*sum, [&](double x) { return x / count; });
}

} // namespace

Answer evaluateMergingLayer(const LayerCall &call) {
  using namespace keras;

  return llvm::TypeSwitch<Operation *, Answer>(call.op)
      .Case([&](AddOp) { return merge(call, "add"); })
      .Case([&](SubtractOp) { return merge(call, "subtract"); })
      .Case([&](MultiplyOp) { return merge(call, "multiply"); })
      .Case([&](AverageOp) { return average(call); })
      .Case([&](MaximumOp) { return merge(call, "maximum"); })
      .Case([&](MinimumOp) { return merge(call, "minimum"); })
      .Case([&](ConcatenateOp op) {
        return concatenate(call.inputs, op.getAxis());
      })
      .Case([&](DotOp op) {
        return dot(call.inputs[0], call.inputs[1], op.getAxes(),
                   op.getNormalize());
      })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace upconv::reference
