//===- Graph.cpp - A plan to IR -------------------------------------------===//

#include "Graph.h"
#include "FunctionCall.h"
#include "LayerKinds.h"
#include "Scope.h"
#include "Spelling.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv;
using namespace upconv::keras_import;

namespace {

/// The tensors that a call makes.
struct CallResult {
  /// Null where an error keeps them from existing.
  SmallVector<Value, 1> values;
  /// A recorded shape was found to disagree upstream; one warning is enough.
  bool disagrees = false;
};

/// One tensor of them.
struct TensorResult {
  Value value;
  bool disagrees = false;
};

/// More layers than any model has; models inside models may be called so often
/// that a small file asks for more.
constexpr unsigned maximumCalls = 100000;

class GraphBuilder {
public:
  GraphBuilder(const ModelPlan &plan, Reporter &reporter,
               std::vector<LayerOp> &layerOps)
      : plan(plan), reporter(reporter), layerOps(layerOps),
        builder(reporter.getContext()) {}

  OwningOpRef<ModuleOp> build(StringRef source);

private:
  std::vector<TensorResult> addArguments(func::FuncOp function);
  void finish(func::FuncOp function, ArrayRef<TensorResult> outputs);

  /// The state of one model while its calls are emitted.
  struct Frame {
    const ModelPlan &plan;
    const Scope &scope;
    ArrayRef<TensorResult> inputs;
    std::vector<CallResult> results; ///< per call
  };

  const Scope &scopeOf(const ModelPlan &model);
  std::vector<TensorResult> emitModel(const ModelPlan &model,
                                      ArrayRef<TensorResult> inputs);
  TensorResult resolve(const Frame &frame, const TensorReference &reference);
  CallResult emitCall(const Frame &frame, const LayerCall &call);
  CallResult emitInnerModel(const LayerPlan &layer, const LayerCall &call,
                            ArrayRef<TensorResult> inputs);
  CallResult emitInside(const LayerPlan &layer, const LayerCall &call,
                        ArrayRef<TensorResult> inputs);
  CallResult emitWrapped(const LayerPlan &wrapper, const LayerCall &call,
                         TensorResult input);
  Value emitLayer(const LayerPlan &layer, ValueRange inputs);
  void verifyArguments(const LayerPlan &layer);
  bool agreesWithFile(const Frame &frame, const LayerCall &call, size_t index,
                      Value input);

