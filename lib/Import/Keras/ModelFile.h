//===- ModelFile.h - What kind of file the model is in --------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_MODELFILE_H
#define UPCONV_LIB_IMPORT_KERAS_MODELFILE_H

#include "Json.h"

namespace upconv::keras_import {

/// An HDF5 file with weights, and what messages call it.
struct WeightFile {
  std::string name;
  std::string bytes;
};

/// A model's parts, whatever file they were in.
struct ModelFile {
  std::string baseName;
  std::unique_ptr<JsonDocument> config;
  std::string version; ///< keras_version beside the config, or empty
  std::vector<WeightFile> weights; ///< none, one, or the shards of one
};

/// Reads `path` ("-" is standard input): JSON, a `.keras` archive or the folder
/// that it is unpacked, or a legacy `.h5`, told apart by their content. Nothing
/// after an error.
std::optional<ModelFile> readModelFile(const std::string &path,
                                       Reporter &reporter);

/// Reads the weights at `path`: a `.weights.h5`, a legacy `.h5`, the
/// `.weights.json` of shards, or a `.keras` as archive or folder. Empty for a
/// zip without such a member, which may be an `.npz`. Nothing after an error.
std::optional<std::vector<WeightFile>> readWeightsFile(const std::string &path,
                                                       Reporter &reporter);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_MODELFILE_H
