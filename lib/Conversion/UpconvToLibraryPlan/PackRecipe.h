//===- PackRecipe.h - Packing as data -------------------------------------===//

#ifndef UPCONV_LIB_CONVERSION_UPCONVTOLIBRARYPLAN_PACKRECIPE_H
#define UPCONV_LIB_CONVERSION_UPCONVTOLIBRARYPLAN_PACKRECIPE_H

#include "upconv/Dialect/Upconv/IR/UpconvOps.h"

#include "llvm/ADT/StringMap.h"

#include <cstdint>
#include <vector>

namespace upconv {

/// One range of packed weights as words for upconv_rt_pack (PackedWeights.h),
/// from the source variable to the last block. `pack` brings values in the
/// order of the operation's tensor into `packedCount` floats; it must copy them
/// or write zeros, nothing else. With `rounds` they are stored as bfloat16.
/// `variables` gives every variable's number.
/// Fails with a diagnostic if the operation names a variable that is not there.
mlir::FailureOr<std::vector<int64_t>>
packRecipe(WeightsOp op, int64_t packedCount, bool rounds,
           llvm::function_ref<void(const float *, float *)> pack,
           const llvm::StringMap<int64_t> &variables);

/// The taps of the source kernel whose sum is tap `tap` of the kernel of
/// `shape` (k + f - 1..., cout, cin) that repeats by `factors` and convolves;
/// the formula is FuseUpsampling.cpp's. Taps are numbered row-major.
llvm::SmallVector<int64_t> upsampledTaps(int64_t tap,
                                         llvm::ArrayRef<int64_t> factors,
                                         llvm::ArrayRef<int64_t> shape);

} // namespace upconv

#endif // UPCONV_LIB_CONVERSION_UPCONVTOLIBRARYPLAN_PACKRECIPE_H
