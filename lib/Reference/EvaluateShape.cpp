//===- EvaluateShape.cpp - Layers that move elements ----------------------===//

#include "LayerCall.h"

using namespace mlir;

namespace upconv::reference {
namespace {

Result evaluateFlatten(keras::FlattenOp op, const Tensor64 &input) {
  auto dataFormat = parseDataFormat(op.getDataFormat());
  if (!dataFormat)
    return dataFormat.takeError();
  return flatten(input, *dataFormat);
}

} // namespace

Answer evaluateShapeLayer(const LayerCall &call) {
  using namespace keras;
  const Tensor64 &input = call.input();
  return llvm::TypeSwitch<Operation *, Answer>(call.op)
      .Case([&](ReshapeOp op) { return reshape(input, op.getTargetShape()); })
      .Case([&](FlattenOp op) { return evaluateFlatten(op, input); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace upconv::reference
