//===- ModelReader.h - A model's JSON to a plan ---------------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_MODELREADER_H
#define UPCONV_LIB_IMPORT_KERAS_MODELREADER_H

#include "CustomLayers.h"
#include "LayerPlan.h"

namespace upconv::keras_import {

/// Reads a whole model or a bare layer, in any of Keras's JSON layouts.
/// `version` is what the archive says about Keras's version, or empty. Nothing
/// after an error that leaves no model at all; other errors are in `reporter`.
std::optional<ModelPlan> readModel(JsonValue root, llvm::StringRef version,
                                   const CustomLayers &customLayers,
                                   Reporter &reporter);

/// Applies `--input-shape`: shapes a bare layer's inputs, pins a model's
/// unknown dimensions. Afterwards every input has a shape, or an error was
/// reported.
void applyInputShapes(
    ModelPlan &plan,
    const std::vector<std::pair<std::string, std::vector<int64_t>>> &shapes,
    Reporter &reporter);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_MODELREADER_H
