//===- KernelSpecText.h - KernelSpec to JSON and back ---------------------===//
//
// The text form of a kernel: what a worker process is given, and what names a
// kernel (equal kernels have equal text, hence equal names and one object).
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_CONVERSION_KERNELSPECTEXT_H
#define UPCONV_CONVERSION_KERNELSPECTEXT_H

#include "upconv/Target/Halide/KernelSpec.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace upconv {

/// Deterministic: keys in a fixed order, no white space.
std::string printKernelSpec(const KernelSpec &spec);
llvm::Expected<KernelSpec> parseKernelSpec(llvm::StringRef text);

/// 16 hexadecimal digits over the text of the spec without its name.
std::string hashKernelSpec(KernelSpec spec);

} // namespace upconv

#endif // UPCONV_CONVERSION_KERNELSPECTEXT_H
