//===- Graph.cpp - A plan to IR -------------------------------------------===//

#include "Graph.h"
#include "Spelling.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"

#include <functional>
#include <queue>

using namespace mlir;
using namespace upconv::keras_import;

namespace {

std::string formatShape(ArrayRef<int64_t> shape) {
  std::string text = "(";
  for (auto [index, size] : llvm::enumerate(shape)) {
    text += index ? ", " : "";
    text += ShapedType::isDynamic(size) ? "None" : std::to_string(size);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

/// The tensor that a call makes.
struct CallResult {
  /// Null where an error keeps it from existing.
  Value value;
  /// A recorded shape was found to disagree upstream; one warning is enough.
  bool disagrees = false;
};

class GraphBuilder {
public:
  GraphBuilder(const ModelPlan &plan, Reporter &reporter,
               std::vector<LayerOp> &layerOps)
      : plan(plan), reporter(reporter), layerOps(layerOps),
        builder(reporter.getContext()) {}

  OwningOpRef<ModuleOp> build(StringRef source);

private:
  void indexModel();
  void addArguments(func::FuncOp function);
  void emitCalls();
  void finish(func::FuncOp function);

  const CallResult *resolve(const TensorReference &reference) const;
  std::optional<size_t> findCall(const TensorReference &reference) const;
  void verifyReference(const TensorReference &reference, Twine who);
  std::string callerOf(const LayerCall &call) const;

  CallResult emitCall(const LayerCall &call);
  Value emitLayer(const LayerPlan &layer, ValueRange inputs);
  void verifyArguments(const LayerPlan &layer);
  bool agreesWithFile(const LayerCall &call, size_t index, Value input);

  const ModelPlan &plan;
  Reporter &reporter;
  std::vector<LayerOp> &layerOps;
  OpBuilder builder;
  llvm::StringMap<const LayerPlan *> layersByName;
  llvm::StringMap<std::vector<size_t>> callsByLayer;
  llvm::StringMap<CallResult> inputs;
  std::vector<CallResult> results; ///< per call
  llvm::DenseSet<const LayerPlan *> verified;
};

std::string GraphBuilder::callerOf(const LayerCall &call) const {
  const LayerPlan &layer = *plan.layers[call.layer];
  return "layer '" + layer.name + "' (" + layer.className + ")";
}

void GraphBuilder::indexModel() {
  for (const auto &layer : plan.layers)
    layersByName.try_emplace(layer->name, layer.get());
  for (auto [index, call] : llvm::enumerate(plan.calls))
    callsByLayer[plan.layers[call.layer]->name].push_back(index);
  results.resize(plan.calls.size());
}

std::optional<size_t>
GraphBuilder::findCall(const TensorReference &reference) const {
  auto calls = callsByLayer.find(reference.layer);
  if (calls == callsByLayer.end() || reference.call < 0 ||
      uint64_t(reference.call) >= calls->second.size())
    return std::nullopt;
  return calls->second[reference.call];
}

const CallResult *
GraphBuilder::resolve(const TensorReference &reference) const {
  if (auto input = inputs.find(reference.layer); input != inputs.end())
    return &input->second;
  auto call = findCall(reference);
  return call ? &results[*call] : nullptr;
}

/// Reports a reference to something that the file does not have.
void GraphBuilder::verifyReference(const TensorReference &reference,
                                   Twine who) {
  if (inputs.contains(reference.layer))
    return;
  auto layer = layersByName.find(reference.layer);
  if (layer == layersByName.end()) {
    SmallVector<StringRef> known;
    for (const auto &candidate : plan.layers)
      known.push_back(candidate->name);
    reporter.invalid(reference.place)
        << who << ": there is no layer '" << reference.layer << "'"
        << didYouMean(reference.layer, known);
  } else if (layer->second->isInput) {
    // Named in no input_layers, or its shape could not be read.
    if (layer->second->valid)
      reporter.invalid(reference.place) << who << ": '" << reference.layer
                                        << "' is not among the model's inputs";
  } else if (!layer->second->kind) {
    // Reported where the layer stands; its calls may be counted differently.
  } else if (!findCall(reference)) {
    reporter.invalid(reference.place)
        << who << ": layer '" << reference.layer << "' has "
        << callsByLayer.lookup(reference.layer).size()
        << " calls, there is no call " << reference.call;
  } else if (reference.tensor != 0) {
    reporter.invalid(reference.place)
        << who << ": layer '" << reference.layer
        << "' has one output, there is no output " << reference.tensor;
  }
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// Checks what does not need an input, once per layer.
void GraphBuilder::verifyArguments(const LayerPlan &layer) {
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
bool GraphBuilder::agreesWithFile(const LayerCall &call, size_t index,
                                  Value input) {
  const TensorReference &reference = call.inputs[index];
  std::optional<Shape> recorded = reference.recordedShape;
  if (!recorded && call.inputs.size() == 1)
    recorded = plan.layers[call.layer]->recordedInput;
  if (!recorded)
    return true;
  ArrayRef<int64_t> actual = cast<RankedTensorType>(input.getType()).getShape();
  bool agrees = recorded->size() == actual.size();
  // The batch is the caller's choice.
  for (size_t axis = 1; agrees && axis < actual.size(); ++axis)
    agrees = ShapedType::isDynamic(actual[axis]) ||
             ShapedType::isDynamic((*recorded)[axis]) ||
             actual[axis] == (*recorded)[axis];
  if (agrees)
    return true;
  auto producer = layersByName.find(reference.layer);
  if (producer == layersByName.end() || producer->second->isInput)
    return true;
  const LayerPlan &layer = *producer->second;
  InFlightDiagnostic diagnostic = reporter.warning(layer.place);
  diagnostic << "layer '" << layer.name << "' (" << layer.className
             << "): the file records the output shape "
             << formatShape(*recorded) << ", its arguments give "
             << formatShape(actual);
  if (layer.outputPaddingAbsent)
    diagnostic.attachNote(layer.place)
        << "the file lacks 'output_padding', which Keras 3.0 to 3.14 did not "
           "save; add it to the layer's config";
  return false;
}

CallResult GraphBuilder::emitCall(const LayerCall &call) {
  const LayerPlan &layer = *plan.layers[call.layer];
  SmallVector<Value> operands;
  CallResult result;
  bool complete = layer.kind && layer.valid;
  if (complete && !layer.kind->merges && call.inputs.size() != 1) {
    reporter.invalid(call.place)
        << callerOf(call) << ": takes one input, got " << call.inputs.size();
    complete = false;
  }
  for (auto [index, reference] : llvm::enumerate(call.inputs)) {
    const CallResult *input = resolve(reference);
    if (!input || !input->value) {
      complete = false;
      continue;
    }
    operands.push_back(input->value);
    result.disagrees |=
        input->disagrees || !agreesWithFile(call, index, input->value);
  }
  if (complete)
    result.value = emitLayer(layer, operands);
  else
    verifyArguments(layer);
  return result;
}

/// Emits every call after the calls it depends on, otherwise in the order of
/// the file; references may point forward.
void GraphBuilder::emitCalls() {
  std::vector<unsigned> pending(plan.calls.size(), 0);
  std::vector<std::vector<size_t>> consumers(plan.calls.size());
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (auto [index, call] : llvm::enumerate(plan.calls)) {
    for (const TensorReference &reference : call.inputs) {
      verifyReference(reference, callerOf(call));
      if (inputs.contains(reference.layer))
        continue;
      if (auto producer = findCall(reference)) {
        ++pending[index];
        consumers[*producer].push_back(index);
      }
    }
    if (pending[index] == 0)
      ready.push(index);
  }
  std::vector<bool> emitted(plan.calls.size(), false);
  while (!ready.empty()) {
    size_t index = ready.top();
    ready.pop();
    emitted[index] = true;
    results[index] = emitCall(plan.calls[index]);
    for (size_t consumer : consumers[index])
      if (--pending[consumer] == 0)
        ready.push(consumer);
  }
  auto stuck = llvm::find(emitted, false);
  if (stuck == emitted.end())
    return;
  const LayerCall &call = plan.calls[stuck - emitted.begin()];
  reporter.invalid(call.place)
      << callerOf(call) << ": its input depends on its own output";
  for (auto [index, done] : llvm::enumerate(emitted))
    if (!done)
      verifyArguments(*plan.layers[plan.calls[index].layer]);
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

void GraphBuilder::addArguments(func::FuncOp function) {
  for (const InputPlan &input : plan.inputs) {
    if (input.shape.empty() || input.shape.size() > 6) {
      inputs[input.name] = {};
      continue;
    }
    auto type = RankedTensorType::get(input.shape, builder.getF32Type());
    auto name = builder.getStringAttr(input.name);
    unsigned index = function.getNumArguments();
    (void)function.insertArgument(
        index, type,
        builder.getDictionaryAttr(builder.getNamedAttr("keras.name", name)),
        NameLoc::get(name, input.place));
    inputs[input.name].value = function.getArgument(index);
  }
}

void GraphBuilder::finish(func::FuncOp function) {
  SmallVector<Value> outputs;
  SmallVector<Type> types;
  for (const TensorReference &reference : plan.outputs) {
    verifyReference(reference, "model '" + plan.name + "'");
    const CallResult *result = resolve(reference);
    if (!result || !result->value)
      continue;
    outputs.push_back(result->value);
    types.push_back(result->value.getType());
  }
  func::ReturnOp::create(builder, function.getLoc(), outputs);
  function.setFunctionType(
      builder.getFunctionType(function.getArgumentTypes(), types));
  if (outputs.size() == plan.outputs.size())
    for (auto [index, reference] : llvm::enumerate(plan.outputs))
      function.setResultAttr(index, "keras.name",
                             builder.getStringAttr(reference.layer));
}

OwningOpRef<ModuleOp> GraphBuilder::build(StringRef source) {
  indexModel();
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
  addArguments(function);
  emitCalls();
  finish(function);
  return module;
}

} // namespace

OwningOpRef<ModuleOp>
upconv::keras_import::buildGraph(const ModelPlan &plan, StringRef source,
                                 Reporter &reporter,
                                 std::vector<LayerOp> &layerOps) {
  return GraphBuilder(plan, reporter, layerOps).build(source);
}
