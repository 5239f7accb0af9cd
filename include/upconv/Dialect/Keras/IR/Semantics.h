//===- Semantics.h - Whose rules a model follows --------------------------===//

#ifndef UPCONV_DIALECT_KERAS_IR_SEMANTICS_H
#define UPCONV_DIALECT_KERAS_IR_SEMANTICS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"

namespace upconv::keras {

/// The module's attribute of `--semantics`; absent means TensorFlow's rules.
inline constexpr llvm::StringLiteral semanticsAttrName = "keras.semantics";
inline constexpr llvm::StringLiteral legacyTorchSemantics = "torch-legacy";

/// Whether the crop in front of a `same` transposed convolution is rounded up.
/// Keras's torch back end did so before 3.15 (May 2026); TensorFlow, and Keras
/// since, round down, which shifts the result by one where the crop is odd.
inline bool cropsRoundUp(mlir::Operation *op) {
  auto module = op->getParentOfType<mlir::ModuleOp>();
  auto semantics =
      module ? module->getAttrOfType<mlir::StringAttr>(semanticsAttrName)
             : mlir::StringAttr();
  return semantics && semantics.getValue() == legacyTorchSemantics;
}

} // namespace upconv::keras

#endif // UPCONV_DIALECT_KERAS_IR_SEMANTICS_H
