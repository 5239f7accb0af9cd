//===- CallReader.h - Who is called on what -------------------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_CALLREADER_H
#define UPCONV_LIB_IMPORT_KERAS_CALLREADER_H

#include "LayerPlan.h"

namespace upconv::keras_import {

/// Reads a layer's `inbound_nodes`, in the lists of Keras 2 or the objects of
/// Keras 3, and appends its calls, `index` being the layer's. A layer whose
/// calls cannot be read is no longer valid.
void readCalls(LayerPlan &layer, size_t index, JsonValue node,
               std::vector<LayerCall> &calls, Reporter &reporter);

/// Reads `input_layers` or `output_layers` of a model's config: one triple, or
/// any nest of them.
std::vector<TensorReference> readEnds(const ModelPlan &plan, JsonValue config,
                                      llvm::StringRef key, Reporter &reporter);

/// The file counts the calls of a model inside the model from 0 or, where the
/// call that made it counts too, from 1. Makes all references to such models
/// count from 0: Keras 2 counts from 1 everywhere (unless it is a Sequential
/// without an InputLayer); Keras 3 does so in `output_layers` alone and for a
/// Functional alone. A reference that fits the other way only says so itself.
void countModelCallsFromZero(ModelPlan &plan, Flavor flavor);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_CALLREADER_H
