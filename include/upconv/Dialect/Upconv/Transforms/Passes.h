//===- Passes.h - Passes on the upconv dialect ----------------------------===//

#ifndef UPCONV_DIALECT_UPCONV_TRANSFORMS_PASSES_H
#define UPCONV_DIALECT_UPCONV_TRANSFORMS_PASSES_H

#include "upconv/Dialect/Upconv/IR/UpconvOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace upconv {

#define GEN_PASS_DECL
#include "upconv/Dialect/Upconv/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "upconv/Dialect/Upconv/Transforms/Passes.h.inc"

} // namespace upconv

#endif // UPCONV_DIALECT_UPCONV_TRANSFORMS_PASSES_H
