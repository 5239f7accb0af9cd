//===- ModelReader.cpp - A model's JSON to a plan -------------------------===//

#include "ModelReader.h"

#include "CallReader.h"
#include "Flavor.h"
#include "FunctionReader.h"
#include "LayerNames.h"
#include "MaskOperations.h"
#include "Scope.h"
#include "Spelling.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace upconv::keras_import;

namespace {

/// What the models of one file share.
struct FileState {
  Reporter &reporter;
  const CustomLayers &customLayers;
  Flavor flavor = Flavor::Keras3;
  /// Of custom layers; the root plan's.
  std::vector<std::unique_ptr<JsonDocument>> &documents;
  llvm::StringSet<> paths = {}; ///< of all layers so far
  /// The custom layers around the one that is read.
  std::vector<const CustomLayer *> open = {};
};

/// Reads one model; those inside it are read by readers of their own.
class ModelReader {
public:
  /// `owner` is the layer that the model is in another one, or null.
  ModelReader(FileState &file, JsonValue node, JsonValue config,
              ModelPlan &plan, const LayerPlan *owner = nullptr)
      : file(file), reporter(file.reporter), node(node), config(config),
        plan(plan), owner(owner) {}

  bool readModel();
  bool readBareLayer();
  bool readSequential();

private:
  bool readFunctional();
  JsonValue listOfLayers(StringRef defaultName);
  void readImplicitInput(JsonValue first, StringRef firstName);

  LayerPlan &addLayer(JsonValue layerNode, StringRef name);
  std::unique_ptr<LayerPlan> readAnyLayer(JsonValue layerNode, StringRef name,
                                          std::string path,
                                          std::vector<std::string> weightPath);
  void readWrapped(LayerPlan &wrapper, JsonValue layerNode);
  std::vector<std::string> weightPathOf(JsonValue layerNode);
  void addInnerModel(LayerPlan &layer, JsonValue layerNode);
  void addComposition(LayerPlan &layer, JsonValue layerNode,
                      const CustomLayer &custom);
  void addInput(LayerPlan &layer, JsonValue layerConfig, StringRef key);
  std::string pathOf(StringRef name) const {
    return owner ? owner->name + "/" + name.str() : name.str();
  }
  std::string uniquePath(StringRef name);
  std::string autoName(StringRef className);

  InFlightDiagnostic layerError(const LayerPlan &layer, Location place) {
    auto diagnostic = reporter.invalid(place);
    diagnostic << "layer '" << layer.name << "' (" << layer.className << "): ";
    return diagnostic;
  }

