//===- EvaluateFunction.cpp - Functions of tensors, not layers ------------===//

#include "LayerCall.h"

using namespace mlir;

namespace upconv::reference {
namespace {

Result evaluateBinary(keras::OpsBinaryOp op, ArrayRef<Tensor64> inputs) {
  auto function = binaryFunction(op.getFunction());
  if (!function)
    return failure("unknown function '" + op.getFunction() + "'");
  if (!op.getScalar())
    return combine(inputs, Alignment::Front, function);
  double scalar = op.getScalar()->convertToDouble();
  return mapElements(inputs.front(), [&](double x) {
    return op.getScalarFirst() ? function(scalar, x) : function(x, scalar);
  });
}

template <typename BlocksOp, typename Function>
Result evaluateBlocks(BlocksOp op, const Tensor64 &input, Function function) {
  auto dataFormat = parseDataFormat(op.getDataFormat());
  if (!dataFormat)
    return dataFormat.takeError();
  return function(input, op.getBlockSize(), *dataFormat);
}

} // namespace

Answer evaluateFunctionOp(const LayerCall &call) {
  using namespace keras;
  const Tensor64 &input = call.input();
  return llvm::TypeSwitch<Operation *, Answer>(call.op)
      .Case([&](OpsUnaryOp op) { return unary(input, op.getFunction()); })
      .Case([&](OpsBinaryOp op) { return evaluateBinary(op, call.inputs); })
      .Case([&](OpsMatmulOp) { return matmul(call.inputs[0], call.inputs[1]); })
      .Case([&](OpsExpandDimsOp op) { return expandDims(input, op.getAxis()); })
      .Case([&](OpsSqueezeOp op) { return squeeze(input, op.getAxis()); })
      .Case([&](OpsReduceOp op) {
        return reduce(input, op.getFunction(), op.getAxis(), op.getKeepdims());
      })
      .Case([&](OpsPadOp op) {
        return pad(input, op.getPadWidth(), op.getMode(),
                   op.getValue().convertToDouble());
      })
      .Case([&](OpsSliceOp op) {
        return slice(input, op.getBegin(), op.getEnd(), op.getStrides(),
                     op.getSqueeze());
      })
      .Case([&](OpsDepthToSpaceOp op) {
        return evaluateBlocks(op, input, depthToSpace);
      })
      .Case([&](OpsSpaceToDepthOp op) {
        return evaluateBlocks(op, input, spaceToDepth);
      })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace upconv::reference
