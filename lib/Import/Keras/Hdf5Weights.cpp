//===- Hdf5Weights.cpp - Weights in HDF5 files ----------------------------===//
//
// Keras 3 keeps a group per layer, found by the layer's class and number. A
// legacy file keeps a group per layer of the outermost model, and its variables
// belong to the model's by nothing but their order.
//
//===----------------------------------------------------------------------===//

#include "Hdf5.h"
#include "Scope.h"
#include "Spelling.h"
#include "Weights.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace upconv;
using namespace upconv::keras_import;

namespace {

/// An open file and what messages call it.
struct OpenFile {
  std::string name;
  std::unique_ptr<Hdf5File> file;
};

/// Reads one variable of a layer from `path` in `source`.
void loadVariable(const OpenFile &source, const std::string &path,
                  const LayerVariables &layer, const keras::VariableSpec &spec,
                  WeightStore &store, Reporter &reporter) {
  Hdf5File::ReadResult result =
      source.file->readFloats(path, spec.shape, spec.isInteger);
  std::string place = source.name + ":/" + path;
  switch (result.status) {
  case Hdf5File::ReadStatus::Ok:
    store.tensors[layer.key(spec)] = std::move(result.tensor);
    break;
  case Hdf5File::ReadStatus::Missing:
    variableError(layer, spec, reporter)
        << "is missing, expected at '" << place << "'";
    break;
  case Hdf5File::ReadStatus::WrongShape:
    variableError(layer, spec, reporter)
        << "has shape " << formatShape(result.foundShape) << " in '" << place
        << "'";
    break;
  case Hdf5File::ReadStatus::Refused:
    variableError(layer, spec, reporter)
        << "cannot be read: '" << place << "' " << result.reason;
    break;
  }
}

//===----------------------------------------------------------------------===//
// Keras 3: a group per layer
//===----------------------------------------------------------------------===//

class GroupedWeights : public WeightSource {
public:
  GroupedWeights(std::vector<OpenFile> files,
                 ArrayRef<LayerVariables> variables)
      : files(std::move(files)) {
    for (const LayerVariables &layer : variables)
      layerNames.insert(layer.plan->localName);
    // tf_keras 2.12 and 2.13 call the group after an attribute of theirs.
    root = hasLayers(this->files.front()) ? "layers" : olderRoot;
  }

  /// Whether there is a group for layers under either name.
  static bool isOne(const OpenFile &source) {
    return hasLayers(source) || source.file->isGroup(olderRoot);
  }

  void load(const LayerVariables &layer, WeightStore &store,
            Reporter &reporter) override;

private:
  static constexpr StringRef olderRoot = "_layer_checkpoint_dependencies";
  static bool hasLayers(const OpenFile &source) {
    return source.file->isGroup("layers");
  }
  bool verifyGroup(const OpenFile &source, const LayerVariables &layer,
                   const std::string &group, Reporter &reporter) const;

