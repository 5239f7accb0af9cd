//===- Programs.cpp - Programs for other machines, as objects -------------===//
//
// The byte arrays are made by EmbedBytes.cmake when upconv is built.
//
//===----------------------------------------------------------------------===//

#include "upconv/Programs/Programs.h"

extern "C" {
extern const unsigned char upconvRunOnceX86_64[];
extern const unsigned long upconvRunOnceX86_64Size;
extern const unsigned char upconvRunOnceAArch64[];
extern const unsigned long upconvRunOnceAArch64Size;
extern const unsigned char upconvTimeByTurnsX86_64[];
extern const unsigned long upconvTimeByTurnsX86_64Size;
extern const unsigned char upconvTimeByTurnsAArch64[];
extern const unsigned long upconvTimeByTurnsAArch64Size;
}

llvm::StringRef upconv::programObject(Program program,
                                      const llvm::Triple &triple) {
  auto bytes = [](const unsigned char *data, unsigned long size) {
    return llvm::StringRef(reinterpret_cast<const char *>(data), size);
  };
  bool once = program == Program::RunOnce;
  if (!triple.isOSLinux() || !triple.isArch64Bit() || !triple.isLittleEndian())
    return {};
  if (triple.isX86() && !triple.isX32())
    return once ? bytes(upconvRunOnceX86_64, upconvRunOnceX86_64Size)
                : bytes(upconvTimeByTurnsX86_64, upconvTimeByTurnsX86_64Size);
  if (triple.isAArch64(64))
    return once ? bytes(upconvRunOnceAArch64, upconvRunOnceAArch64Size)
                : bytes(upconvTimeByTurnsAArch64, upconvTimeByTurnsAArch64Size);
  return {};
}
