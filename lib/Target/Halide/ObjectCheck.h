//===- ObjectCheck.h - What an object asks of its linker ------------------===//
//
// Kernels promise to need no runtime. This reads the symbol table of an emitted
// ELF object to hold them to it.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_OBJECTCHECK_H
#define UPCONV_LIB_TARGET_HALIDE_OBJECTCHECK_H

#include <string>
#include <vector>

namespace upconv {

/// Names of the undefined symbols of a 64-bit little-endian ELF object; empty
/// for other formats.
std::vector<std::string> undefinedSymbols(const std::string &object);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_OBJECTCHECK_H
