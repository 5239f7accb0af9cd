//===- RuntimeBitcode.h - The runtime as bitcode, per triple --------------===//

#ifndef UPCONV_RUNTIME_RUNTIMEBITCODE_H
#define UPCONV_RUNTIME_RUNTIMEBITCODE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/TargetParser/Triple.h"

namespace upconv {

/// LLVM bitcode of lib/Runtime for a triple's architecture and system; empty if
/// there is none. Lives as long as the program.
llvm::StringRef runtimeBitcode(const llvm::Triple &triple);

} // namespace upconv

#endif // UPCONV_RUNTIME_RUNTIMEBITCODE_H
