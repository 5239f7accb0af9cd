//===- Weights.cpp - Values for the layers' variables ---------------------===//

#include "Weights.h"
#include "Hdf5.h"
#include "Initializers.h"
#include "ModelFile.h"
#include "Spelling.h"

#include "upconv/Support/Npy.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace upconv;
using namespace upconv::keras_import;

namespace {

std::string formatShape(ArrayRef<int64_t> shape) {
  std::string text = "(";
  for (auto [index, size] : llvm::enumerate(shape))
    text += (index ? ", " : "") + std::to_string(size);
  return text + (shape.size() == 1 ? ",)" : ")");
}

InFlightDiagnostic variableError(const LayerVariables &layer,
                                 const keras::VariableSpec &spec,
                                 Reporter &reporter) {
  InFlightDiagnostic diagnostic = reporter.invalid(layer.plan->place);
  diagnostic << "layer '" << layer.plan->name << "' (" << layer.plan->className
             << "): variable '" << spec.name << "' of shape "
             << formatShape(spec.shape) << " ";
  return diagnostic;
}

//===----------------------------------------------------------------------===//
// .weights.h5
//===----------------------------------------------------------------------===//

class Hdf5Weights : public WeightSource {
public:
  Hdf5Weights(std::string name, std::unique_ptr<Hdf5File> file,
              ArrayRef<LayerOp> layers)
      : name(std::move(name)), file(std::move(file)) {
    for (const LayerOp &layer : layers)
      layerNames.insert(layer.plan->name);
    // tf_keras 2.12 and 2.13 call the group after an attribute of theirs.
    root = this->file->isGroup("layers") ? "layers"
                                         : "_layer_checkpoint_dependencies";
  }

  void load(const LayerVariables &layer, WeightStore &store,
            Reporter &reporter) override;

private:
  bool verifyGroup(const LayerVariables &layer, const std::string &group,
                   Reporter &reporter);

  std::string name;
  std::unique_ptr<Hdf5File> file;
  std::string root;
  llvm::StringSet<> layerNames;
};

/// The group must hold as many variables as the layer has, and must not be
/// another layer's.
bool Hdf5Weights::verifyGroup(const LayerVariables &layer,
                              const std::string &group, Reporter &reporter) {
  size_t count = llvm::count_if(file->children(group), [](const auto &child) {
    return llvm::all_of(child, llvm::isDigit);
  });
  if (count > layer.specs.size()) {
    reporter.invalid(layer.plan->place)
        << "layer '" << layer.plan->name << "' (" << layer.plan->className
        << "): the layer has " << layer.specs.size() << " variables, '" << name
        << ":/" << group << "' holds " << count;
    return false;
  }
  auto recorded = file->stringAttribute(group, "name");
  if (recorded && *recorded != layer.plan->name &&
      layerNames.contains(*recorded)) {
    reporter.invalid(layer.plan->place)
        << "layer '" << layer.plan->name << "' (" << layer.plan->className
        << "): '" << name << ":/" << group << "' holds the variables of layer '"
        << *recorded << "'";
    return false;
  }
  return true;
}

void Hdf5Weights::load(const LayerVariables &layer, WeightStore &store,
                       Reporter &reporter) {
  std::string group = root + "/" + layer.plan->weightGroup + "/vars";
  if (!verifyGroup(layer, group, reporter))
    return;
  for (auto [index, spec] : llvm::enumerate(layer.specs)) {
    std::string path = group + "/" + std::to_string(index);
    Hdf5File::ReadResult result =
        file->readFloats(path, spec.shape, spec.isInteger);
    switch (result.status) {
    case Hdf5File::ReadStatus::Ok:
      store.tensors[layer.key(spec)] = std::move(result.tensor);
      break;
    case Hdf5File::ReadStatus::Missing:
      variableError(layer, spec, reporter)
          << "is missing, expected at '" << name << ":/" << path << "'";
      break;
    case Hdf5File::ReadStatus::WrongShape:
      variableError(layer, spec, reporter)
          << "has shape " << formatShape(result.foundShape) << " in '" << name
          << ":/" << path << "'";
      break;
    case Hdf5File::ReadStatus::Refused:
      variableError(layer, spec, reporter)
          << "cannot be read: '" << name << ":/" << path << "' "
          << result.reason;
      break;
    }
  }
}

//===----------------------------------------------------------------------===//
// .npz
//===----------------------------------------------------------------------===//

class NpzWeights : public WeightSource {
public:
  NpzWeights(std::string name, std::map<std::string, Tensor64> tensors,
             bool isBareLayer)
      : name(std::move(name)), tensors(std::move(tensors)),
        isBareLayer(isBareLayer) {}

