//===- LoadedModel.cpp - A generated library with its buffers -------------===//

#include "LoadedModel.h"

#include "Diagnostics.h"

#include "llvm/ADT/ScopeExit.h"

using namespace upconv;

static llvm::Expected<PackedWeights> mapFile(const std::string &path) {
  namespace fs = llvm::sys::fs;
  llvm::Expected<fs::file_t> file = fs::openNativeFileForRead(path);
  if (!file)
    return llvm::createStringError(
        path + ": error: cannot be read: " + llvm::toString(file.takeError()));
  llvm::scope_exit close([&] { fs::closeFile(*file); });
  fs::file_status status;
  std::error_code code = fs::status(*file, status);
  PackedWeights weights;
  if (!code) {
    weights.size = status.getSize();
    weights.file = std::make_unique<fs::mapped_file_region>(
        *file, fs::mapped_file_region::readonly, weights.size, 0, code);
  }
  if (code)
    return llvm::createStringError(
        path + ": error: cannot be read: " + code.message());
  return std::move(weights);
}

static llvm::Expected<PackedWeights> pack(const LoadedLibrary &library,
                                          llvm::ArrayRef<Tensor> variables) {
  PackedWeights weights;
  weights.size = library.packedSize();
  weights.made = std::make_unique<Buffer>(weights.size);
  std::vector<const float *> pointers;
  for (const Tensor &variable : variables)
    pointers.push_back(variable.values.empty() ? nullptr
                                               : variable.values.data());
  if (llvm::Error error = library.pack(pointers, weights.made->data()))
    return std::move(error);
  return std::move(weights);
}

llvm::Expected<Loaded>
upconv::load(const RunSubject &subject,
             const std::vector<std::vector<int64_t>> &shapes, int threads) {
  llvm::Expected<LoadedLibrary> library =
      LoadedLibrary::open(subject.library, "", subject.shownAs);
  if (!library)
    return library.takeError();
  PackedWeights weights;
  if (library->packedSize()) {
    llvm::Expected<PackedWeights> found =
        subject.variables.empty() ? mapFile(subject.weightsFile)
                                  : pack(*library, subject.variables);
    if (!found)
      return found.takeError();
    weights = std::move(*found);
  }
  if (llvm::Error error = library->prepare(
          weights.data(), weights.size,
          weights.file ? llvm::StringRef(subject.weightsFile) : ""))
    return std::move(error);
  llvm::Expected<std::vector<int64_t>> extents = library->extentsFor(shapes);
  if (!extents)
    return extents.takeError();
  llvm::Expected<LoadedLibrary::Sizes> sizes =
      library->sizes(*extents, threads);
  if (!sizes)
    return sizes.takeError();
  Loaded loaded{std::move(*library),
                std::move(weights),
                *extents,
                *sizes,
                {},
                {},
                Buffer(sizes->workspace),
                {},
                {}};
  for (const std::vector<int64_t> &shape : shapes) {
    loaded.inputs.emplace_back(elementCount(shape) * sizeof(float));
    loaded.inputPointers.push_back(loaded.inputs.back().floats());
  }
  for (const std::vector<int64_t> &shape : sizes->outputShapes) {
    loaded.outputs.emplace_back(elementCount(shape) * sizeof(float));
    loaded.outputPointers.push_back(loaded.outputs.back().floats());
  }
  return std::move(loaded);
}

ExitStatus upconv::reportLoading(llvm::Error error) {
  ExitStatus status = ExitInvalid;
  llvm::Error rest = llvm::handleErrors(
      std::move(error),
      [&](std::unique_ptr<llvm::StringError> text) -> llvm::Error {
        if (text->convertToErrorCode() == std::errc::not_supported)
          status = ExitUnsupported;
        return llvm::Error(std::move(text));
      });
  printError(std::move(rest));
  return status;
}

void upconv::writeShapes(FieldWriter &writer,
                         const std::vector<std::vector<int64_t>> &shapes) {
  writer.add(shapes.size());
  for (const std::vector<int64_t> &shape : shapes) {
    writer.add(shape.size());
    for (int64_t size : shape)
      writer.add(size);
  }
}

std::vector<std::vector<int64_t>> upconv::readShapes(FieldReader &reader) {
  std::vector<std::vector<int64_t>> shapes;
  for (int64_t i = 0, count = reader.integer(); i < count && !reader.failed;
       ++i) {
    std::vector<int64_t> shape(reader.integer());
    for (int64_t &size : shape)
      size = reader.integer();
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

ExitStatus upconv::failureOf(const WorkerResult &result) {
  if (result.signal == 0 && (result.exitStatus == ExitInvalid ||
                             result.exitStatus == ExitUnsupported))
    return static_cast<ExitStatus>(result.exitStatus);
  printError("the generated library failed with " + result.describe());
  return ExitInternal;
}
