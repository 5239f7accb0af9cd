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

Result evaluatePermute(keras::PermuteOp op, const Tensor64 &input) {
  std::vector<int64_t> permutation = op.getDims().vec();
  permutation.insert(permutation.begin(), 0);
  return transpose(input, permutation);
}

Result evaluateRepeatVector(keras::RepeatVectorOp op, const Tensor64 &input) {
  Result step = expandDims(input, 1);
  if (!step)
    return step;
  std::vector<Tensor64> steps(op.getN(), *step);
  return concatenate(steps, 1);
}

/// A function of the input, what the layer says of each axis, and the format.
template <typename LayerOp, typename Function>
Result withDataFormat(LayerOp op, Function function) {
  auto dataFormat = parseDataFormat(op.getDataFormat());
  if (!dataFormat)
    return dataFormat.takeError();
  return function(*dataFormat);
}

template <typename UpSamplingOp>
Result evaluateUpSampling(UpSamplingOp op, const Tensor64 &input) {
  return withDataFormat(op, [&](DataFormat format) {
    std::vector<int64_t> sizes = op.getSize().vec();
    size_t first = format == DataFormat::ChannelsFirst ? 2 : 1;
    for (size_t axis = 0; axis < sizes.size(); ++axis)
      sizes[axis] *= input.shape[first + axis];
    return resizing(input, sizes, op.getInterpolation(), format);
  });
}

Result evaluateCenterCrop(keras::CenterCropOp op, const Tensor64 &input) {
  return withDataFormat(op, [&](DataFormat format) {
    size_t first = format == DataFormat::ChannelsFirst ? 2 : 1;
    std::vector<int64_t> width;
    for (auto [axis, size] : llvm::enumerate(ArrayRef<int64_t>{
             int64_t(op.getHeight()), int64_t(op.getWidth())})) {
      int64_t surplus = input.shape[first + axis] - size;
      assert(surplus >= 0 && "what Keras would enlarge is not lowered");
      width.push_back(surplus / 2);
      width.push_back(surplus - surplus / 2);
    }
    return cropping(input, width, format);
  });
}

} // namespace

Answer evaluateShapeLayer(const LayerCall &call) {
  using namespace keras;
  const Tensor64 &input = call.input();
  return llvm::TypeSwitch<Operation *, Answer>(call.op)
      .Case([&](ReshapeOp op) { return reshape(input, op.getTargetShape()); })
      .Case([&](FlattenOp op) { return evaluateFlatten(op, input); })
      .Case([&](PermuteOp op) { return evaluatePermute(op, input); })
      .Case([&](RepeatVectorOp op) { return evaluateRepeatVector(op, input); })
      .Case<ZeroPadding1DOp, ZeroPadding2DOp, ZeroPadding3DOp>([&](auto op) {
        return withDataFormat(op, [&](DataFormat format) {
          return zeroPadding(input, op.getPadding(), format);
        });
      })
      .Case<Cropping1DOp, Cropping2DOp, Cropping3DOp>([&](auto op) {
        return withDataFormat(op, [&](DataFormat format) {
          return cropping(input, op.getCropping(), format);
        });
      })
      .Case<UpSampling1DOp, UpSampling2DOp, UpSampling3DOp>(
          [&](auto op) { return evaluateUpSampling(op, input); })
      .Case([&](ResizingOp op) {
        return withDataFormat(op, [&](DataFormat format) {
          return resizing(input,
                          {int64_t(op.getHeight()), int64_t(op.getWidth())},
                          op.getInterpolation(), format);
        });
      })
      .Case([&](CenterCropOp op) { return evaluateCenterCrop(op, input); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace upconv::reference
