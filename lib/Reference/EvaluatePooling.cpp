//===- EvaluatePooling.cpp - Pooling --------------------------------------===//

#include "LayerCall.h"

#include <numeric>

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

/// All spatial axes.
template <typename PoolingOp>
Result evaluateGlobalPooling(StringRef function, PoolingOp op,
                             const Tensor64 &input) {
  auto dataFormat = parseDataFormat(op.getDataFormat());
  if (!dataFormat)
    return dataFormat.takeError();
  int64_t first = *dataFormat == DataFormat::ChannelsFirst ? 2 : 1;
  std::vector<int64_t> axes(input.shape.size() - 2);
  std::iota(axes.begin(), axes.end(), first);
  return reduce(input, function, axes, op.getKeepdims());
}

template <typename PoolingOp>
Result evaluateAdaptivePooling(Pool pool, PoolingOp op, const Tensor64 &input) {
  auto dataFormat = parseDataFormat(op.getDataFormat());
  if (!dataFormat)
    return dataFormat.takeError();
  return adaptivePooling(pool, input, op.getOutputSize(), *dataFormat);
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
      .Case<GlobalMaxPooling1DOp, GlobalMaxPooling2DOp, GlobalMaxPooling3DOp>(
          [&](auto op) { return evaluateGlobalPooling("max", op, input); })
      .Case<GlobalAveragePooling1DOp, GlobalAveragePooling2DOp,
            GlobalAveragePooling3DOp>(
          [&](auto op) { return evaluateGlobalPooling("mean", op, input); })
      .Case<AdaptiveMaxPooling1DOp, AdaptiveMaxPooling2DOp,
            AdaptiveMaxPooling3DOp>([&](auto op) {
        return evaluateAdaptivePooling(Pool::Maximum, op, input);
      })
      .Case<AdaptiveAveragePooling1DOp, AdaptiveAveragePooling2DOp,
            AdaptiveAveragePooling3DOp>([&](auto op) {
        return evaluateAdaptivePooling(Pool::Average, op, input);
      })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace upconv::reference
