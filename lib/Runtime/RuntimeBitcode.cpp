//===- RuntimeBitcode.cpp - The runtime as bitcode, per triple ------------===//
//
// The byte arrays are made by EmbedBytes.cmake when upconv is built.
//
//===----------------------------------------------------------------------===//

#include "upconv/Runtime/RuntimeBitcode.h"

#define EMBEDDED_RUNTIME(name)                                                 \
  extern "C" const unsigned char upconvRuntime##name[];                        \
  extern "C" const unsigned long upconvRuntime##name##Size;                    \
  static llvm::StringRef runtime##name() {                                     \
    return {reinterpret_cast<const char *>(upconvRuntime##name),               \
            upconvRuntime##name##Size};                                        \
  }
EMBEDDED_RUNTIME(X86_64Linux)
EMBEDDED_RUNTIME(AArch64Linux)
EMBEDDED_RUNTIME(X86_64Darwin)
EMBEDDED_RUNTIME(AArch64Darwin)
EMBEDDED_RUNTIME(X86_64Windows)
EMBEDDED_RUNTIME(AArch64Windows)
#undef EMBEDDED_RUNTIME

llvm::StringRef upconv::runtimeBitcode(const llvm::Triple &triple) {
  bool isX86 = triple.isX86() && !triple.isX32();
  if (!triple.isArch64Bit() || !triple.isLittleEndian() ||
      (!isX86 && !triple.isAArch64(64)))
    return {};
  if (triple.isOSLinux())
    return isX86 ? runtimeX86_64Linux() : runtimeAArch64Linux();
  if (triple.isOSDarwin())
    return isX86 ? runtimeX86_64Darwin() : runtimeAArch64Darwin();
  if (triple.isOSWindows())
    return isX86 ? runtimeX86_64Windows() : runtimeAArch64Windows();
  return {};
}
