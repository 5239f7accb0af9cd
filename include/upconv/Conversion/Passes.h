//===- Passes.h - Conversions between dialects ----------------------------===//

#ifndef UPCONV_CONVERSION_PASSES_H
#define UPCONV_CONVERSION_PASSES_H

#include "upconv/Dialect/Upconv/IR/UpconvOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace upconv {

#define GEN_PASS_DECL
#include "upconv/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "upconv/Conversion/Passes.h.inc"

} // namespace upconv

#endif // UPCONV_CONVERSION_PASSES_H
