//===- UpconvOps.h - The upconv dialect -----------------------------------===//
//
// Channels-last tensor operations, kernels, layouts, schedules. See
// UpconvOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_DIALECT_UPCONV_IR_UPCONVOPS_H
#define UPCONV_DIALECT_UPCONV_IR_UPCONVOPS_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "upconv/Dialect/Upconv/IR/UpconvDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "upconv/Dialect/Upconv/IR/UpconvAttrs.h.inc"

namespace upconv {
class MapOp;

/// A tensor type whose extents are `extents`: constants become static
/// dimensions, anything else `?` with the expressions in the encoding.
mlir::RankedTensorType getTensorType(mlir::MLIRContext *context,
                                     llvm::ArrayRef<mlir::AffineExpr> extents);

/// The extents of a tensor, as constants and expressions over s0, s1, ...
llvm::SmallVector<mlir::AffineExpr> getExtents(mlir::Type type);

/// The type of a tensor once `upconv.round` has put its channels in pairs.
mlir::RankedTensorType getPairedType(mlir::Type type);
/// Whether a tensor's elements are such pairs.
bool holdsPairs(mlir::Type type);

/// The product of `extents`; semi-affine where two unknown ones meet.
mlir::AffineExpr getProduct(mlir::MLIRContext *context,
                            llvm::ArrayRef<mlir::AffineExpr> extents);

/// The value of a constant expression, or nothing.
std::optional<int64_t> getConstant(mlir::AffineExpr expr);

/// A map without dimensions whose symbols cover `results`.
mlir::AffineMap getExtentMap(mlir::MLIRContext *context,
                             llvm::ArrayRef<mlir::AffineExpr> results);

/// `extents` with the halo of `layout` added; a null layout adds nothing.
llvm::SmallVector<mlir::AffineExpr>
getPaddedExtents(llvm::ArrayRef<mlir::AffineExpr> extents, LayoutAttr layout);

/// Through reshapes to the value that is written.
mlir::Value getRoot(mlir::Value value);

/// Row-major strides, in elements, of a tensor with these extents and halo.
llvm::SmallVector<mlir::AffineExpr>
getStrides(llvm::ArrayRef<mlir::AffineExpr> extents, LayoutAttr layout);

} // namespace upconv

#define GET_OP_CLASSES
#include "upconv/Dialect/Upconv/IR/UpconvOps.h.inc"

namespace upconv {

/// Whether `op` may be what a kernel is formed around.
bool isAnchor(mlir::Operation *op);

/// The concat that `value` is an operand of, or null.
ConcatOp getConcatOf(mlir::Value value);

/// Where a tensor lies, once layouts are assigned.
struct Storage {
  /// The argument, kernel or concat whose memory it is.
  mlir::Value owner;
  LayoutAttr layout; ///< the owner's, never null
  /// Of element (0, ..., 0) of the tensor, per dimension.
  llvm::SmallVector<mlir::AffineExpr> offsets;
  llvm::SmallVector<mlir::AffineExpr> strides; ///< in elements
  /// The element (0, ..., 0) from the start of the owner's memory.
  mlir::AffineExpr origin;
  /// Zeros around the tensor that a reader may rely on.
  llvm::SmallVector<int64_t> haloLow, haloHigh;
};

/// The storage of `value`. What a reshape sees is dense, and no part of a
/// concat.
Storage getStorage(mlir::Value value);

} // namespace upconv

#endif // UPCONV_DIALECT_UPCONV_IR_UPCONVOPS_H
