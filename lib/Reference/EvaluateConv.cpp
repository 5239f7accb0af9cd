//===- EvaluateConv.cpp - Convolutions and Dense --------------------------===//

#include "LayerCall.h"

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
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace upconv::reference
