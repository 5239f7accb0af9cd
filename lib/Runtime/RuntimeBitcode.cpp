//===- RuntimeBitcode.cpp - The runtime as bitcode, per triple ------------===//
//
// The byte arrays are made by EmbedBytes.cmake when upconv is built.
//
//===----------------------------------------------------------------------===//

#include "upconv/Runtime/RuntimeBitcode.h"

extern "C" {
extern const unsigned char upconvRuntimeX86_64[];
extern const unsigned long upconvRuntimeX86_64Size;
extern const unsigned char upconvRuntimeAArch64[];
extern const unsigned long upconvRuntimeAArch64Size;
}

llvm::StringRef upconv::runtimeBitcode(const llvm::Triple &triple) {
  auto bytes = [](const unsigned char *data, unsigned long size) {
    return llvm::StringRef(reinterpret_cast<const char *>(data), size);
  };
  if (!triple.isOSLinux() || !triple.isArch64Bit() || !triple.isLittleEndian())
    return {};
  if (triple.isX86() && !triple.isX32())
    return bytes(upconvRuntimeX86_64, upconvRuntimeX86_64Size);
  if (triple.isAArch64(64))
    return bytes(upconvRuntimeAArch64, upconvRuntimeAArch64Size);
  return {};
}
