//===- KerasOps.h - The keras dialect -------------------------------------===//
//
// Layers as Keras means them. See KerasOps.td for each op's rules.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_DIALECT_KERAS_IR_KERASOPS_H
#define UPCONV_DIALECT_KERAS_IR_KERASOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <string>

namespace upconv::keras {

/// A variable that a layer creates, by Keras's rules.
struct VariableSpec {
  std::string name; ///< as Keras names it, e.g. "kernel"
  llvm::SmallVector<int64_t> shape;
  bool trainable = true;
  /// The argument that says how to draw it; `<name>_initializer` if empty.
  std::string initializer = {};
  /// Whether the file may hold it as integers; here it is float32 all the same.
  bool isInteger = false;
};

/// The trait of layers that act in training only.
template <typename Op>
class IdentityAtInference
    : public mlir::OpTrait::TraitBase<Op, IdentityAtInference> {};

namespace detail {
/// Checks that bound variables match the layer's specs in number, name, shape.
mlir::LogicalResult verifyLayerWeights(mlir::Operation *op);
} // namespace detail

} // namespace upconv::keras

#include "upconv/Dialect/Keras/IR/KerasDialect.h.inc"
#include "upconv/Dialect/Keras/IR/KerasInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "upconv/Dialect/Keras/IR/KerasAttrs.h.inc"

#define GET_OP_CLASSES
#include "upconv/Dialect/Keras/IR/KerasOps.h.inc"

#endif // UPCONV_DIALECT_KERAS_IR_KERASOPS_H