  const ModelPlan &plan;
  Reporter &reporter;
  std::vector<LayerOp> &layerOps;
  OpBuilder builder;
  llvm::DenseMap<const ModelPlan *, std::unique_ptr<Scope>> scopes;
  llvm::DenseSet<const LayerPlan *> verified;
  unsigned emittedCalls = 0;
};

const Scope &GraphBuilder::scopeOf(const ModelPlan &model) {
  std::unique_ptr<Scope> &scope = scopes[&model];
  if (!scope)
    scope = std::make_unique<Scope>(model, reporter);
  return *scope;
}

TensorResult GraphBuilder::resolve(const Frame &frame,
                                   const TensorReference &reference) {
  if (auto input = frame.scope.findInput(reference))
    return frame.inputs[*input];
  auto call = frame.scope.findCall(reference);
  if (!call)
    return {};
  const CallResult &result = frame.results[*call];
  if (uint64_t(reference.tensor) < result.values.size())
    return {result.values[reference.tensor], result.disagrees};
  // Only a function's outputs are not known beforehand.
  const LayerPlan &layer = *frame.plan.layers[frame.plan.calls[*call].layer];
  if (layer.function && !result.values.empty())
    reporter.invalid(reference.place)
        << describe(layer) << " has " << result.values.size()
        << " outputs, there is no output " << reference.tensor;
  return {{}, result.disagrees};
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// Checks what does not need an input, once per layer.
void GraphBuilder::verifyArguments(const LayerPlan &layer) {
  if (layer.wrapped)
    verifyArguments(*layer.wrapped);
  if (!layer.kind || !layer.valid || !verified.insert(&layer).second)
    return;
  if (failed(layer.kind->verify(
          layer.location(),
          layer.attributes.getDictionary(reporter.getContext()))))
    reporter.markInvalid();
}

Value GraphBuilder::emitLayer(const LayerPlan &layer, ValueRange inputs) {
  // A shared layer with wrong arguments is reported once.
  if (verified.contains(&layer))
    return {};
  Operation *op =
      layer.kind->build(builder, layer.location(), inputs,
                        layer.attributes.getDictionary(reporter.getContext()));
  if (!op) {
    reporter.markInvalid();
    verified.insert(&layer);
    return {};
  }
  layerOps.push_back({op, &layer});
  Value output = op->getResult(0);
  return layer.activation ? emitLayer(*layer.activation, output) : output;
}

/// Compares an input with the shape that the file records for it, and warns at
/// the layer that makes it.
bool GraphBuilder::agreesWithFile(const Frame &frame, const LayerCall &call,
                                  size_t index, Value input) {
  const TensorReference &reference = call.inputs[index];
  std::optional<Shape> recorded = reference.recordedShape;
  if (!recorded && call.inputs.size() == 1)
    recorded = frame.plan.layers[call.layer]->recordedInput;
  if (!recorded)
    return true;
  ArrayRef<int64_t> actual = cast<RankedTensorType>(input.getType()).getShape();
  bool agrees = recorded->size() == actual.size();
  // The batch is the caller's choice.
  for (size_t axis = 1; agrees && axis < actual.size(); ++axis)
    agrees = ShapedType::isDynamic(actual[axis]) ||
             ShapedType::isDynamic((*recorded)[axis]) ||
             actual[axis] == (*recorded)[axis];
  const LayerPlan *layer = frame.scope.findMaker(reference);
  if (agrees || !layer)
    return true;
  InFlightDiagnostic diagnostic = reporter.warning(layer->place);
  diagnostic << describe(*layer) << ": the file records the output shape "
             << formatShape(*recorded) << ", its arguments give "
             << formatShape(actual);
  if (layer->outputPaddingAbsent)
    diagnostic.attachNote(layer->place)
        << "the file lacks 'output_padding', which Keras 3.0 to 3.14 did not "
           "save; add it to the layer's config";
  return false;
}

/// Hands `inputs` to the inputs of a model: by key where both sides are
/// dictionaries, otherwise in order.
static std::vector<TensorResult> bindInputs(const ModelPlan &model,
                                            const LayerCall &call,
                                            ArrayRef<TensorResult> inputs) {
  std::vector<TensorResult> bound(inputs.begin(), inputs.end());
  for (auto [index, input] : llvm::enumerate(model.inputs))
    for (auto [given, reference] : llvm::enumerate(call.inputs))
      if (!input.key.empty() && input.key == reference.key)
        bound[index] = inputs[given];
  return bound;
}

CallResult GraphBuilder::emitInnerModel(const LayerPlan &layer,
                                        const LayerCall &call,
                                        ArrayRef<TensorResult> inputs) {
  const ModelPlan &model = *layer.model;
  std::vector<TensorResult> bound;
  if (inputs.size() == model.inputs.size()) {
    bound = bindInputs(model, call, inputs);
  } else {
    // Where the model's inputs could not be read, that has been reported.
    if (layer.valid && reporter.ok())
      reporter.invalid(call.place)
          << describe(layer) << ": takes " << model.inputs.size()
          << (model.inputs.size() == 1 ? " input" : " inputs") << ", got "
          << inputs.size();
    bound.resize(model.inputs.size());
  }
  CallResult result;
  for (const TensorResult &output : emitModel(model, bound)) {
    result.values.push_back(output.value);
    result.disagrees |= output.disagrees;
  }
  return result;
}

/// What is inside `wrapper` on its input, and then the wrapper itself.
CallResult GraphBuilder::emitWrapped(const LayerPlan &wrapper,
                                     const LayerCall &call,
                                     TensorResult input) {
  bool everyStep = wrapper.kind->wraps == Wraps::EveryStep;
  if (!input.value || verified.contains(&wrapper))
    return {{}, input.disagrees};
  TensorResult given = input;
  if (everyStep) {
    Operation *merged = keras_import::detail::buildKind<keras::MergeStepsOp>(
        builder, wrapper.location(), input.value,
        builder.getDictionaryAttr({}));
    if (!merged) {
      reporter.markInvalid();
      verified.insert(&wrapper);
      return {};
    }
    given.value = merged->getResult(0);
  }
  CallResult result = emitInside(*wrapper.wrapped, call, given);
  if (result.values.size() > 1) {
    reporter.unsupported(wrapper.place)
        << describe(wrapper) << ": a wrapped model with "
        << result.values.size() << " outputs is not supported";
    verified.insert(&wrapper);
    return {};
  }
  if (result.values.empty() || !result.values.front())
    return {};
  SmallVector<Value> operands = {result.values.front()};
  if (everyStep)
    operands.push_back(input.value);
  result.values.front() = emitLayer(wrapper, operands);
  return result;
}

/// A layer, wrapper or model with its inputs.
CallResult GraphBuilder::emitInside(const LayerPlan &layer,
                                    const LayerCall &call,
                                    ArrayRef<TensorResult> inputs) {
  if (layer.model)
    return emitInnerModel(layer, call, inputs);
  if (layer.wrapped)
    return emitWrapped(layer, call, inputs.front());
  CallResult result;
  SmallVector<Value> operands;
  for (const TensorResult &input : inputs) {
    operands.push_back(input.value);
    result.disagrees |= input.disagrees;
  }
  result.values.push_back(emitLayer(layer, operands));
  return result;
}

CallResult GraphBuilder::emitCall(const Frame &frame, const LayerCall &call) {
  const LayerPlan &layer = *frame.plan.layers[call.layer];
  std::vector<TensorResult> inputs;
  SmallVector<Value> operands;
  CallResult result;
  bool complete = (layer.kind || layer.function) && layer.valid;
  if (complete && layer.kind && !layer.kind->merges &&
      call.inputs.size() != 1) {
    reporter.invalid(call.place)
        << describe(layer) << ": takes one input, got " << call.inputs.size();
    complete = false;
  }
  for (auto [index, reference] : llvm::enumerate(call.inputs)) {
    TensorResult input = resolve(frame, reference);
    input.disagrees |=
        input.value &&
        (input.disagrees || !agreesWithFile(frame, call, index, input.value));
    result.disagrees |= input.disagrees;
    complete &= bool(input.value);
    inputs.push_back(input);
    operands.push_back(input.value);
  }
  if (layer.model)
    return emitInnerModel(layer, call, inputs);
  if (complete && layer.function)
    result.values =
        FunctionCall(layer, call, operands, builder, reporter).build();
  else if (complete)
    result = emitInside(layer, call, inputs);
  else
    verifyArguments(layer);
  return result;
}

/// Emits the calls of a model on `inputs`, null where an error keeps one from
/// existing.
std::vector<TensorResult>
GraphBuilder::emitModel(const ModelPlan &model, ArrayRef<TensorResult> inputs) {
  Frame frame{model, scopeOf(model), inputs, {}};
  frame.results.resize(model.calls.size());
  std::vector<TensorResult> outputs(model.outputs.size());
  for (size_t index : frame.scope.order()) {
    if (++emittedCalls > maximumCalls) {
      if (emittedCalls == maximumCalls + 1)
        reporter.unsupported(model.calls[index].place)
            << "more than " << maximumCalls << " calls of layers";
      return outputs;
    }
    frame.results[index] = emitCall(frame, model.calls[index]);
  }
  if (frame.scope.order().size() < model.calls.size())
    for (const LayerCall &call : model.calls)
      verifyArguments(*model.layers[call.layer]);
  for (auto [output, reference] : llvm::zip(outputs, model.outputs))
    output = resolve(frame, reference);
  return outputs;
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

std::vector<TensorResult> GraphBuilder::addArguments(func::FuncOp function) {
  std::vector<TensorResult> inputs;
  for (const InputPlan &input : plan.inputs) {
    inputs.emplace_back();
    if (input.shape.empty() || input.shape.size() > 6)
      continue;
    auto type = RankedTensorType::get(input.shape, builder.getF32Type());
    auto name = builder.getStringAttr(input.name);
    unsigned index = function.getNumArguments();
    (void)function.insertArgument(
        index, type,
        builder.getDictionaryAttr(builder.getNamedAttr("keras.name", name)),
        NameLoc::get(name, input.place));
    inputs.back().value = function.getArgument(index);
  }
  return inputs;
}

void GraphBuilder::finish(func::FuncOp function,
                          ArrayRef<TensorResult> outputs) {
  SmallVector<Value> values;
  SmallVector<Type> types;
  for (const TensorResult &output : outputs) {
    if (!output.value)
      continue;
    values.push_back(output.value);
    types.push_back(output.value.getType());
  }
  func::ReturnOp::create(builder, function.getLoc(), values);
  function.setFunctionType(
      builder.getFunctionType(function.getArgumentTypes(), types));
  if (values.size() == plan.outputs.size())
    for (auto [index, reference] : llvm::enumerate(plan.outputs))
      function.setResultAttr(index, "keras.name",
                             builder.getStringAttr(reference.layer));
}

OwningOpRef<ModuleOp> GraphBuilder::build(StringRef source) {
  Location place = plan.layers.empty() ? builder.getUnknownLoc()
                                       : plan.layers.front()->place;
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder, place);
  (*module)->setAttr("keras.model_name", builder.getStringAttr(plan.name));
  (*module)->setAttr("keras.version", builder.getStringAttr(plan.version));
  (*module)->setAttr("keras.source", builder.getStringAttr(source));
  builder.setInsertionPointToEnd(module->getBody());
  auto function = func::FuncOp::create(builder, place, toIdentifier(plan.name),
                                       builder.getFunctionType({}, {}));
  builder.setInsertionPointToEnd(function.addEntryBlock());
  std::vector<TensorResult> inputs = addArguments(function);
  finish(function, emitModel(plan, inputs));
  return module;
}

} // namespace

OwningOpRef<ModuleOp>
upconv::keras_import::buildGraph(const ModelPlan &plan, StringRef source,
                                 Reporter &reporter,
                                 std::vector<LayerOp> &layerOps) {
  return GraphBuilder(plan, reporter, layerOps).build(source);
}
