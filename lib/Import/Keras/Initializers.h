//===- Initializers.h - Weights drawn as the model says -------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_INITIALIZERS_H
#define UPCONV_LIB_IMPORT_KERAS_INITIALIZERS_H

#include "Reporter.h"

#include "upconv/Dialect/Keras/IR/KerasOps.h"

namespace upconv::keras_import {

/// Draws a variable of the layer `op` from its own initializer (Keras's default
/// where the file has none). The generator is SplitMix64, started from `seed`
/// and the variable's key, so that a variable's values depend on nothing else;
/// normal numbers are Box-Muller's. A seed in the initializer is ignored. The
/// distributions are Keras's, the numbers are not. Nothing after an error.
std::optional<Tensor> drawVariable(mlir::Operation *op,
                                   const keras::VariableSpec &spec,
                                   llvm::StringRef key, uint64_t seed,
                                   Reporter &reporter);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_INITIALIZERS_H
