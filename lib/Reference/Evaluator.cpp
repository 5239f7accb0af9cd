//===- Evaluator.cpp - The keras dialect, op by op ------------------------===//
//
// Takes each op's attributes and variables apart, calls the layer's function
// (Layers.h) and holds the result against the op's inferred type.
//
//===----------------------------------------------------------------------===//

#include "upconv/Reference/Evaluator.h"

#include "upconv/Dialect/Keras/IR/KerasOps.h"
#include "upconv/Dialect/Keras/IR/LayerLocation.h"
#include "upconv/Reference/Layers.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace upconv::reference {
namespace {

/// A layer's variables in float64, by Keras's name.
class Variables {
public:
  static llvm::Expected<Variables> of(keras::LayerOpInterface layer,
                                      const WeightStore &store);

  /// Null if the layer has no such variable.
  const Tensor64 *find(StringRef name) const {
    auto it = values.find(name);
    return it == values.end() ? nullptr : &it->second;
  }

  llvm::Expected<const Tensor64 *> get(StringRef name) const {
    if (const Tensor64 *tensor = find(name))
      return tensor;
    return failure("no values are bound to variable '" + name + "'");
  }

private:
  llvm::StringMap<Tensor64> values;
};

llvm::Expected<Variables> Variables::of(keras::LayerOpInterface layer,
                                        const WeightStore &store) {
  Variables variables;
  ArrayAttr bound = layer.getLayerWeights();
  if (!bound)
    return variables;
  for (Attribute attribute : bound) {
    auto variable = dyn_cast<keras::VariableAttr>(attribute);
    if (!variable)
      return failure("'weights' must hold variables");
    const Tensor *tensor = store.find(variable.getSource());
    if (!tensor)
      return failure("the weight store has no '" + variable.getSource() + "'");
    if (ArrayRef(tensor->shape) != variable.getType().getShape())
      return failure("variable '" + variable.getName() + "' must have shape " +
                     shapeText(variable.getType().getShape()) + ", got " +
                     shapeText(tensor->shape));
    variables.values[variable.getName()] = {
        tensor->shape, {tensor->values.begin(), tensor->values.end()}};
  }
  return variables;
}

using Result = llvm::Expected<Tensor64>;

/// What follows the contraction in Conv, ConvTranspose and Dense.
template <typename LayerOp> Result activate(LayerOp op, Result result) {
  if (!result)
    return result;
  return activation(*result, op.getActivation());
}

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

Result evaluateDense(keras::DenseOp op, const Tensor64 &input,
                     const Variables &variables) {
  auto weights = kernelAndBias(op, variables);
  if (!weights)
    return weights.takeError();
  return activate(op, dense(input, *weights->first, weights->second));
}

Result evaluateBatchNormalization(keras::BatchNormalizationOp op,
                                  const Tensor64 &input,
                                  const Variables &variables) {
  llvm::Expected<const Tensor64 *> mean = variables.get("moving_mean");
  if (!mean)
    return mean.takeError();
  llvm::Expected<const Tensor64 *> variance = variables.get("moving_variance");
  if (!variance)
    return variance.takeError();
  const Tensor64 *gamma = nullptr, *beta = nullptr;
  if (op.getScale()) {
    llvm::Expected<const Tensor64 *> bound = variables.get("gamma");
    if (!bound)
      return bound.takeError();
    gamma = *bound;
  }
  if (op.getCenter()) {
    llvm::Expected<const Tensor64 *> bound = variables.get("beta");
    if (!bound)
      return bound.takeError();
    beta = *bound;
  }
  return batchNormalization(input, op.getAxis(),
                            op.getEpsilon().convertToDouble(), gamma, beta,
                            **mean, **variance);
}

Result evaluateReLU(keras::ReLUOp op, const Tensor64 &input) {
  std::optional<double> maximum;
  if (std::optional<APFloat> value = op.getMaxValue())
    maximum = value->convertToDouble();
  return relu(input, maximum, op.getNegativeSlope().convertToDouble(),
              op.getThreshold().convertToDouble());
}

Result evaluateFlatten(keras::FlattenOp op, const Tensor64 &input) {
  auto dataFormat = parseDataFormat(op.getDataFormat());
  if (!dataFormat)
    return dataFormat.takeError();
  return flatten(input, *dataFormat);
}

Result evaluateLayer(keras::LayerOpInterface layer, ArrayRef<Tensor64> inputs,
                     const WeightStore &store) {
  llvm::Expected<Variables> variables = Variables::of(layer, store);
  if (!variables)
    return variables.takeError();
  if (inputs.empty())
    return failure("the layer has no input");
  const Tensor64 &input = inputs.front();

  using namespace keras;
  return llvm::TypeSwitch<Operation *, Result>(layer.getOperation())
      .Case<Conv1DOp, Conv2DOp, Conv3DOp>(
          [&](auto op) { return evaluateConvolution(op, input, *variables); })
      .Case<Conv1DTransposeOp, Conv2DTransposeOp, Conv3DTransposeOp>(
          [&](auto op) {
            return evaluateConvolutionTranspose(op, input, *variables);
          })
      .Case<DenseOp>(
          [&](auto op) { return evaluateDense(op, input, *variables); })
      .Case<MaxPooling1DOp, MaxPooling2DOp, MaxPooling3DOp>(
          [&](auto op) { return evaluatePooling(Pool::Maximum, op, input); })
      .Case<AveragePooling1DOp, AveragePooling2DOp, AveragePooling3DOp>(
          [&](auto op) { return evaluatePooling(Pool::Average, op, input); })
      .Case<BatchNormalizationOp>([&](auto op) {
        return evaluateBatchNormalization(op, input, *variables);
      })
      .Case<ReLUOp>([&](auto op) { return evaluateReLU(op, input); })
      .Case<LeakyReLUOp>([&](auto op) -> Result {
        return relu(input, std::nullopt,
                    op.getNegativeSlope().convertToDouble(), 0.0);
      })
      .Case<SoftmaxOp>([&](auto op) { return softmax(input, op.getAxis()); })
      .Case<ActivationOp>(
          [&](auto op) { return activation(input, op.getActivation()); })
      .Case<ReshapeOp>(
          [&](auto op) { return reshape(input, op.getTargetShape()); })
      .Case<FlattenOp>([&](auto op) { return evaluateFlatten(op, input); })
      .Case<DropoutOp>([&](auto) -> Result { return input; })
      .Case<AddOp>([&](auto) { return add(inputs); })
      .Default([](Operation *) -> Result {
        return failure("the reference does not know this layer");
      });
}

bool agrees(ArrayRef<int64_t> shape, Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || size_t(tensor.getRank()) != shape.size())
    return false;
  for (auto [extent, declared] : llvm::zip(shape, tensor.getShape()))
    if (!ShapedType::isDynamic(declared) && extent != declared)
      return false;
  return true;
}

