//===- MaskOperations.h - What only computes masks ------------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_MASKOPERATIONS_H
#define UPCONV_LIB_IMPORT_KERAS_MASKOPERATIONS_H

#include "Json.h"

#include <vector>

namespace upconv::keras_import {

/// The layers of a Functional model without the operations that nothing but
/// `mask` arguments refer to. Keras writes them where a masked tensor meets a
/// model inside the model (NotEqual and Any of a Masking layer); what masks
/// mean here is for Masks.h to say, by the layers that make them.
std::vector<JsonValue>
withoutMaskOperations(const std::vector<JsonValue> &layers,
                      JsonValue outputLayers);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_MASKOPERATIONS_H
