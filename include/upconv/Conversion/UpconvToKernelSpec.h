//===- UpconvToKernelSpec.h - upconv.kernel to plain data -----------------===//

#ifndef UPCONV_CONVERSION_UPCONVTOKERNELSPEC_H
#define UPCONV_CONVERSION_UPCONVTOKERNELSPEC_H

#include "upconv/Dialect/Upconv/IR/UpconvOps.h"
#include "upconv/Target/Halide/KernelSpec.h"

namespace upconv {

/// A kernel as the Halide room wants it, and what its scalar arguments are over
/// the model's run-time extents. `name` is left empty.
struct LoweredKernel {
  KernelSpec spec;
  llvm::SmallVector<mlir::AffineExpr> scalars;
};

/// Translates geometry, layouts, epilogue and schedule. Fails with a diagnostic
/// on a scalar operation that KernelSpec cannot express.
mlir::FailureOr<LoweredKernel> lowerKernelToSpec(KernelOp kernel,
                                                 const KernelTarget &target);

} // namespace upconv

#endif // UPCONV_CONVERSION_UPCONVTOKERNELSPEC_H
