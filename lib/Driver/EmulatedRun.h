//===- EmulatedRun.h - Libraries for another processor ------------------===//
//
// `run` and `verify` for a target of another architecture: the library becomes
// a static program, by a cross compiler, that an emulator runs once.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DRIVER_EMULATEDRUN_H
#define UPCONV_LIB_DRIVER_EMULATEDRUN_H

#include "Session.h"

#include "upconv/Support/Tensor.h"

namespace upconv {

/// What `triple` needs on this machine; both are searched on PATH.
struct EmulatorTools {
  std::string compiler; ///< e.g. "aarch64-linux-gnu-gcc"
  std::string emulator; ///< e.g. "qemu-aarch64", or the same with "-static"
};

/// Fails if one of them is not there; the error names it.
llvm::Expected<EmulatorTools> findEmulator(llvm::StringRef triple);

/// Runs what `session` has built once. `variables` are for a library that packs
/// its weights itself, in its order.
ExitStatus runEmulated(const Session &session, const EmulatorTools &tools,
                       llvm::ArrayRef<Tensor> variables,
                       llvm::ArrayRef<Tensor> inputs, int threads,
                       std::vector<Tensor> &outputs);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_EMULATEDRUN_H