  void load(const LayerVariables &layer, WeightStore &store,
            Reporter &reporter) override;
  void finish(Reporter &reporter) override;

private:
  std::string name;
  std::map<std::string, Tensor64> tensors;
  bool isBareLayer;
  llvm::StringSet<> used;
};

void NpzWeights::load(const LayerVariables &layer, WeightStore &store,
                      Reporter &reporter) {
  for (const keras::VariableSpec &spec : layer.specs) {
    auto found = tensors.find(layer.key(spec));
    if (found == tensors.end() && isBareLayer)
      found = tensors.find(spec.name);
    if (found == tensors.end()) {
      SmallVector<StringRef> known;
      for (const auto &[key, tensor] : tensors)
        known.push_back(key);
      std::string wanted = isBareLayer ? spec.name : layer.key(spec);
      variableError(layer, spec, reporter)
          << "is missing: '" << name << "' has no '" << wanted << "'"
          << didYouMean(wanted, known);
      continue;
    }
    used.insert(found->first);
    const Tensor64 &values = found->second;
    if (ArrayRef<int64_t>(values.shape) != ArrayRef<int64_t>(spec.shape)) {
      variableError(layer, spec, reporter)
          << "has shape " << formatShape(values.shape) << " in '" << name << ":"
          << found->first << "'";
      continue;
    }
    store.tensors[layer.key(spec)] = {
        values.shape,
        std::vector<float>(values.values.begin(), values.values.end())};
  }
}

void NpzWeights::finish(Reporter &reporter) {
  // A name that is missing has been reported with this one as the likely typo.
  if (!reporter.ok())
    return;
  for (const auto &[key, tensor] : tensors)
    if (!used.contains(key))
      reporter.warning(UnknownLoc::get(reporter.getContext()))
          << "'" << name << "': no layer has a variable '" << key << "'";
}

//===----------------------------------------------------------------------===//
// --init
//===----------------------------------------------------------------------===//

class DrawnWeights : public WeightSource {
public:
  explicit DrawnWeights(uint64_t seed) : seed(seed) {}

  void load(const LayerVariables &layer, WeightStore &store,
            Reporter &reporter) override {
    for (const keras::VariableSpec &spec : layer.specs) {
      std::string key = layer.key(spec);
      if (auto tensor = drawVariable(layer.op, spec, key, seed, reporter))
        store.tensors[key] = std::move(*tensor);
    }
  }

private:
  uint64_t seed;
};

} // namespace

//===----------------------------------------------------------------------===//
// Opening and binding
//===----------------------------------------------------------------------===//

std::unique_ptr<WeightSource>
upconv::keras_import::openHdf5Weights(std::string name, StringRef bytes,
                                      ArrayRef<LayerOp> layers,
                                      Reporter &reporter) {
  std::unique_ptr<Hdf5File> file = Hdf5File::open(bytes);
  if (!file) {
    reporter.invalid() << "'" << name << "' is not a readable HDF5 file";
    return nullptr;
  }
  if (file->hasAttribute("/", "layer_names") ||
      file->isGroup("model_weights")) {
    reporter.unsupported() << "'" << name
                           << "' is a legacy HDF5 file, which is not supported "
                              "yet; save it as '.weights.h5' or '.keras'";
    return nullptr;
  }
  if (!file->isGroup("layers") &&
      !file->isGroup("_layer_checkpoint_dependencies")) {
    reporter.invalid() << "'" << name
                       << "' holds no Keras weights: there is no group "
                          "'/layers'";
    return nullptr;
  }
  return std::make_unique<Hdf5Weights>(std::move(name), std::move(file),
                                       layers);
}

