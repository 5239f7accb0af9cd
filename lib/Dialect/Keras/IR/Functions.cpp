//===- Functions.cpp - The elementwise functions that Keras names ---------===//

#include "upconv/Dialect/Keras/IR/Functions.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;

ArrayRef<StringRef> upconv::keras::getActivationNames() {
  static constexpr StringRef names[] = {
      "linear",         "celu",        "elu",          "exponential",
      "gelu",           "hard_shrink", "hard_sigmoid", "hard_sigmoid_v2",
      "hard_silu",      "hard_tanh",   "leaky_relu",   "log_sigmoid",
      "log_softmax",    "mish",        "relu",         "relu6",
      "selu",           "sigmoid",     "silu",         "soft_shrink",
      "softmax",        "softplus",    "softsign",     "sparse_plus",
      "sparse_sigmoid", "squareplus",  "tanh",         "tanh_shrink"};
  return names;
}

bool upconv::keras::isUnaryFunction(StringRef name) {
  static constexpr StringRef others[] = {
      "abs",       "ceil", "cos",   "erf",      "expm1",      "floor",
      "gelu_tanh", "log",  "log1p", "negative", "reciprocal", "round",
      "rsqrt",     "sign", "sin",   "sqrt",     "square"};
  if (is_contained(others, name))
    return true;
  return is_contained(getActivationNames(), name) && !isSoftmax(name);
}

ArrayRef<StringRef> upconv::keras::getBinaryFunctionNames() {
  static constexpr StringRef names[] = {
      "add",     "subtract", "multiply", "divide",
      "maximum", "minimum",  "power",    "squared_difference"};
  return names;
}
