//===- ModelFile.cpp - What kind of file the model is in ------------------===//

#include "ModelFile.h"
#include "Hdf5.h"
#include "Members.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <limits>

using namespace mlir;
using namespace upconv;
using namespace upconv::keras_import;

static constexpr uint64_t maximumWeights = std::numeric_limits<uint64_t>::max();

static constexpr StringRef configMember = "config.json";
static constexpr StringRef metadataMember = "metadata.json";
static constexpr StringRef weightsMember = "model.weights.h5";
static constexpr StringRef shardsMember = "model.weights.json";

static bool isHdf5(StringRef bytes) {
  return bytes.starts_with("\x89HDF\r\n\x1a\n");
}

static bool isZip(StringRef bytes) { return bytes.starts_with("PK"); }

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// The files that a map of shards names, each once.
static std::optional<std::vector<WeightFile>>
readShards(const Members &members, JsonValue map, Reporter &reporter) {
  std::vector<WeightFile> files;
  llvm::StringSet<> seen;
  for (const JsonValue::Member &entry : map.members()) {
    std::vector<JsonValue> names = entry.value.isArray()
                                       ? entry.value.elements()
                                       : std::vector{entry.value};
    for (JsonValue value : names) {
      auto name = value.asString();
      // A shard lies beside its map, nowhere else.
      if (!name || name->empty() || name->contains('/') ||
          !members.contains(*name)) {
        reporter.invalid(value.location())
            << "a shard must be the name of a file beside this one, got "
            << value.text();
        return std::nullopt;
      }
      if (!seen.insert(*name).second)
        continue;
      auto bytes = members.read(*name, maximumWeights, reporter);
      if (!bytes)
        return std::nullopt;
      files.push_back({members.nameOf(*name), std::move(*bytes)});
    }
  }
  if (files.empty())
    reporter.invalid(map.location()) << "'weight_map' must name shards";
  return files.empty() ? std::nullopt : std::optional(std::move(files));
}

/// The weights among the parts of a `.keras`; empty if it has none.
static std::optional<std::vector<WeightFile>>
readWeights(const Members &members, Reporter &reporter) {
  std::vector<WeightFile> files;
  if (members.contains(weightsMember)) {
    auto bytes = members.read(weightsMember, maximumWeights, reporter);
    if (!bytes)
      return std::nullopt;
    files.push_back({members.nameOf(weightsMember), std::move(*bytes)});
  } else if (members.contains(shardsMember)) {
    auto text = members.read(shardsMember, maximumJson, reporter);
    auto document = text ? JsonDocument::parse(members.nameOf(shardsMember),
                                               std::move(*text), reporter)
                         : nullptr;
    if (!document)
      return std::nullopt;
    return readShards(members, document->root()["weight_map"], reporter);
  } else if (members.contains("model.weights.npz")) {
    reporter.unsupported()
        << "'" << members.nameOf("model.weights.npz")
        << "' holds pickled Python objects, which are never loaded; save the "
           "model with its weights in HDF5";
    return std::nullopt;
  }
  return files;
}

std::optional<std::vector<WeightFile>>
upconv::keras_import::readWeightsFile(const std::string &path,
                                      Reporter &reporter) {
  if (llvm::sys::fs::is_directory(path)) {
    auto files = readWeights(*openFolder(path), reporter);
    if (files && files->empty()) {
      reporter.invalid() << "'" << path << "' holds no '" << weightsMember
                         << "'";
      return std::nullopt;
    }
    return files;
  }
  auto bytes = readWholeFile(path, maximumWeights, reporter);
  if (!bytes)
    return std::nullopt;
  if (isHdf5(*bytes)) {
    std::vector<WeightFile> files;
    files.push_back({path, std::move(*bytes)});
    return files;
  }
  if (isZip(*bytes)) {
    auto members = openArchive(path, *bytes, reporter);
    return members ? readWeights(*members, reporter) : std::nullopt;
  }
  if (!StringRef(*bytes).ltrim().starts_with("{")) {
    reporter.invalid() << "'" << path
                       << "' is neither a '.weights.h5' nor a '.npz' file";
    return std::nullopt;
  }
  auto document = JsonDocument::parse(path, std::move(*bytes), reporter);
  if (!document)
    return std::nullopt;
  JsonValue map = document->root()["weight_map"];
  if (!map.isObject()) {
    reporter.invalid(document->root().location())
        << "'" << path << "' holds no weights: 'weight_map' is missing";
    return std::nullopt;
  }
  return readShards(*openFolder(llvm::sys::path::parent_path(path).str()), map,
                    reporter);
}

