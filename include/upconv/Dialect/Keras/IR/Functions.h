//===- Functions.h - The elementwise functions that Keras names -----------===//
//
// Which names the ops of the keras dialect take. Their formulas are those of
// lib/Reference/Functions.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_DIALECT_KERAS_IR_FUNCTIONS_H
#define UPCONV_DIALECT_KERAS_IR_FUNCTIONS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace upconv::keras {

/// What an `activation` argument may say. `hard_sigmoid_v2` is Keras 2's
/// hard_sigmoid; `softmax` and `log_softmax` run along the last axis, all
/// others are functions of one element.
llvm::ArrayRef<llvm::StringRef> getActivationNames();

/// Functions of one element: those activations, and numpy's.
bool isUnaryFunction(llvm::StringRef name);

/// Functions of two elements.
llvm::ArrayRef<llvm::StringRef> getBinaryFunctionNames();

/// The activations that run along an axis.
inline bool isSoftmax(llvm::StringRef name) {
  return name == "softmax" || name == "log_softmax";
}

} // namespace upconv::keras

#endif // UPCONV_DIALECT_KERAS_IR_FUNCTIONS_H
