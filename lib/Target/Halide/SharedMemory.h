//===- SharedMemory.h - Where a kernel's shared memory begins in PTX ------===//
//
// Halide's PTX takes the shared memory of a launch to begin at address 0. That
// holds up to sm_89; from sm_90 on the first kilobyte is the system's. The
// address is a symbol's, whatever it is.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_SHAREDMEMORY_H
#define UPCONV_LIB_TARGET_HALIDE_SHAREDMEMORY_H

#include <Halide.h>

#include <string>

namespace upconv {

/// `ptx` with every access to shared memory relative to a symbol for what the
/// launch is given. Throws std::runtime_error if an access is not understood.
std::string withSharedSymbol(const std::string &ptx);

/// `module` with that done to its kernels.
Halide::Module withSharedSymbol(const Halide::Module &module);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_SHAREDMEMORY_H
