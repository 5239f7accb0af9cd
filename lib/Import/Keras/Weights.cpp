//===- Weights.cpp - Values for the layers' variables ---------------------===//

#include "Weights.h"
#include "Initializers.h"
#include "Scope.h"
#include "Spelling.h"

#include "upconv/Support/Npy.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace upconv;
using namespace upconv::keras_import;

InFlightDiagnostic
upconv::keras_import::variableError(const LayerVariables &layer,
                                    const keras::VariableSpec &spec,
                                    Reporter &reporter) {
  InFlightDiagnostic diagnostic = reporter.invalid(layer.plan->place);
  diagnostic << describe(*layer.plan) << ": variable '" << spec.name
             << "' of shape " << formatShape(spec.shape) << " ";
  return diagnostic;
}

namespace {

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

std::unique_ptr<WeightSource> upconv::keras_import::openWeightsFile(
    const std::string &path, const ModelPlan &plan,
    ArrayRef<LayerVariables> variables, Reporter &reporter) {
  auto weights = readWeightsFile(path, reporter);
  if (!weights)
    return nullptr;
  if (!weights->empty())
    return openHdf5Weights(std::move(*weights), plan, variables, reporter);
  auto tensors = readNpz(path);
  if (!tensors) {
    reporter.invalid() << llvm::toString(tensors.takeError());
    return nullptr;
  }
  return std::make_unique<NpzWeights>(path, std::move(*tensors),
                                      plan.isBareLayer);
}

std::unique_ptr<WeightSource> upconv::keras_import::drawWeights(uint64_t seed) {
  return std::make_unique<DrawnWeights>(seed);
}

std::vector<LayerVariables>
upconv::keras_import::collectVariables(ArrayRef<LayerOp> layers,
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
      if (first.shape != other.shape) {
        // One value broadcasts, and Keras lets it.
        bool broadcasts = elementCount(first.shape) == 1;
        (broadcasts ? reporter.unsupported(layer.plan->place)
                    : reporter.invalid(layer.plan->place))
            << "layer '" << layer.plan->name << "' (" << layer.plan->className
            << "): its calls need different shapes of variable '" << first.name
            << "', " << formatShape(first.shape) << " and "
            << formatShape(other.shape);
      }
  }
  return result;
}

void upconv::keras_import::bindWeights(ArrayRef<LayerOp> layers,
                                       ArrayRef<LayerVariables> variables,
                                       WeightSource *source, WeightStore &store,
                                       Reporter &reporter) {
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