//===----------------------------------------------------------------------===//
// Models
//===----------------------------------------------------------------------===//

/// A `.keras`, packed or not.
static std::optional<ModelFile> readParts(const Members &members,
                                          Reporter &reporter) {
  ModelFile file;
  auto parse = [&](StringRef member) -> std::unique_ptr<JsonDocument> {
    auto text = members.read(member, maximumJson, reporter);
    return text ? JsonDocument::parse(members.nameOf(member), std::move(*text),
                                      reporter)
                : nullptr;
  };
  file.config = parse(configMember);
  if (members.contains(metadataMember))
    if (auto metadata = parse(metadataMember))
      file.version = metadata->root().string("keras_version").str();
  if (auto weights = readWeights(members, reporter))
    file.weights = std::move(*weights);
  if (!file.config)
    return std::nullopt;
  return file;
}

static std::optional<ModelFile>
readArchive(const std::string &name, StringRef bytes, Reporter &reporter) {
  auto members = openArchive(name, bytes, reporter);
  if (!members)
    return std::nullopt;
  if (members->contains(configMember))
    return readParts(*members, reporter);
  reporter.invalid() << "'" << name << "' is not a Keras archive: member '"
                     << configMember << "' is missing";
  return std::nullopt;
}

static std::optional<ModelFile> readFolder(const std::string &path,
                                           Reporter &reporter) {
  std::unique_ptr<Members> members = openFolder(path);
  if (members->contains(configMember))
    return readParts(*members, reporter);
  if (members->contains("saved_model.pb"))
    reporter.unsupported()
        << "'" << path
        << "' is a TensorFlow SavedModel, which is not supported; load it in "
           "Keras and save it as '.keras'";
  else
    reporter.invalid() << "'" << path << "' is a folder without '"
                       << configMember << "', not a Keras model";
  return std::nullopt;
}

/// A legacy `.h5`: the config is an attribute, and the weights are beside it.
static std::optional<ModelFile>
readHdf5(const std::string &name, std::string bytes, Reporter &reporter) {
  std::unique_ptr<Hdf5File> hdf5 = Hdf5File::open(bytes);
  if (!hdf5) {
    reporter.invalid() << "'" << name << "' is not a readable HDF5 file";
    return std::nullopt;
  }
  if (!hdf5->hasAttribute("/", "model_config")) {
    reporter.invalid() << "'" << name
                       << "' holds no model; if it holds weights, name the "
                          "model's JSON and give these with '--weights'";
    return std::nullopt;
  }
  auto config = hdf5->stringAttribute("/", "model_config");
  if (!config) {
    reporter.invalid() << "'" << name
                       << "': the attribute 'model_config' cannot be read";
    return std::nullopt;
  }
  ModelFile file;
  file.config =
      JsonDocument::parse(name + ":model_config", std::move(*config), reporter);
  file.version =
      hdf5->stringAttribute("/", "keras_version").value_or(std::string());
  if (!file.config)
    return std::nullopt;
  if (hdf5->isGroup("model_weights"))
    file.weights.push_back({name, std::move(bytes)});
  return file;
}

std::optional<ModelFile>
upconv::keras_import::readModelFile(const std::string &path,
                                    Reporter &reporter) {
  std::string name = path == "-" ? "<stdin>" : path;
  std::optional<ModelFile> file;
  if (path != "-" && llvm::sys::fs::is_directory(path)) {
    file = readFolder(path, reporter);
    // A folder may be named with a slash at its end.
    name = StringRef(path).rtrim('/').str();
  } else {
    auto bytes = readWholeFile(path, maximumWeights, reporter);
    if (!bytes)
      return std::nullopt;
    if (isHdf5(*bytes)) {
      file = readHdf5(name, std::move(*bytes), reporter);
    } else if (isZip(*bytes)) {
      file = readArchive(name, *bytes, reporter);
    } else if (bytes->size() > maximumJson) {
      reporter.invalid() << "'" << name << "' is too large for a model's JSON";
    } else if (auto config =
                   JsonDocument::parse(name, std::move(*bytes), reporter)) {
      file.emplace();
      file->config = std::move(config);
    }
  }
  if (file)
    file->baseName = llvm::sys::path::filename(name).str();
  return file;
}
