//===- EvaluateConv.cpp - Convolutions and Dense --------------------------===//

#include "LayerCall.h"

#include "upconv/Dialect/Keras/IR/Semantics.h"

using namespace mlir;

namespace upconv::reference {
namespace {

/// Kernel and, where the layer uses one, bias.
template <typename LayerOp>
llvm::Expected<std::pair<const Tensor64 *, const Tensor64 *>>
kernelAndBias(LayerOp op, const Variables &variables) {
  llvm::Expected<const Tensor64 *> kernel = variables.get("kernel");
  if (!kernel)
    return kernel.takeError();
  if (!op.getUseBias())
    return std::make_pair(*kernel, nullptr);
  llvm::Expected<const Tensor64 *> bias = variables.get("bias");
  if (!bias)
    return bias.takeError();
  return std::make_pair(*kernel, *bias);
}

template <typename ConvOp>
Result evaluateConvolution(ConvOp op, const Tensor64 &input,
                           const Variables &variables) {
  auto weights = kernelAndBias(op, variables);
  if (!weights)
    return weights.takeError();
  auto padding = parsePadding(op.getPadding());
  if (!padding)
    return padding.takeError();
  auto dataFormat = parseDataFormat(op.getDataFormat());
  if (!dataFormat)
    return dataFormat.takeError();
  ConvolutionArguments arguments{op.getStrides().vec(),
                                 op.getDilationRate().vec(), *padding,
                                 *dataFormat, int64_t(op.getGroups())};
  return activate(
      op, convolution(input, *weights->first, weights->second, arguments));
}

template <typename ConvTransposeOp>
Result evaluateConvolutionTranspose(ConvTransposeOp op, const Tensor64 &input,
                                    const Variables &variables) {
  auto weights = kernelAndBias(op, variables);
  if (!weights)
    return weights.takeError();
  auto padding = parsePadding(op.getPadding());
  if (!padding)
    return padding.takeError();
  auto dataFormat = parseDataFormat(op.getDataFormat());
  if (!dataFormat)
    return dataFormat.takeError();
  ConvolutionTransposeArguments arguments{op.getStrides().vec(),
                                          op.getDilationRate().vec(),
                                          std::nullopt, *padding, *dataFormat};
  if (std::optional<ArrayRef<int64_t>> outputPadding = op.getOutputPadding())
    arguments.outputPadding = outputPadding->vec();
  arguments.cropRoundsUp = keras::cropsRoundUp(op);
  return activate(op, convolutionTranspose(input, *weights->first,
                                           weights->second, arguments));
}

Result evaluateDense(keras::DenseOp op, const Tensor64 &input,
                     const Variables &variables) {
  auto weights = kernelAndBias(op, variables);
  if (!weights)
    return weights.takeError();
  return activate(op, dense(input, *weights->first, weights->second));
}

template <typename LayerOp>
llvm::Expected<ConvolutionArguments> depthwiseArguments(LayerOp op) {
  auto padding = parsePadding(op.getPadding());
  if (!padding)
    return padding.takeError();
  auto dataFormat = parseDataFormat(op.getDataFormat());
  if (!dataFormat)
    return dataFormat.takeError();
  return ConvolutionArguments{op.getStrides().vec(), op.getDilationRate().vec(),
                              *padding, *dataFormat};
}

template <typename LayerOp>
Result evaluateDepthwise(LayerOp op, const Tensor64 &input,
                         const Variables &variables) {
  auto weights = kernelAndBias(op, variables);
  if (!weights)
    return weights.takeError();
  auto arguments = depthwiseArguments(op);
  if (!arguments)
    return arguments.takeError();
  return activate(op, depthwiseConvolution(input, *weights->first,
                                           weights->second, *arguments));
}

template <typename LayerOp>
Result evaluateSeparable(LayerOp op, const Tensor64 &input,
                         const Variables &variables) {
  auto arguments = depthwiseArguments(op);
  if (!arguments)
    return arguments.takeError();
  auto depthwise = variables.get("depthwise_kernel");
  if (!depthwise)
    return depthwise.takeError();
  auto pointwise = variables.get("pointwise_kernel");
  if (!pointwise)
    return pointwise.takeError();
  Result inner = depthwiseConvolution(input, **depthwise, nullptr, *arguments);
  if (!inner)
    return inner;
  std::vector<int64_t> ones(arguments->strides.size(), 1);
  ConvolutionArguments mixing{ones, ones, Padding::Valid,
                              arguments->dataFormat};
  return activate(
      op, convolution(*inner, **pointwise, variables.find("bias"), mixing));
}

} // namespace

Answer evaluateConvLayer(const LayerCall &call) {
  using namespace keras;
  const Tensor64 &input = call.input();
  return llvm::TypeSwitch<Operation *, Answer>(call.op)
      .Case<Conv1DOp, Conv2DOp, Conv3DOp>([&](auto op) {
        return evaluateConvolution(op, input, call.variables);
      })
      .Case<Conv1DTransposeOp, Conv2DTransposeOp, Conv3DTransposeOp>(
          [&](auto op) {
            return evaluateConvolutionTranspose(op, input, call.variables);
          })
      .Case(
          [&](DenseOp op) { return evaluateDense(op, input, call.variables); })
      .Case<DepthwiseConv1DOp, DepthwiseConv2DOp>(
          [&](auto op) { return evaluateDepthwise(op, input, call.variables); })
      .Case<SeparableConv1DOp, SeparableConv2DOp>(
          [&](auto op) { return evaluateSeparable(op, input, call.variables); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace upconv::reference
