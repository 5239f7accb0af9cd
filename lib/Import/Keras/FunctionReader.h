//===- FunctionReader.h - Functions of tensors in the place of layers -----===//

#ifndef UPCONV_LIB_IMPORT_KERAS_FUNCTIONREADER_H
#define UPCONV_LIB_IMPORT_KERAS_FUNCTIONREADER_H

#include "LayerPlan.h"

namespace upconv::keras_import {

/// Whether a node of a graph is an operation of keras.ops, which is no layer.
bool isOperation(JsonValue node);

/// Whether a node of a graph is a function of tensors: an operation of
/// keras.ops, whose class names collide with layers', or one of tf.keras's
/// classes for functions, or a Lambda layer.
bool isFunctionNode(JsonValue node);

/// Reads such a node into `plan`. Python code is never executed: of Lambda
/// layers only named functions that we know are taken.
void readFunction(LayerPlan &plan, JsonValue node, Reporter &reporter);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_FUNCTIONREADER_H
