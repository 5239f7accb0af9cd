//===- RateKernels.h - Kernels that show what a GPU can do ----------------===//
//
// The two anchors of a GPU's rooflines: a copy, and multiply-adds in registers.
// They go the same way as every kernel, through Halide, the driver's compiler
// and the library's launches, so that a fraction says what a schedule leaves
// undone and not what the way there costs.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_TARGET_HALIDE_RATEKERNELS_H
#define UPCONV_TARGET_HALIDE_RATEKERNELS_H

#include "upconv/Target/Halide/CompileKernel.h"

#include <string>

namespace upconv {

enum class Rate { Copy, MultiplyAdds };

/// The kernels take rows of so many floats from their input to their output;
/// the number of rows is their one scalar.
constexpr int64_t rateRowFloats = 512;
/// Multiply-adds per float of Rate::MultiplyAdds: 8 KB of code, which the
/// instruction cache holds, for 8 bytes of traffic: 64 per byte, beyond every
/// GPU's balance of about 20. The factor is the input's first float, the addend
/// its second.
constexpr int64_t rateMultiplyAdds = 512;

/// Compiles one of them for a target with a device, as compileKernel does.
bool compileRateKernel(Rate rate, const KernelTarget &target,
                       const std::string &name, CompiledKernel &result,
                       std::string &error);

} // namespace upconv

#endif // UPCONV_TARGET_HALIDE_RATEKERNELS_H
