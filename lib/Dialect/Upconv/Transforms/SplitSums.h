//===- SplitSums.h - Contractions whose sums are made in parts ------------===//

#ifndef UPCONV_LIB_DIALECT_UPCONV_TRANSFORMS_SPLITSUMS_H
#define UPCONV_LIB_DIALECT_UPCONV_TRANSFORMS_SPLITSUMS_H

#include "upconv/Dialect/Upconv/IR/UpconvOps.h"

namespace upconv {

/// Replaces a contraction by a kernel that makes its sums in `parts`, under the
/// same schedule, and one that adds them and has the bias and the epilogue.
void splitSums(KernelOp contraction, int64_t parts);

} // namespace upconv

#endif // UPCONV_LIB_DIALECT_UPCONV_TRANSFORMS_SPLITSUMS_H