  std::vector<OpenFile> files; ///< the shards, or one
  std::string root;
  llvm::StringSet<> layerNames;
};

/// How many variables of the group are not the layer's: a SpectralNormalization
/// counts the kernel, which the layer inside it keeps, as its own first one.
size_t foreignVariables(const LayerVariables &layer) {
  const LayerKind *kind = layer.plan->kind;
  return kind && kind->wraps == Wraps::Layer ? 1 : 0;
}

/// The group must hold no more variables than the layer has, and must not be
/// another layer's.
bool GroupedWeights::verifyGroup(const OpenFile &source,
                                 const LayerVariables &layer,
                                 const std::string &group,
                                 Reporter &reporter) const {
  size_t count =
      llvm::count_if(source.file->children(group), [](const auto &child) {
        return llvm::all_of(child, llvm::isDigit);
      });
  if (count > layer.specs.size() + foreignVariables(layer)) {
    reporter.invalid(layer.plan->place)
        << describe(*layer.plan) << ": the layer has " << layer.specs.size()
        << " variables, '" << source.name << ":/" << group << "' holds "
        << count;
    return false;
  }
  auto recorded = source.file->stringAttribute(group, "name");
  if (recorded && *recorded != layer.plan->localName &&
      layerNames.contains(*recorded)) {
    reporter.invalid(layer.plan->place)
        << describe(*layer.plan) << ": '" << source.name << ":/" << group
        << "' holds the variables of layer '" << *recorded << "'";
    return false;
  }
  return true;
}

void GroupedWeights::load(const LayerVariables &layer, WeightStore &store,
                          Reporter &reporter) {
  std::string group;
  for (const std::string &component : layer.plan->weightPath)
    group += root + "/" + component + "/";
  group += "vars";
  for (const OpenFile &source : files)
    if (!verifyGroup(source, layer, group, reporter))
      return;
  for (auto [index, spec] : llvm::enumerate(layer.specs)) {
    std::string path =
        group + "/" + std::to_string(index + foreignVariables(layer));
    auto holder = llvm::find_if(
        files, [&](const OpenFile &file) { return file.file->contains(path); });
    loadVariable(holder == files.end() ? files.front() : *holder, path, layer,
                 spec, store, reporter);
  }
}

//===----------------------------------------------------------------------===//
// Legacy files: by order
//===----------------------------------------------------------------------===//

/// A variable of the model in the order of a legacy file.
using Variable = std::pair<const LayerVariables *, const keras::VariableSpec *>;

class LegacyWeights : public WeightSource {
public:
  explicit LegacyWeights(OpenFile source) : source(std::move(source)) {
    root = this->source.file->isGroup("model_weights") ? "model_weights" : "";
  }

  /// Whether there is a list of layers at the root or in /model_weights.
  static bool isOne(const OpenFile &source) {
    return source.file->isGroup("model_weights") ||
           source.file->hasAttribute("/", "layer_names") ||
           source.file->hasAttribute("/", "layer_names0");
  }

  /// Finds each variable's dataset. False after an error.
  bool match(const ModelPlan &plan, ArrayRef<LayerVariables> variables,
             Reporter &reporter);

  void load(const LayerVariables &layer, WeightStore &store,
            Reporter &reporter) override;

private:
  /// A group of the file with variables, and their paths.
  struct Group {
    std::string path;
    std::vector<std::string> variables;
  };

  bool verifyVersion(Reporter &reporter) const;
  std::optional<std::vector<Group>> readGroups(Reporter &reporter) const;

  OpenFile source;
  std::string root;
  llvm::DenseMap<const keras::VariableSpec *, std::string> paths;
};

/// The variables of one layer of the outermost model: the trainable ones of all
/// the layers in it, then the others. All of a frozen layer's are others.
class VariableGatherer {
public:
  explicit VariableGatherer(ArrayRef<LayerVariables> variables) {
    for (const LayerVariables &layer : variables)
      byPlan[layer.plan] = &layer;
  }

  std::vector<Variable> gather(const LayerPlan &layer) {
    trainable.clear();
    others.clear();
    add(layer, /*frozen=*/false);
    std::vector<Variable> result = trainable;
    llvm::append_range(result, others);
    return result;
  }

private:
  void add(const LayerPlan &layer, bool frozen) {
    frozen |= !layer.trainable;
    if (layer.model)
      for (const auto &inner : layer.model->layers)
        add(*inner, frozen);
    if (const LayerVariables *variables = byPlan.lookup(&layer))
      for (const keras::VariableSpec &spec : variables->specs)
        (spec.trainable && !frozen ? trainable : others)
            .push_back({variables, &spec});
    if (layer.wrapped)
      add(*layer.wrapped, frozen);
    if (layer.activation)
      add(*layer.activation, frozen);
  }

