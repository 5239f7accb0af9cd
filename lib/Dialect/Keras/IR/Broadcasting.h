//===- Broadcasting.h - Shapes of operands that meet ----------------------===//

#ifndef UPCONV_LIB_DIALECT_KERAS_IR_BROADCASTING_H
#define UPCONV_LIB_DIALECT_KERAS_IR_BROADCASTING_H

#include "LayerFamily.h"

namespace upconv::keras {

/// The size that two broadcast axes agree on, or no value. An unknown size
/// meets a known one above 1 as that size, as in Keras.
std::optional<int64_t> broadcastSize(int64_t a, int64_t b);

/// Whether two axes that must be equal can be.
inline bool sizesAgree(int64_t a, int64_t b) {
  return a == b || mlir::ShapedType::isDynamic(a) ||
         mlir::ShapedType::isDynamic(b);
}

/// The broadcast shape of the inputs, a lower rank aligned by axes of size 1 at
/// place `insertAt`: 1, behind the batch, for layers; 0 for numpy.
llvm::FailureOr<llvm::SmallVector<int64_t>>
broadcastShapes(const LayerContext &layer, mlir::ValueRange inputs,
                unsigned insertAt);

} // namespace upconv::keras

#endif // UPCONV_LIB_DIALECT_KERAS_IR_BROADCASTING_H
