//===- SingleLayers.cpp - Layers by themselves ----------------------------===//

#include "SingleLayers.h"

#include "upconv/Dialect/Keras/IR/LayerLocation.h"
#include "upconv/Driver/Suite.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace upconv;
namespace json = llvm::json;

bool upconv::isSuite(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return false;
  llvm::Expected<json::Value> value = json::parse((*buffer)->getBuffer());
  if (!value) {
    llvm::consumeError(value.takeError());
    return false;
  }
  const json::Object *object = value->getAsObject();
  return object && object->getArray("layers") && object->get("tiers");
}

Options upconv::optionsFor(const Options &options, const SingleLayer &subject) {
  Options one = options;
  one.import.path = subject.path;
  one.import.weightsPath.clear();
  one.import.inputShapes = {{"", subject.inputShape}};
  if (!one.import.initSeed)
    one.import.initSeed = 1;
  return one;
}

static ExitStatus write(const TemporaryFolder &folder, SingleLayer &subject,
                        llvm::StringRef text) {
  subject.path = folder.file(subject.id + ".json");
  OutputFiles file;
  return file.add(subject.path, text) && file.commit() ? ExitOk : ExitInternal;
}

ExitStatus upconv::suiteLayers(const Options &options,
                               const TemporaryFolder &folder,
                               std::vector<SingleLayer> &subjects) {
  llvm::Expected<Suite> suite = readSuite(options.import.path);
  if (!suite) {
    printError(suite.takeError());
    return ExitInvalid;
  }
  llvm::Expected<std::vector<SuiteLayer>> layers =
      selectLayers(*suite, options.tier, options.layer);
  if (!layers) {
    printError(layers.takeError());
    return ExitUsage;
  }
  for (const SuiteLayer &layer : *layers) {
    SingleLayer subject{layer.id, "", inputShape(layer)};
    if (ExitStatus status = write(folder, subject, layerJson(layer));
        status != ExitOk)
      return status;
    subjects.push_back(std::move(subject));
  }
  return ExitOk;
}

//===----------------------------------------------------------------------===//
// Of a model
//===----------------------------------------------------------------------===//

/// What decides a contraction's kernel, as Keras's JSON has it.
static std::optional<json::Value> toJson(Attribute attribute) {
  if (auto flag = dyn_cast<BoolAttr>(attribute))
    return json::Value(flag.getValue());
  if (auto number = dyn_cast<IntegerAttr>(attribute))
    return json::Value(number.getInt());
  if (auto text = dyn_cast<StringAttr>(attribute))
    return json::Value(text.getValue());
  if (auto list = dyn_cast<DenseI64ArrayAttr>(attribute))
    return json::Value(json::Array(list.asArrayRef()));
  return std::nullopt;
}

static bool isContraction(llvm::StringRef className) {
  return className == "Dense" || className.starts_with("Conv");
}

static std::string bareLayer(keras::LayerOpInterface layer,
                             llvm::StringRef name) {
  json::Object config{{"name", name}};
  for (const char *key : {"filters", "units", "kernel_size", "strides",
                          "padding", "output_padding", "data_format",
                          "dilation_rate", "groups", "use_bias", "activation"})
    if (Attribute attribute = layer->getAttr(key))
      if (std::optional<json::Value> value = toJson(attribute))
        config[key] = std::move(*value);
  return llvm::formatv("{0:2}\n", json::Value(json::Object{
                                      {"class_name", layer.getLayerClass()},
                                      {"config", std::move(config)}}))
      .str();
}

static std::vector<int64_t> inputShapeOf(keras::LayerOpInterface layer) {
  auto type = cast<RankedTensorType>(layer->getOperand(0).getType());
  std::vector<int64_t> shape(type.getShape());
  if (ShapedType::isDynamic(shape.front()))
    shape.front() = 1;
  return shape;
}

ExitStatus upconv::modelLayers(const Options &options,
                               const TemporaryFolder &folder,
                               std::vector<SingleLayer> &subjects) {
  Options shapesOnly = options;
  if (shapesOnly.import.weightsPath.empty() && !shapesOnly.import.initSeed)
    shapesOnly.import.initSeed = 1;
  Session session(shapesOnly);
  if (ExitStatus status = session.open(); status != ExitOk)
    return status;
  ExitStatus status = ExitOk;
  llvm::StringSet<> seen;
  session.kerasModule->walk([&](keras::LayerOpInterface layer) {
    if (status != ExitOk || !isContraction(layer.getLayerClass()))
      return;
    SingleLayer subject{keras::getLayerName(layer.getLoc()).str(), "",
                        inputShapeOf(layer)};
    if (!options.layer.empty() && options.layer != subject.id)
      return;
    if (llvm::any_of(subject.inputShape, ShapedType::isDynamic)) {
      printError("layer '" + subject.id +
                 "' has an input of unknown size, and tune measures known "
                 "ones: pin the model's inputs with --input-shape");
      status = ExitUsage;
      return;
    }
    std::string text = bareLayer(layer, "layer");
    std::string key = text;
    for (int64_t size : subject.inputShape)
      key += " " + std::to_string(size);
    if (!seen.insert(key).second)
      return;
    // A nested model's layer has a '/' in its name.
    for (char &c : subject.id)
      c = c == '/' ? '.' : c;
    status = write(folder, subject, text);
    subjects.push_back(std::move(subject));
  });
  if (status == ExitOk && subjects.empty()) {
    printError(options.layer.empty()
                   ? "the model has no convolution and no Dense layer to tune"
                   : "the model has no convolution or Dense layer '" +
                         options.layer + "'");
    return ExitUsage;
  }
  return status;
}