  llvm::DenseMap<const LayerPlan *, const LayerVariables *> byPlan;
  std::vector<Variable> trainable, others;
};

/// Keras 1 kept other kernels under the same names, and no version.
bool LegacyWeights::verifyVersion(Reporter &reporter) const {
  auto version = source.file->stringAttribute("/", "keras_version");
  if (!version && !root.empty())
    version = source.file->stringAttribute(root, "keras_version");
  if (version && !StringRef(*version).starts_with("1."))
    return true;
  reporter.unsupported()
      << "'" << source.name << "' "
      << (version ? "was written by Keras " + *version
                  : std::string("has no 'keras_version', so Keras 1 wrote it"))
      << ", whose kernels are ordered otherwise; load and save it with Keras 2 "
         "first";
  return false;
}

/// The states of random generators, which no inference needs.
static bool isGeneratorState(StringRef path) {
  StringRef name = path.substr(path.rfind('/') + 1);
  return name.starts_with("StateVar") || name.starts_with("seed_generator");
}

std::optional<std::vector<LegacyWeights::Group>>
LegacyWeights::readGroups(Reporter &reporter) const {
  auto invalid = [&](const std::string &path, StringRef attribute) {
    reporter.invalid() << "'" << source.name << ":/" << path
                       << "': the attribute '" << attribute
                       << "' must be a list of names";
    return std::nullopt;
  };
  auto layers = source.file->stringList(root, "layer_names");
  if (!layers)
    return invalid(root, "layer_names");
  std::vector<Group> groups;
  for (const std::string &layer : *layers) {
    Group group{root.empty() ? layer : root + "/" + layer, {}};
    auto names = source.file->stringList(group.path, "weight_names");
    if (!names)
      return invalid(group.path, "weight_names");
    for (const std::string &name : *names)
      if (!isGeneratorState(name))
        group.variables.push_back(group.path + "/" + name);
    if (!group.variables.empty())
      groups.push_back(std::move(group));
  }
  return groups;
}

bool LegacyWeights::match(const ModelPlan &plan,
                          ArrayRef<LayerVariables> variables,
                          Reporter &reporter) {
  if (!verifyVersion(reporter))
    return false;
  auto groups = readGroups(reporter);
  if (!groups)
    return false;
  VariableGatherer gatherer(variables);
  std::vector<std::pair<const LayerPlan *, std::vector<Variable>>> layers;
  for (const auto &layer : plan.layers)
    if (auto gathered = gatherer.gather(*layer); !gathered.empty())
      layers.emplace_back(layer.get(), std::move(gathered));
  if (layers.size() != groups->size()) {
    reporter.invalid() << "'" << source.name << "' holds the variables of "
                       << groups->size() << " layers, the model has "
                       << layers.size() << " layers with variables";
    return false;
  }
  bool matched = true;
  for (auto [layer, group] : llvm::zip(layers, *groups)) {
    auto &[layerPlan, wanted] = layer;
    if (wanted.size() != group.variables.size()) {
      reporter.invalid(layerPlan->place)
          << describe(*layerPlan) << ": the layer has " << wanted.size()
          << " variables, '" << source.name << ":/" << group.path << "' holds "
          << group.variables.size();
      matched = false;
      continue;
    }
    for (auto [variable, path] : llvm::zip(wanted, group.variables))
      paths[variable.second] = path;
  }
  return matched;
}

void LegacyWeights::load(const LayerVariables &layer, WeightStore &store,
                         Reporter &reporter) {
  for (const keras::VariableSpec &spec : layer.specs)
    loadVariable(source, paths.lookup(&spec), layer, spec, store, reporter);
}

} // namespace

std::unique_ptr<WeightSource> upconv::keras_import::openHdf5Weights(
    std::vector<WeightFile> files, const ModelPlan &plan,
    ArrayRef<LayerVariables> variables, Reporter &reporter) {
  std::vector<OpenFile> sources;
  for (const WeightFile &file : files) {
    sources.push_back({file.name, Hdf5File::open(file.bytes)});
    if (!sources.back().file) {
      reporter.invalid() << "'" << file.name << "' is not a readable HDF5 file";
      return nullptr;
    }
  }
  if (llvm::any_of(sources, GroupedWeights::isOne))
    return std::make_unique<GroupedWeights>(std::move(sources), variables);
  if (!LegacyWeights::isOne(sources.front())) {
    reporter.invalid() << "'" << sources.front().name
                       << "' holds no Keras weights: there is no group "
                          "'/layers' and no attribute 'layer_names'";
    return nullptr;
  }
  auto legacy = std::make_unique<LegacyWeights>(std::move(sources.front()));
  if (!legacy->match(plan, variables, reporter))
    return nullptr;
  return legacy;
}
