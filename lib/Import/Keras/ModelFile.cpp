//===- ModelFile.cpp - What kind of file the model is in ------------------===//

#include "ModelFile.h"
#include "Hdf5.h"

#include "upconv/Support/Zip.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <limits>

using namespace mlir;
using namespace upconv;
using namespace upconv::keras_import;

/// More than any architecture needs; what is larger is not one.
static constexpr uint64_t maximumJson = uint64_t(256) << 20;
static constexpr uint64_t maximumWeights = std::numeric_limits<uint64_t>::max();

static constexpr StringRef configMember = "config.json";
static constexpr StringRef metadataMember = "metadata.json";
static constexpr StringRef weightsMember = "model.weights.h5";

bool upconv::keras_import::isHdf5(StringRef bytes) {
  return bytes.starts_with("\x89HDF\r\n\x1a\n");
}

bool upconv::keras_import::isZip(StringRef bytes) {
  return bytes.starts_with("PK");
}

std::optional<std::string>
upconv::keras_import::readArchivedWeights(StringRef path, StringRef bytes) {
  auto archive = ZipArchive::open(bytes);
  if (!archive) {
    llvm::consumeError(archive.takeError());
    return std::nullopt;
  }
  if (!(*archive)->contains(weightsMember))
    return std::nullopt;
  auto contents = (*archive)->read(weightsMember, maximumWeights);
  if (!contents) {
    llvm::consumeError(contents.takeError());
    return std::nullopt;
  }
  return std::move(*contents);
}

/// The weights of an archive, if it has any that we can read.
static void readWeights(const ZipArchive &archive, const std::string &name,
                        ModelFile &file, Reporter &reporter) {
  if (archive.contains(weightsMember)) {
    auto contents = archive.read(weightsMember, maximumWeights);
    if (!contents) {
      reporter.invalid() << "'" << name
                         << "': " << llvm::toString(contents.takeError());
      return;
    }
    file.weights = std::move(*contents);
    file.weightsName = name + ":" + weightsMember.str();
    return;
  }
  for (StringRef other : {"model.weights.npz", "model.weights.json"})
    if (archive.contains(other))
      reporter.unsupported() << "'" << name << "': weights in '" << other
                             << "' are not supported yet";
}

static std::optional<ModelFile>
readArchive(const std::string &name, StringRef bytes, Reporter &reporter) {
  auto archive = ZipArchive::open(bytes);
  if (!archive) {
    reporter.invalid() << "'" << name
                       << "': " << llvm::toString(archive.takeError());
    return std::nullopt;
  }
  if (!(*archive)->contains(configMember)) {
    reporter.invalid() << "'" << name << "' is not a Keras archive: member '"
                       << configMember << "' is missing";
    return std::nullopt;
  }
  ModelFile file;
  auto parse = [&](StringRef member) -> std::unique_ptr<JsonDocument> {
    auto text = (*archive)->read(member, maximumJson);
    if (!text) {
      reporter.invalid() << "'" << name
                         << "': " << llvm::toString(text.takeError());
      return nullptr;
    }
    return JsonDocument::parse(name + ":" + member.str(), std::move(*text),
                               reporter);
  };
  file.config = parse(configMember);
  if ((*archive)->contains(metadataMember))
    if (auto metadata = parse(metadataMember))
      file.version = metadata->root().string("keras_version").str();
  readWeights(**archive, name, file, reporter);
  if (!file.config)
    return std::nullopt;
  return file;
}

/// An HDF5 file is a legacy model or holds weights only.
static void reportHdf5(const std::string &name, StringRef bytes,
                       Reporter &reporter) {
  std::unique_ptr<Hdf5File> file = Hdf5File::open(bytes);
  if (!file)
    reporter.invalid() << "'" << name << "' is not a readable HDF5 file";
  else if (file->hasAttribute("/", "model_config"))
    reporter.unsupported() << "'" << name
                           << "' is a legacy HDF5 model, which is not "
                              "supported yet; save it as '.keras'";
  else
    reporter.invalid() << "'" << name
                       << "' holds no model; if it holds weights, name the "
                          "model's JSON and give these with '--weights'";
}

std::optional<ModelFile>
upconv::keras_import::readModelFile(const std::string &path,
                                    Reporter &reporter) {
  auto buffer =
      llvm::MemoryBuffer::getFileOrSTDIN(path, /*IsText=*/false,
                                         /*RequiresNullTerminator=*/false);
  if (!buffer) {
    reporter.invalid() << "'" << path
                       << "' cannot be read: " << buffer.getError().message();
    return std::nullopt;
  }
  std::string name = path == "-" ? "<stdin>" : path;
  StringRef bytes = (*buffer)->getBuffer();
  std::optional<ModelFile> file;
  if (isHdf5(bytes)) {
    reportHdf5(name, bytes, reporter);
  } else if (isZip(bytes)) {
    file = readArchive(name, bytes, reporter);
  } else if (bytes.size() > maximumJson) {
    reporter.invalid() << "'" << name << "' is too large for a model's JSON";
  } else if (auto config = JsonDocument::parse(name, bytes.str(), reporter)) {
    file.emplace();
    file->config = std::move(config);
  }
  if (file)
    file->baseName = llvm::sys::path::filename(name).str();
  return file;
}
