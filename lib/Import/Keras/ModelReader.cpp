//===- ModelReader.cpp - A model's JSON to a plan -------------------------===//

#include "ModelReader.h"
#include "Spelling.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace upconv::keras_import;

namespace {

//===----------------------------------------------------------------------===//
// Which Keras wrote the file
//===----------------------------------------------------------------------===//

/// What one object says about the file's Keras.
std::optional<Flavor> flavorOfObject(JsonValue object) {
  if (object["batch_shape"] || object["args"])
    return Flavor::Keras3;
  if (object["batch_input_shape"])
    return Flavor::Keras2;
  if (object.string("class_name") == "DTypePolicy")
    return Flavor::Keras3;
  return std::nullopt;
}

/// The first object, in the order of the file, that says something.
std::optional<Flavor> findFlavor(JsonValue value,
                                 std::optional<Flavor> (*ask)(JsonValue)) {
  if (value.isObject())
    if (auto flavor = ask(value))
      return flavor;
  for (const JsonValue::Member &member : value.members())
    if (auto flavor = findFlavor(member.value, ask))
      return flavor;
  for (JsonValue element : value.elements())
    if (auto flavor = findFlavor(element, ask))
      return flavor;
  return std::nullopt;
}

/// Weaker evidence: serialized objects (initializers above all) name their
/// module since Keras 3.
std::optional<Flavor> flavorOfSerialized(JsonValue object) {
  StringRef className = object.string("class_name");
  if (className.empty() || !object["config"].isObject() ||
      className == "__keras_tensor__")
    return std::nullopt;
  // A layer without a module may be written by hand.
  for (const JsonValue::Member &member : object["config"].members())
    if (StringRef(member.key).ends_with("_initializer") &&
        member.value.isObject())
      return member.value["module"] ? Flavor::Keras3 : Flavor::Keras2;
  return std::nullopt;
}

Flavor detectFlavor(JsonValue root, StringRef version) {
  if (!version.empty())
    return version.starts_with("3") || version.starts_with("4")
               ? Flavor::Keras3
               : Flavor::Keras2;
  if (auto flavor = findFlavor(root, flavorOfObject))
    return *flavor;
  return findFlavor(root, flavorOfSerialized).value_or(Flavor::Keras3);
}

//===----------------------------------------------------------------------===//
// The reader
//===----------------------------------------------------------------------===//

class ModelReader {
public:
  ModelReader(JsonValue root, Reporter &reporter)
      : root(root), reporter(reporter) {}

  std::optional<ModelPlan> read(StringRef version);

private:
  bool readSequential(JsonValue config);
  bool readFunctional(JsonValue config);
  bool readBareLayer();

  LayerPlan &addLayer(JsonValue node, StringRef name);
  void addInput(LayerPlan &layer, JsonValue config);
  std::string autoName(StringRef className);

  void readCalls(size_t layer, JsonValue node);
  void readCall(size_t layer, JsonValue call);
  void readCallArguments(const LayerPlan &layer, JsonValue kwargs);
  void collectTensors(const LayerPlan &layer, JsonValue value, LayerCall &call);
  std::optional<TensorReference> readTriple(JsonValue value);
  std::optional<TensorReference> readKerasTensor(JsonValue value);
  std::vector<TensorReference> readEnds(JsonValue config, StringRef key);

  InFlightDiagnostic layerError(const LayerPlan &layer, Location place) {
    auto diagnostic = reporter.invalid(place);
    diagnostic << "layer '" << layer.name << "' (" << layer.className << "): ";
    return diagnostic;
  }