  FileState &file;
  Reporter &reporter;
  JsonValue node, config;
  ModelPlan &plan;
  const LayerPlan *owner;
  llvm::StringMap<Location> layerPlaces;
  llvm::StringMap<unsigned> groupCounts;
  llvm::StringMap<unsigned> autoNameCounts;
};

std::string numbered(StringRef base, unsigned count) {
  return count == 0 ? base.str() : (base + "_" + Twine(count)).str();
}

bool isModelClass(StringRef className) {
  return className == "Sequential" || className == "Functional" ||
         className == "Model";
}

/// A class of the user's own that Keras saved as a graph of layers.
bool isFunctionalSubclass(JsonValue node) {
  JsonValue config = node["config"];
  return config["layers"].isArray() && config["input_layers"] &&
         config["output_layers"];
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

std::string ModelReader::autoName(StringRef className) {
  std::string base = toSnakeCase(className);
  return numbered(base, autoNameCounts[base]++);
}

/// The layer's path in the file. Names may hold slashes, so that a path may be
/// taken already.
std::string ModelReader::uniquePath(StringRef name) {
  std::string base = pathOf(name);
  std::string path = base;
  for (unsigned count = 2; !file.paths.insert(path).second; ++count)
    path = base + "_" + std::to_string(count);
  return path;
}

/// The group of a layer's variables. The layers of a custom one keep theirs in
/// its own group, or in a `group` inside it.
std::vector<std::string> ModelReader::weightPathOf(JsonValue layerNode) {
  std::vector<std::string> path;
  if (owner)
    path = owner->weightPath;
  if (owner && owner->isComposition) {
    if (StringRef group = layerNode.string("group"); !group.empty())
      path.back() += "/" + group.str();
  } else if (!isOperation(layerNode)) {
    // Functions of tensors are no layers to Keras 3.
    StringRef className = layerNode.string("class_name");
    std::string base = toSnakeCase(className.substr(className.rfind('>') + 1));
    path.push_back(numbered(base, groupCounts[base]++));
  }
  return path;
}

/// A layer or a model, with what is inside it.
std::unique_ptr<LayerPlan>
ModelReader::readAnyLayer(JsonValue layerNode, StringRef name, std::string path,
                          std::vector<std::string> weightPath) {
  StringRef className = layerNode.string("class_name");
  const CustomLayer *custom = file.customLayers.find(layerNode);
  bool isModel =
      !custom && (isModelClass(className) || isFunctionalSubclass(layerNode));
  auto layer = isModel || custom
                   ? std::make_unique<LayerPlan>(layerNode.location())
                   : readLayer(layerNode, path, file.flavor, reporter);
  layer->name = std::move(path);
  layer->localName = name.str();
  layer->flavor = file.flavor;
  layer->weightPath = std::move(weightPath);
  if (layer->activation) {
    layer->activation->weightPath = layer->weightPath;
    layer->activation->weightPath.back() += "/activation";
  }
  if (isModel || custom)
    layer->className = className.str();
  if (isModel)
    addInnerModel(*layer, layerNode);
  else if (custom)
    addComposition(*layer, layerNode, *custom);
  else if (layer->kind && layer->kind->wraps != Wraps::Nothing)
    readWrapped(*layer, layerNode["config"]["layer"]);
  return layer;
}

/// The layer inside `wrapper`, whose arguments have been read.
void ModelReader::readWrapped(LayerPlan &wrapper, JsonValue layerNode) {
  StringRef className = layerNode.string("class_name");
  if (className.empty())
    return;
  std::string name = layerNode["config"].string("name").str();
  if (name.empty())
    name = toSnakeCase(className);
  std::vector<std::string> weightPath = wrapper.weightPath;
  weightPath.back() += "/layer";
  wrapper.wrapped = readAnyLayer(layerNode, name, wrapper.name + "/" + name,
                                 std::move(weightPath));
  LayerPlan &inner = *wrapper.wrapped;
  if (inner.isInput)
    layerError(wrapper, layerNode.location())
        << "a layer '" << inner.className << "' cannot be wrapped";
  else if (inner.function)
    reporter.unsupported(layerNode.location())
        << describe(wrapper) << ": a function around every step ('"
        << inner.className
        << "') is not supported: apply it to the whole sequence";
  if (inner.isInput || inner.function)
    inner.valid = false;
  wrapper.valid &= inner.valid && (inner.kind || inner.model);
}

LayerPlan &ModelReader::addLayer(JsonValue layerNode, StringRef name) {
  auto [previous, isNew] = layerPlaces.try_emplace(name, layerNode.location());
  // The only layer of a custom one is that layer.
  bool isAlone = owner && owner->isComposition && config.elements().size() == 1;
  std::string path = isAlone ? owner->name
                     : isNew ? uniquePath(name)
                             : pathOf(name);
  plan.layers.push_back(
      readAnyLayer(layerNode, name, std::move(path), weightPathOf(layerNode)));
  LayerPlan &added = *plan.layers.back();
  if (!isNew) {
    InFlightDiagnostic diagnostic = layerError(added, layerNode.location());
    diagnostic << "another layer has the same name";
    diagnostic.attachNote(previous->second) << "the other layer is here";
    added.valid = false;
  }
  return added;
}

void ModelReader::addComposition(LayerPlan &layer, JsonValue layerNode,
                                 const CustomLayer &custom) {
  layer.isComposition = true;
  layer.model = std::make_unique<ModelPlan>();
  layer.model->name = layer.name;
  if (llvm::is_contained(file.open, &custom)) {
    layer.valid = false;
    layerError(layer, layerNode.location()) << "its description holds itself";
    return;
  }
  auto document =
      file.customLayers.instantiate(custom, layerNode, layer, reporter);
  if (!document)
    return;
  JsonValue layers = document->root();
  file.documents.push_back(std::move(document));
  file.open.push_back(&custom);
  if (!ModelReader(file, layerNode, layers, *layer.model, &layer)
           .readSequential())
    layer.valid = false;
  file.open.pop_back();
}

void ModelReader::addInnerModel(LayerPlan &layer, JsonValue layerNode) {
  layer.model = std::make_unique<ModelPlan>();
  layer.model->name = layer.name;
  layer.trainable = layerNode["config"]["trainable"].asBool().value_or(true);
  if (!ModelReader(file, layerNode, layerNode["config"], *layer.model, &layer)
           .readModel())
    layer.valid = false;
}

/// Finds the input shape in a config: Keras 3 says batch_shape, Keras 2
/// batch_input_shape, people shape or input_shape (without the batch).
void ModelReader::addInput(LayerPlan &layer, JsonValue layerConfig,
                           StringRef dictionaryKey) {
  if (!layer.valid)
    return;
  InputPlan input{layer.localName, {}, layer.place, dictionaryKey.str()};
  for (StringRef key :
       {"batch_shape", "batch_input_shape", "shape", "input_shape"}) {
    JsonValue value = layerConfig[key];
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

//===----------------------------------------------------------------------===//
// Sequential and bare layers
//===----------------------------------------------------------------------===//

bool ModelReader::readModel() {
  StringRef className = node.string("class_name");
  if (!config.isObject() && !config.isArray()) {
    reporter.invalid(config ? config.location() : node.location())
        << "model '" << plan.name << "': 'config' must be an object";
    return false;
  }
  if (!isModelClass(className))
    reporter.warning(node["class_name"].location())
        << "'" << className
        << "' is a model class of the user's own; its graph of layers is taken "
           "as a Functional model's, its Python code is unknown";
  return className == "Sequential" ? readSequential() : readFunctional();
}

bool ModelReader::readBareLayer() {
  std::string className = node.string("class_name").str();
  if (className == "InputLayer") {
    reporter.invalid(node.location()) << "a bare InputLayer computes nothing";
    return false;
  }
  // A subclassed model has Python code that the file does not hold.
  if (config["layers"].isArray()) {
    reporter.unsupported(node["class_name"].location())
        << "'" << className
        << "' is a model class of the user's own, which is not supported";
    return false;
  }
  if (plan.name.empty())
    plan.name = autoName(className);
  plan.isBareLayer = true;
  LayerPlan &layer = addLayer(node, plan.name);
  InputPlan input{"", {}, layer.place};
  for (StringRef key : {"batch_shape", "batch_input_shape"})
    if (auto shape = readShape(config[key]))
      input.shape = *shape;
  if (input.shape.empty() && layer.recordedInput)
    input.shape = *layer.recordedInput;
  layer.recordedInput.reset();
  plan.inputs.push_back(std::move(input));
  plan.outputs.push_back({plan.name, 0, 0, layer.place, std::nullopt});
  return true;
}

/// The model's layers, or nothing after an error.
JsonValue ModelReader::listOfLayers(StringRef defaultName) {
  if (plan.name.empty())
    plan.name = defaultName.str();
  // Before Keras 2.2.3 a Sequential's config is the list itself.
  JsonValue list = config.isArray() ? config : config["layers"];
  if (list.isArray() && !list.elements().empty())
    return list;
  reporter.invalid(list ? list.location() : node.location())
      << "model '" << plan.name << "' must have layers";
  return {};
}

/// The first layer says its own input shape, or the model does.
void ModelReader::readImplicitInput(JsonValue first, StringRef firstName) {
  InputPlan input{firstName.str() + "_input", {}, first.location()};
  JsonValue layerConfig = first["config"];
  for (JsonValue value :
       {layerConfig["batch_input_shape"], layerConfig["batch_shape"],
        config["build_input_shape"], node["build_config"]["input_shape"]})
    if (input.shape.empty() && value.isSet())
      input.shape = readShape(value).value_or(Shape());
  // The input of a model that comes first is an InputLayer of its own.
  if (input.shape.empty())
    for (JsonValue inner : layerConfig["layers"].elements())
      for (StringRef key : {"batch_input_shape", "batch_shape"})
        if (JsonValue value = inner["config"][key];
            value && input.shape.empty())
          input.shape = readShape(value).value_or(Shape());
  plan.inputs.push_back(std::move(input));
}

bool ModelReader::readSequential() {
  JsonValue list = listOfLayers("sequential");
  if (!list)
    return false;
  std::string previous;
  for (auto [index, layerNode] : llvm::enumerate(list.elements())) {
    std::string name = layerNode["config"].string("name").str();
    if (name.empty())
      name = autoName(layerNode.string("class_name"));
    if (index == 0 && layerNode.string("class_name") != "InputLayer") {
      readImplicitInput(layerNode, name);
      previous = plan.inputs.back().name;
    }
    LayerPlan &layer = addLayer(layerNode, name);
    if (layer.isInput) {
      if (index != 0) {
        layerError(layer, layerNode.location())
            << "an InputLayer must be the first layer of a Sequential model";
        continue;
      }
      addInput(layer, layerNode["config"], "");
    } else {
      LayerCall call{plan.layers.size() - 1, {}, layerNode.location()};
      call.inputs.push_back(
          {previous, 0, 0, layerNode.location(), std::nullopt});
      if (layer.function)
        call.arguments.push_back({"", layerNode, 0});
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

bool ModelReader::readFunctional() {
  JsonValue list = listOfLayers("model");
  if (!list)
    return false;
  std::vector<JsonValue> nodes =
      withoutMaskOperations(list.elements(), config["output_layers"]);
  for (JsonValue layerNode : nodes) {
    std::string name = layerNode.string("name").str();
    if (name.empty())
      name = layerNode["config"].string("name").str();
    if (name.empty()) {
      reporter.invalid(layerNode.location()) << "a layer's 'name' is required";
      name = autoName(layerNode.string("class_name"));
    }
    addLayer(layerNode, name);
  }
  for (auto [index, layerNode] : llvm::enumerate(nodes))
    readCalls(*plan.layers[index], index, layerNode, plan.calls, reporter);

  for (const TensorReference &input :
       readEnds(plan, config, "input_layers", reporter)) {
    auto layer = llvm::find_if(plan.layers, [&](const auto &candidate) {
      return candidate->isInput && candidate->localName == input.layer;
    });
    if (layer != plan.layers.end())
      addInput(**layer, nodes[layer - plan.layers.begin()]["config"],
               input.key);
    else
      reporter.invalid(input.place)
          << "model '" << plan.name << "': '" << input.layer
          << "' is not the name of an InputLayer";
  }
  plan.outputs = readEnds(plan, config, "output_layers", reporter);
  // Keras flattens a dictionary in the order of its keys.
  if (owner && !plan.outputs.empty() && !plan.outputs.front().key.empty())
    llvm::sort(plan.outputs,
               [](const auto &a, const auto &b) { return a.key < b.key; });
  countModelCallsFromZero(plan, file.flavor);
  return true;
}

} // namespace

//===----------------------------------------------------------------------===//
// The file
//===----------------------------------------------------------------------===//

std::optional<ModelPlan>
upconv::keras_import::readModel(JsonValue root, StringRef version,
                                const CustomLayers &customLayers,
                                Reporter &reporter) {
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
  ModelPlan plan;
  plan.version =
      version.empty() ? root.string("keras_version").str() : version.str();
  if (StringRef(plan.version).starts_with("1.")) {
    reporter.unsupported(root.location())
        << "written by Keras " << plan.version
        << ", whose layers and kernels mean other things; load and save it "
           "with Keras 2 first";
    return std::nullopt;
  }
  plan.flavor = detectFlavor(root, plan.version);
  FileState file{reporter, customLayers, plan.flavor, plan.documents};
  plan.name = config.string("name").str();
  ModelReader reader(file, root, config, plan);
  bool isModel = isModelClass(*className) || isFunctionalSubclass(root);
  if (!(isModel ? reader.readModel() : reader.readBareLayer()))
    return std::nullopt;
  return plan;
}