bool wellFormed(const Tensor64 &tensor) {
  llvm::Expected<int64_t> count = elementCount(tensor.shape);
  if (!count) {
    llvm::consumeError(count.takeError());
    return false;
  }
  return size_t(*count) == tensor.values.size();
}

using Environment = llvm::DenseMap<Value, Tensor64>;

LogicalResult bindInputs(func::FuncOp function, ArrayRef<Tensor64> inputs,
                         Environment &environment) {
  if (function.isExternal())
    return function.emitError("function has no body to evaluate");
  if (inputs.size() != function.getNumArguments())
    return function.emitError("expected ")
           << function.getNumArguments() << " inputs, got " << inputs.size();
  for (auto [number, argument] : llvm::enumerate(function.getArguments())) {
    const Tensor64 &input = inputs[number];
    if (!agrees(input.shape, argument.getType()) || !wellFormed(input))
      return function.emitError("input ")
             << number << " must have type " << argument.getType()
             << ", got a tensor of shape " << shapeText(input.shape);
    environment[argument] = input;
  }
  return success();
}

LogicalResult evaluateOp(Operation &op, const WeightStore &store,
                         Environment &environment) {
  auto layer = dyn_cast<keras::LayerOpInterface>(op);
  if (!layer)
    return op.emitError("the reference evaluates layers only");
  SmallVector<Tensor64> inputs;
  for (Value operand : op.getOperands())
    inputs.push_back(environment.lookup(operand));
  Result result = evaluateLayer(layer, inputs, store);
  if (!result)
    return keras::emitLayerError(op.getLoc(), layer.getLayerClass())
           << llvm::toString(result.takeError());
  if (!agrees(result->shape, op.getResult(0).getType()))
    return keras::emitLayerError(op.getLoc(), layer.getLayerClass())
           << "inferred type " << op.getResult(0).getType()
           << ", but the layer computes shape " << shapeText(result->shape);
  environment[op.getResult(0)] = std::move(*result);
  return success();
}

} // namespace

FailureOr<std::vector<Tensor64>> evaluate(func::FuncOp function,
                                          const WeightStore &store,
                                          ArrayRef<Tensor64> inputs) {
  Environment environment;
  if (failed(bindInputs(function, inputs, environment)))
    return mlir::failure();
  for (Operation &op : function.getBody().front().without_terminator())
    if (failed(evaluateOp(op, store, environment)))
      return mlir::failure();
  std::vector<Tensor64> results;
  for (Value value : function.getBody().front().getTerminator()->getOperands())
    results.push_back(environment.lookup(value));
  return results;
}

} // namespace upconv::reference
