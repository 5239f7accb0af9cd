//===- EvaluatePooling.cpp - Pooling --------------------------------------===//

#include "LayerCall.h"

using namespace mlir;

namespace upconv::reference {
namespace {

template <typename PoolingOp>
Result evaluatePooling(Pool pool, PoolingOp op, const Tensor64 &input) {
  auto padding = parsePadding(op.getPadding());
  if (!padding)
    return padding.takeError();
  auto dataFormat = parseDataFormat(op.getDataFormat());
  if (!dataFormat)
    return dataFormat.takeError();
  return pooling(
      pool, input,
      {op.getPoolSize().vec(), op.getStrides().vec(), *padding, *dataFormat});
}

} // namespace

Answer evaluatePoolingLayer(const LayerCall &call) {
  using namespace keras;
  const Tensor64 &input = call.input();
  return llvm::TypeSwitch<Operation *, Answer>(call.op)
      .Case<MaxPooling1DOp, MaxPooling2DOp, MaxPooling3DOp>(
          [&](auto op) { return evaluatePooling(Pool::Maximum, op, input); })
      .Case<AveragePooling1DOp, AveragePooling2DOp, AveragePooling3DOp>(
          [&](auto op) { return evaluatePooling(Pool::Average, op, input); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace upconv::reference