std::unique_ptr<WeightSource>
upconv::keras_import::openWeightsFile(const std::string &path,
                                      ArrayRef<LayerOp> layers,
                                      bool isBareLayer, Reporter &reporter) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer) {
    reporter.invalid() << "'" << path
                       << "' cannot be read: " << buffer.getError().message();
    return nullptr;
  }
  StringRef bytes = (*buffer)->getBuffer();
  if (isHdf5(bytes))
    return openHdf5Weights(path, bytes, layers, reporter);
  if (!isZip(bytes)) {
    reporter.invalid() << "'" << path
                       << "' is neither a '.weights.h5' nor a '.npz' file";
    return nullptr;
  }
  // A `.keras` serves as well.
  if (auto weights = readArchivedWeights(path, bytes))
    return openHdf5Weights(path + ":model.weights.h5", *weights, layers,
                           reporter);
  auto tensors = readNpz(path);
  if (!tensors) {
    reporter.invalid() << llvm::toString(tensors.takeError());
    return nullptr;
  }
  return std::make_unique<NpzWeights>(path, std::move(*tensors), isBareLayer);
}

std::unique_ptr<WeightSource> upconv::keras_import::drawWeights(uint64_t seed) {
  return std::make_unique<DrawnWeights>(seed);
}

/// The layers with variables; calls of a shared layer must agree on them.
static std::vector<LayerVariables> collectVariables(ArrayRef<LayerOp> layers,
                                                    Reporter &reporter) {
  std::vector<LayerVariables> result;
  llvm::DenseMap<const LayerPlan *, size_t> indices;
  for (const LayerOp &layer : layers) {
    auto specs = cast<keras::LayerOpInterface>(layer.op).getVariableSpecs();
    if (specs.empty())
      continue;
    auto [known, isNew] = indices.try_emplace(layer.plan, result.size());
    if (isNew) {
      result.push_back({layer.op, layer.plan, std::move(specs)});
      continue;
    }
    for (auto [first, other] : llvm::zip(result[known->second].specs, specs))
      if (first.shape != other.shape)
        reporter.invalid(layer.plan->place)
            << "layer '" << layer.plan->name << "' (" << layer.plan->className
            << "): its calls need different shapes of variable '" << first.name
            << "', " << formatShape(first.shape) << " and "
            << formatShape(other.shape);
  }
  return result;
}

void upconv::keras_import::bindWeights(ArrayRef<LayerOp> layers,
                                       WeightSource *source, WeightStore &store,
                                       Reporter &reporter) {
  std::vector<LayerVariables> variables = collectVariables(layers, reporter);
  if (source) {
    for (const LayerVariables &layer : variables)
      source->load(layer, store, reporter);
    source->finish(reporter);
  }
  if (!reporter.ok())
    return;
  Builder builder(reporter.getContext());
  llvm::DenseMap<const LayerPlan *, ArrayAttr> bound;
  for (const LayerVariables &layer : variables) {
    SmallVector<Attribute> attributes;
    for (const keras::VariableSpec &spec : layer.specs) {
      std::string key = layer.key(spec);
      const Tensor *tensor = store.find(key);
      attributes.push_back(keras::VariableAttr::get(
          reporter.getContext(), spec.name,
          RankedTensorType::get(spec.shape, builder.getF32Type()), key,
          tensor ? hashOf(*tensor) : ""));
    }
    bound[layer.plan] = builder.getArrayAttr(attributes);
  }
  for (const LayerOp &layer : layers)
    if (ArrayAttr weights = bound.lookup(layer.plan))
      layer.op->setAttr("weights", weights);
}
