//===- ModelFile.h - What kind of file the model is in --------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_MODELFILE_H
#define UPCONV_LIB_IMPORT_KERAS_MODELFILE_H

#include "Json.h"

namespace upconv::keras_import {

/// A model's parts, whatever file they were in.
struct ModelFile {
  std::string baseName;
  std::unique_ptr<JsonDocument> config;
  std::string version; ///< metadata.json's keras_version, or empty
  /// The `.weights.h5` inside an archive, and what messages call it.
  std::optional<std::string> weights;
  std::string weightsName;
};

/// Reads `path` ("-" is standard input): JSON or a `.keras` archive, told apart
/// by their first bytes. Nothing after an error.
std::optional<ModelFile> readModelFile(const std::string &path,
                                       Reporter &reporter);

bool isHdf5(llvm::StringRef bytes);
bool isZip(llvm::StringRef bytes);

/// The `model.weights.h5` of a zip, or nothing if it has none that is readable.
std::optional<std::string> readArchivedWeights(llvm::StringRef path,
                                               llvm::StringRef bytes);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_MODELFILE_H
