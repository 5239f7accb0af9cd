//===- Evaluator.cpp - The keras dialect, op by op ------------------------===//
//
// Gives each op to the families (LayerCall.h), which take its attributes and
// variables apart and call the layer's function (Layers.h), and holds the
// result against the op's inferred type.
//
//===----------------------------------------------------------------------===//

#include "upconv/Reference/Evaluator.h"

#include "LayerCall.h"

#include "upconv/Dialect/Keras/IR/LayerLocation.h"

using namespace mlir;

namespace upconv::reference {
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

namespace {

Result evaluateLayer(keras::LayerOpInterface layer, ArrayRef<Tensor64> inputs,
                     const WeightStore &store) {
  llvm::Expected<Variables> variables = Variables::of(layer, store);
  if (!variables)
    return variables.takeError();
  if (inputs.empty())
    return failure("the layer has no input");
  LayerCall call{layer, inputs, *variables};
  static constexpr Answer (*families[])(const LayerCall &) = {
      evaluateActivationLayer, evaluateConvLayer,    evaluateFunctionOp,
      evaluateIdentityLayer,   evaluateMergingLayer, evaluateNormalizationLayer,
      evaluatePoolingLayer,    evaluateShapeLayer};
  for (auto evaluate : families)
    if (Answer answer = evaluate(call))
      return std::move(*answer);
  return failure("the reference does not know this layer");
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
