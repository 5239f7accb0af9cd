//===- CompileBuilt.h - What follows a kernel's definition ----------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_COMPILEBUILT_H
#define UPCONV_LIB_TARGET_HALIDE_COMPILEBUILT_H

#include "Builder.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include <functional>

namespace upconv {

/// Compiles what `build` defines of the spec's output. Returns false and fills
/// `error` as compileKernel does; `build` may throw.
bool compileBuilt(const KernelSpec &spec, KernelText text,
                  const std::function<void(Builder &)> &build,
                  CompiledKernel &result, std::string &error);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_COMPILEBUILT_H