  JsonValue root;
  Reporter &reporter;
  ModelPlan plan;
  llvm::StringMap<Location> layerPlaces;
  llvm::StringMap<unsigned> groupCounts;
  llvm::StringMap<unsigned> autoNameCounts;
};

std::string numbered(StringRef base, unsigned count) {
  return count == 0 ? base.str() : (base + "_" + Twine(count)).str();
}

std::string ModelReader::autoName(StringRef className) {
  std::string base = toSnakeCase(className);
  return numbered(base, autoNameCounts[base]++);
}

LayerPlan &ModelReader::addLayer(JsonValue node, StringRef name) {
  plan.layers.push_back(readLayer(node, name, plan.flavor, reporter));
  LayerPlan &layer = *plan.layers.back();
  std::string base = toSnakeCase(layer.className);
  layer.weightGroup = numbered(base, groupCounts[base]++);
  auto [previous, isNew] = layerPlaces.try_emplace(name, node.location());
  if (!isNew) {
    InFlightDiagnostic diagnostic = layerError(layer, node.location());
    diagnostic << "another layer has the same name";
    diagnostic.attachNote(previous->second) << "the other layer is here";
    layer.valid = false;
  }
  return layer;
}

/// Finds the input shape in a config: Keras 3 says batch_shape, Keras 2
/// batch_input_shape, people shape or input_shape (without the batch).
void ModelReader::addInput(LayerPlan &layer, JsonValue config) {
  if (!layer.valid)
    return;
  InputPlan input{layer.name, {}, layer.place};
  for (StringRef key :
       {"batch_shape", "batch_input_shape", "shape", "input_shape"}) {
    JsonValue value = config[key];
    if (!value.isSet())
      continue;
    input.place = value.location();
    auto shape = readShape(value);
    if (!shape) {
      layerError(layer, value.location())
          << "'" << key << "' must be a list of positive sizes and nulls, got "
          << value.text();
      layer.valid = false;
      return;
    }
    input.shape = *shape;
    if (!key.starts_with("batch"))
      input.shape.insert(input.shape.begin(), ShapedType::kDynamic);
    break;
  }
  plan.inputs.push_back(std::move(input));
}

std::optional<ModelPlan> ModelReader::read(StringRef version) {
  if (!root.isObject()) {
    reporter.invalid(root.location())
        << "not a Keras model: expected an object with 'class_name' and "
           "'config'";
    return std::nullopt;
  }
  JsonValue classNode = root["class_name"];
  auto className = classNode.asString();
  if (!className) {
    reporter.invalid(classNode ? classNode.location() : root.location())
        << "not a Keras model: "
        << (classNode ? "'class_name' must be a string"
                      : "'class_name' is required");
    return std::nullopt;
  }
  JsonValue config = root["config"];
  if (!config.isObject() && !config.isArray()) {
    reporter.invalid(config ? config.location() : root.location())
        << "not a Keras model: 'config' must be an object";
    return std::nullopt;
  }
  plan.version =
      version.empty() ? root.string("keras_version").str() : version.str();
  plan.flavor = detectFlavor(root, plan.version);
  plan.name = config.string("name").str();
  bool found = *className == "Sequential" ? readSequential(config)
               : *className == "Functional" || *className == "Model"
                   ? readFunctional(config)
                   : readBareLayer();
  if (!found)
    return std::nullopt;
  return std::move(plan);
}

//===----------------------------------------------------------------------===//
// Sequential and bare layers
//===----------------------------------------------------------------------===//

bool ModelReader::readBareLayer() {
  JsonValue config = root["config"];
  std::string className = root.string("class_name").str();
  if (className == "InputLayer") {
    reporter.invalid(root.location()) << "a bare InputLayer computes nothing";
    return false;
  }
  // A subclassed model has Python code that the file does not hold.
  if (config["layers"].isArray()) {
    reporter.unsupported(root["class_name"].location())
        << "'" << className
        << "' is a model class of the user's own, which is not supported";
    return false;
  }
  std::string name = plan.name.empty() ? autoName(className) : plan.name;
  plan.name = name;
  plan.isBareLayer = true;
  LayerPlan &layer = addLayer(root, name);
  InputPlan input{"", {}, layer.place};
  for (StringRef key : {"batch_shape", "batch_input_shape"})
    if (auto shape = readShape(config[key]))
      input.shape = *shape;
  if (input.shape.empty() && layer.recordedInput)
    input.shape = *layer.recordedInput;
  layer.recordedInput.reset();
  plan.inputs.push_back(std::move(input));
  plan.outputs.push_back({name, 0, 0, layer.place, std::nullopt});
  return true;
}

bool ModelReader::readSequential(JsonValue config) {
  // Before Keras 2.2.3 the config is the list itself.
  JsonValue list = config.isArray() ? config : config["layers"];
  if (plan.name.empty())
    plan.name = "sequential";
  if (!list.isArray() || list.elements().empty()) {
    reporter.invalid(list ? list.location() : root.location())
        << "model '" << plan.name << "' must have layers";
    return false;
  }
  std::string previous;
  for (auto [index, node] : llvm::enumerate(list.elements())) {
    JsonValue layerConfig = node["config"];
    std::string name = layerConfig.string("name").str();
    if (name.empty())
      name = autoName(node.string("class_name"));
    if (index == 0 && node.string("class_name") != "InputLayer") {
      // The first layer says its own input shape, or the model does.
      InputPlan input{name + "_input", {}, node.location()};
      for (JsonValue value :
           {layerConfig["batch_input_shape"], layerConfig["batch_shape"],
            config["build_input_shape"], root["build_config"]["input_shape"]})
        if (input.shape.empty() && value.isSet())
          input.shape = readShape(value).value_or(Shape());
      plan.inputs.push_back(input);
      previous = plan.inputs.back().name;
    }
    LayerPlan &layer = addLayer(node, name);
    if (layer.isInput) {
      if (index != 0) {
        layerError(layer, node.location())
            << "an InputLayer must be the first layer of a Sequential model";
        continue;
      }
      addInput(layer, layerConfig);
    } else {
      LayerCall call{plan.layers.size() - 1, {}, node.location()};
      call.inputs.push_back({previous, 0, 0, node.location(), std::nullopt});
      plan.calls.push_back(std::move(call));
    }
    previous = name;
  }
  plan.outputs.push_back({previous, 0, 0, list.location(), std::nullopt});
  return true;
}

//===----------------------------------------------------------------------===//
// Functional
//===----------------------------------------------------------------------===//

/// ["layer", call, tensor], perhaps with call arguments behind it.
static bool isTriple(JsonValue value) {
  std::vector<JsonValue> elements = value.elements();
  return (elements.size() == 3 || elements.size() == 4) &&
         elements[0].isString() && elements[1].asInteger() &&
         elements[2].asInteger();
}

std::optional<TensorReference> ModelReader::readTriple(JsonValue value) {
  if (!isTriple(value))
    return std::nullopt;
  std::vector<JsonValue> elements = value.elements();
  return TensorReference{elements[0].asString()->str(),
                         *elements[1].asInteger(), *elements[2].asInteger(),
                         value.location(), std::nullopt};
}

std::optional<TensorReference> ModelReader::readKerasTensor(JsonValue value) {
  if (value.string("class_name") != "__keras_tensor__")
    return std::nullopt;
  auto reference = readTriple(value["config"]["keras_history"]);
  if (reference)
    reference->recordedShape = readShape(value["config"]["shape"]);
  return reference;
}

void ModelReader::readCallArguments(const LayerPlan &layer, JsonValue kwargs) {
  for (const JsonValue::Member &member : kwargs.members())
    if (member.key != "mask" && member.key != "training" &&
        !member.value.isNull())
      reporter.unsupported(member.value.keyLocation())
          << "layer '" << layer.name << "' (" << layer.className
          << "): the call's argument '" << member.key
          << "' is not supported yet";
}

void ModelReader::collectTensors(const LayerPlan &layer, JsonValue value,
                                 LayerCall &call) {
  if (auto reference = readKerasTensor(value)) {
    call.inputs.push_back(std::move(*reference));
  } else if (auto reference = readTriple(value)) {
    if (reference->layer == "_CONSTANT_VALUE")
      reporter.unsupported(value.location())
          << "layer '" << layer.name << "' (" << layer.className
          << "): a constant as input is not supported yet";
    else
      call.inputs.push_back(std::move(*reference));
    if (std::vector<JsonValue> elements = value.elements();
        elements.size() == 4)
      readCallArguments(layer, elements[3]);
  } else if (value.isArray()) {
    for (JsonValue element : value.elements())
      collectTensors(layer, element, call);
  } else {
    layerError(layer, value.location())
        << "an input must be a tensor of another layer, got " << value.text();
  }
}

void ModelReader::readCall(size_t index, JsonValue node) {
  const LayerPlan &layer = *plan.layers[index];
  LayerCall call{index, {}, node.location()};
  if (JsonValue args = node["args"]) {
    collectTensors(layer, args, call);
    readCallArguments(layer, node["kwargs"]);
  } else {
    collectTensors(layer, node, call);
  }
  // What was no tensor has been reported.
  if (call.inputs.empty())
    plan.layers[index]->valid = false;
  plan.calls.push_back(std::move(call));
}

void ModelReader::readCalls(size_t index, JsonValue node) {
  const LayerPlan &layer = *plan.layers[index];
  JsonValue nodes = node["inbound_nodes"];
  std::vector<JsonValue> calls = nodes.elements();
  if (layer.isInput)
    return;
  if (calls.empty()) {
    layerError(layer, nodes ? nodes.location() : node.location())
        << "'inbound_nodes' must say what the layer is called on";
    return;
  }
  // A single call may stand without the list around it.
  if (isTriple(nodes))
    return readCall(index, nodes);
  for (JsonValue call : calls)
    readCall(index, call);
}

/// Reads input_layers or output_layers: one triple, or any nest of them.
std::vector<TensorReference> ModelReader::readEnds(JsonValue config,
                                                   StringRef key) {
  std::vector<TensorReference> references;
  auto collect = [&](auto &self, JsonValue value) -> void {
    if (auto reference = readTriple(value))
      references.push_back(std::move(*reference));
    else if (value.isArray())
      for (JsonValue element : value.elements())
        self(self, element);
    else if (value.isObject())
      for (const JsonValue::Member &member : value.members())
        self(self, member.value);
    else
      reporter.invalid(value.location())
          << "'" << key << "' must hold lists of layer, call and tensor, got "
          << value.text();
  };
  JsonValue value = config[key];
  if (!value) {
    reporter.invalid(config.location())
        << "model '" << plan.name << "': '" << key << "' is required";
    return references;
  }
  collect(collect, value);
  if (references.empty())
    reporter.invalid(value.location())
        << "model '" << plan.name << "': '" << key << "' must not be empty";
  return references;
}

bool ModelReader::readFunctional(JsonValue config) {
  if (plan.name.empty())
    plan.name = "model";
  JsonValue list = config["layers"];
  if (!list.isArray() || list.elements().empty()) {
    reporter.invalid(list ? list.location() : root.location())
        << "model '" << plan.name << "' must have layers";
    return false;
  }
  for (JsonValue node : list.elements()) {
    std::string name = node.string("name").str();
    if (name.empty())
      name = node["config"].string("name").str();
    if (name.empty()) {
      reporter.invalid(node.location()) << "a layer's 'name' is required";
      name = autoName(node.string("class_name"));
    }
    addLayer(node, name);
  }
  for (auto [index, node] : llvm::enumerate(list.elements()))
    readCalls(index, node);

  for (const TensorReference &input : readEnds(config, "input_layers")) {
    auto nodes = list.elements();
    bool known = false;
    for (auto [index, layer] : llvm::enumerate(plan.layers))
      if (layer->isInput && layer->name == input.layer) {
        addInput(*layer, nodes[index]["config"]);
        known = true;
        break;
      }
    if (!known)
      reporter.invalid(input.place)
          << "model '" << plan.name << "': '" << input.layer
          << "' is not the name of an InputLayer";
  }
  plan.outputs = readEnds(config, "output_layers");
  return true;
}

} // namespace

std::optional<ModelPlan> upconv::keras_import::readModel(JsonValue root,
                                                         StringRef version,
                                                         Reporter &reporter) {
  return ModelReader(root, reporter).read(version);
}
