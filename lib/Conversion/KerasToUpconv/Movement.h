//===- Movement.h - Builders that move, resample and reduce ---------------===//

#ifndef UPCONV_LIB_CONVERSION_KERASTOUPCONV_MOVEMENT_H
#define UPCONV_LIB_CONVERSION_KERASTOUPCONV_MOVEMENT_H

#include "Lowering.h"

namespace upconv {

/// One dimension of a reindex: `extent` positions o that read
/// floor((o * step + start) / repeat).
struct AxisIndex {
  mlir::AffineExpr extent, start;
  int64_t step = 1, repeat = 1;
};

/// Every dimension of `value` as it is.
llvm::SmallVector<AxisIndex> identityIndices(mlir::Value value);

/// `border` and `fill` as in upconv.reindex.
mlir::Value reindex(Lowering &lowering, mlir::Location loc, mlir::Value value,
                    llvm::ArrayRef<AxisIndex> indices,
                    llvm::StringRef border = "none", double fill = 0);

mlir::Value concat(Lowering &lowering, mlir::Location loc,
                   mlir::ValueRange parts, int64_t axis);

mlir::Value reshape(Lowering &lowering, mlir::Location loc, mlir::Value value,
                    llvm::ArrayRef<mlir::AffineExpr> extents);

/// `kind` along `axis` of the function `body` of `inputs`, which broadcast to
/// `domain`. The axis stays, with size 1.
mlir::Value reduce(Lowering &lowering, mlir::Location loc, llvm::StringRef kind,
                   mlir::ValueRange inputs,
                   llvm::ArrayRef<mlir::AffineExpr> domain, int64_t axis,
                   Lowering::Body body);

/// `kind` of the elements of `value` along `axes`, which stay with size 1. One
/// axis at a time, the last one first: partial sums are short, which keeps
/// float32 sums accurate.
mlir::Value reduce(Lowering &lowering, mlir::Location loc, llvm::StringRef kind,
                   mlir::Value value, llvm::ArrayRef<int64_t> axes);

/// `op` applied to the value moved to channels-last and back where the layer is
/// channels_first.
template <typename Function>
mlir::Value inChannelsLast(Lowering &lowering, mlir::Location loc,
                           mlir::Value value, llvm::StringRef dataFormat,
                           Function op) {
  if (dataFormat != "channels_first")
    return op(value);
  return lowering.toChannelsFirst(loc, op(lowering.toChannelsLast(loc, value)));
}

} // namespace upconv

#endif // UPCONV_LIB_CONVERSION_KERASTOUPCONV_MOVEMENT_H
