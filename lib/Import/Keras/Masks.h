//===- Masks.h - Where Keras would leave steps out ------------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_MASKS_H
#define UPCONV_LIB_IMPORT_KERAS_MASKS_H

#include "Reporter.h"

#include "mlir/IR/BuiltinOps.h"

namespace upconv::keras_import {

/// Keras's Masking, and an Embedding with `mask_zero`, send a mask along with
/// their result. Reports every layer that would take masked steps out of its
/// computation: no mask exists in a compiled model.
void checkMasks(mlir::ModuleOp module, Reporter &reporter);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_MASKS_H
