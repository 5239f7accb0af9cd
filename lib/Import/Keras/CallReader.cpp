//===- CallReader.cpp - Who is called on what -----------------------------===//

#include "CallReader.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace upconv::keras_import;

//===----------------------------------------------------------------------===//
// References
//===----------------------------------------------------------------------===//

/// ["layer", call, tensor], perhaps with call arguments behind it.
static bool isTriple(JsonValue value) {
  std::vector<JsonValue> elements = value.elements();
  return (elements.size() == 3 || elements.size() == 4) &&
         elements[0].isString() && elements[1].asInteger() &&
         elements[2].asInteger();
}

/// A constant in the place of a layer: ["_CONSTANT_VALUE", -1, value].
static bool isConstant(JsonValue value) {
  std::vector<JsonValue> elements = value.elements();
  return elements.size() >= 3 && elements[0].asString() == "_CONSTANT_VALUE";
}

static std::optional<TensorReference> readTriple(JsonValue value) {
  if (!isTriple(value))
    return std::nullopt;
  std::vector<JsonValue> elements = value.elements();
  return TensorReference{elements[0].asString()->str(),
                         *elements[1].asInteger(), *elements[2].asInteger(),
                         value.location(), std::nullopt};
}

static std::optional<TensorReference> readReference(JsonValue value) {
  if (value.string("class_name") != "__keras_tensor__")
    return readTriple(value);
  auto reference = readTriple(value["config"]["keras_history"]);
  if (reference)
    reference->recordedShape = readShape(value["config"]["shape"]);
  return reference;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

namespace {

/// Reads one call of a layer.
class CallReader {
public:
  CallReader(LayerPlan &layer, LayerCall &call, Reporter &reporter)
      : layer(layer), call(call), reporter(reporter) {}

  void read(JsonValue node);

private:
  void readListForm(JsonValue node);
  void readKeywords(JsonValue keywords);
  void collectTensors(JsonValue value, StringRef key);
  CallArgument readArgument(std::string name, JsonValue value);
  void addTensor(TensorReference reference, StringRef key);

  InFlightDiagnostic prefixed(InFlightDiagnostic diagnostic) {
    diagnostic << "layer '" << layer.name << "' (" << layer.className << "): ";
    return diagnostic;
  }

  LayerPlan &layer;
  LayerCall &call;
  Reporter &reporter;
};

void CallReader::addTensor(TensorReference reference, StringRef key) {
  reference.key = key.str();
  call.inputs.push_back(std::move(reference));
}

/// A tensor, a list with tensors somewhere in it, or anything else.
CallArgument CallReader::readArgument(std::string name, JsonValue value) {
  CallArgument argument{std::move(name), value};
  if (isConstant(value)) {
    argument.value = value.elements()[2];
  } else if (auto reference = readReference(value)) {
    argument.tensor = call.inputs.size();
    addTensor(std::move(*reference), "");
  } else if (value.isArray()) {
    size_t before = call.inputs.size();
    for (JsonValue element : value.elements())
      argument.elements.push_back(readArgument("", element));
    if (call.inputs.size() == before)
      argument.elements.clear();
  }
  return argument;
}

/// The keyword arguments of a call; a layer has none that matter to us.
void CallReader::readKeywords(JsonValue keywords) {
  for (const JsonValue::Member &member : keywords.members()) {
    if (layer.function) {
      call.arguments.push_back(readArgument(member.key, member.value));
    } else if (member.key == "mask" || member.key == "training" ||
               member.value.isNull()) {
      continue;
    } else if (call.inputs.empty() &&
               (member.key == "inputs" || member.key == "input")) {
      collectTensors(member.value, "");
    } else {
      layer.valid = false;
      prefixed(reporter.unsupported(member.value.keyLocation()))
          << "the call's argument '" << member.key << "' is not supported";
    }
  }
}

void CallReader::collectTensors(JsonValue value, StringRef key) {
  if (isConstant(value)) {
    layer.valid = false;
    prefixed(reporter.unsupported(value.location()))
        << "a constant as input is not supported";
  } else if (auto reference = readReference(value)) {
    addTensor(std::move(*reference), key);
    if (std::vector<JsonValue> elements = value.elements();
        elements.size() == 4)
      readKeywords(elements[3]);
  } else if (value.isArray()) {
    for (JsonValue element : value.elements())
      collectTensors(element, key);
  } else if (value.isObject() && !value["class_name"]) {
    for (const JsonValue::Member &member : value.members())
      collectTensors(member.value, member.key);
  } else {
    layer.valid = false;
    prefixed(reporter.invalid(value.location()))
        << "an input must be a tensor of another layer, got " << value.text();
  }
}

/// [[layer, call, tensor, keywords], ...]: the nest is the first argument, and
/// each of its entries repeats the keywords.
void CallReader::readListForm(JsonValue node) {
  bool isSingle = isTriple(node) || isConstant(node);
  std::vector<JsonValue> entries = node.elements();
  if (!layer.function || (!isSingle && entries.empty()))
    return collectTensors(node, "");
  if (!isSingle && entries.size() == 1)
    node = entries.front();
  call.arguments.push_back(readArgument("", node));
  std::vector<JsonValue> first = isSingle || entries.size() == 1
                                     ? node.elements()
                                     : entries.front().elements();
  if (first.size() == 4)
    readKeywords(first[3]);
}

void CallReader::read(JsonValue node) {
  if (JsonValue args = node["args"]) {
    if (layer.function)
      for (JsonValue argument : args.elements())
        call.arguments.push_back(readArgument("", argument));
    else
      collectTensors(args, "");
    readKeywords(node["kwargs"]);
  } else {
    readListForm(node);
  }
  if (call.inputs.empty() && layer.valid) {
    layer.valid = false;
    prefixed(reporter.invalid(node.location()))
        << "is called on no tensor of another layer";
  }
}

} // namespace

void upconv::keras_import::readCalls(LayerPlan &layer, size_t index,
                                     JsonValue node,
                                     std::vector<LayerCall> &calls,
                                     Reporter &reporter) {
  JsonValue nodes = node["inbound_nodes"];
  if (layer.isInput)
    return;
  auto read = [&](JsonValue callNode) {
    LayerCall call{index, {}, callNode.location()};
    CallReader(layer, call, reporter).read(callNode);
    calls.push_back(std::move(call));
  };
  std::vector<JsonValue> callNodes = nodes.elements();
  if (callNodes.empty()) {
    reporter.invalid(nodes ? nodes.location() : node.location())
        << "layer '" << layer.name << "' (" << layer.className
        << "): 'inbound_nodes' must say what the layer is called on";
    layer.valid = false;
    return;
  }
  // A single call may stand without the list around it.
  if (isTriple(nodes))
    return read(nodes);
  for (JsonValue callNode : callNodes)
    read(callNode);
}

//===----------------------------------------------------------------------===//
// The ends of a model
//===----------------------------------------------------------------------===//

std::vector<TensorReference>
upconv::keras_import::readEnds(const ModelPlan &plan, JsonValue config,
                               StringRef key, Reporter &reporter) {
  std::vector<TensorReference> references;
  auto collect = [&](auto &self, JsonValue value, StringRef name) -> void {
    if (auto reference = readTriple(value)) {
      reference->key = name.str();
      references.push_back(std::move(*reference));
    } else if (value.isArray()) {
      for (JsonValue element : value.elements())
        self(self, element, name);
    } else if (value.isObject()) {
      for (const JsonValue::Member &member : value.members())
        self(self, member.value, member.key);
    } else {
      reporter.invalid(value.location())
          << "'" << key << "' must hold lists of layer, call and tensor, got "
          << value.text();
    }
  };
  JsonValue value = config[key];
  if (!value) {
    reporter.invalid(config.location())
        << "model '" << plan.name << "': '" << key << "' is required";
    return references;
  }
  collect(collect, value, "");
  if (references.empty())
    reporter.invalid(value.location())
        << "model '" << plan.name << "': '" << key << "' must not be empty";
  return references;
}

/// Subtracts the number of the first call from `references`, all to the same
/// model, which is called `count` times; `first` is the number that the
/// version's rule says.
static void renumber(ArrayRef<TensorReference *> references, int64_t count,
                     int64_t first) {
  auto [least, most] =
      std::minmax_element(references.begin(), references.end(),
                          [](auto *a, auto *b) { return a->call < b->call; });
  if (least == references.end())
    return;
  if ((*least)->call < first)
    first = 0;
  else if ((*most)->call == count && (*least)->call > 0)
    first = 1;
  for (TensorReference *reference : references)
    reference->call -= first;
}

void upconv::keras_import::countModelCallsFromZero(ModelPlan &plan,
                                                   Flavor flavor) {
  for (size_t index = 0; index < plan.layers.size(); ++index) {
    const auto &layer = plan.layers[index];
    if (!layer->model || layer->isComposition)
      continue;
    int64_t count = llvm::count_if(
        plan.calls, [&](const LayerCall &call) { return call.layer == index; });
    std::vector<TensorReference *> inside, ends;
    for (LayerCall &call : plan.calls)
      for (TensorReference &reference : call.inputs)
        if (reference.layer == layer->localName)
          inside.push_back(&reference);
    for (TensorReference &reference : plan.outputs)
      if (reference.layer == layer->localName)
        ends.push_back(&reference);
    bool isSequential = layer->className == "Sequential";
    bool hasInputLayer = llvm::any_of(
        layer->model->layers, [](const auto &inner) { return inner->isInput; });
    if (flavor == Flavor::Keras2) {
      llvm::append_range(inside, ends);
      renumber(inside, count, !isSequential || hasInputLayer);
    } else {
      renumber(inside, count, 0);
      renumber(ends, count, !isSequential);
    }
  }
}
