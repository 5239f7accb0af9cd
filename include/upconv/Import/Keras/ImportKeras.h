//===- ImportKeras.h - Keras files to the keras dialect -------------------===//
//
// The only room that knows Keras's file formats. Every value keeps its
// file:line:col; every error is a diagnostic of the context, and all the errors
// of a file are reported in one run.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_IMPORT_KERAS_IMPORTKERAS_H
#define UPCONV_IMPORT_KERAS_IMPORTKERAS_H

#include "upconv/Support/Tensor.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace upconv {

struct ImportOptions {
  std::string path; ///< the model file; "-" is standard input
  /// `--input-shape [NAME=]DIMS`: name ("" for the only input) and dimensions,
  /// batch first, ShapedType::kDynamic for `?`.
  std::vector<std::pair<std::string, std::vector<int64_t>>> inputShapes;
  std::string weightsPath;          ///< `--weights FILE`, or empty
  std::string customLayersPath;     ///< `--custom-layers FILE`, or empty
  std::optional<uint64_t> initSeed; ///< `--init SEED`
};

/// The module holds one public `func.func` whose name is the model's made a C
/// identifier. Its arguments and results carry `keras.name` (the InputLayer's
/// name, the name of the layer that makes the output); the module carries
/// `keras.model_name`, `keras.version` (string, may be empty) and
/// `keras.source` (the file's base name).
struct ImportedModel {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  WeightStore weights; ///< empty where the file has none and none were given
};

enum class ImportStatus {
  Ok,
  Invalid,     ///< the file or its data is wrong: exit status 1
  Unsupported, ///< valid Keras that this version does not support: exit status
               ///< 4
};

/// Reads a model. The context must have the keras and func dialects loaded.
ImportStatus importKerasModel(mlir::MLIRContext &context,
                              const ImportOptions &options,
                              ImportedModel &model);

} // namespace upconv

#endif // UPCONV_IMPORT_KERAS_IMPORTKERAS_H
