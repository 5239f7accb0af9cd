//===- LayerCall.h - A layer with its inputs and variables ----------------===//
//
// The evaluator asks one function per family of layers; each answers for the
// ops that it knows.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_REFERENCE_LAYERCALL_H
#define UPCONV_LIB_REFERENCE_LAYERCALL_H

#include "upconv/Dialect/Keras/IR/KerasOps.h"
#include "upconv/Reference/Layers.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"

namespace upconv::reference {

/// A layer's variables in float64, by Keras's name.
class Variables {
public:
  static llvm::Expected<Variables> of(keras::LayerOpInterface layer,
                                      const WeightStore &store);

  /// Null if the layer has no such variable.
  const Tensor64 *find(llvm::StringRef name) const {
    auto it = values.find(name);
    return it == values.end() ? nullptr : &it->second;
  }

  llvm::Expected<const Tensor64 *> get(llvm::StringRef name) const {
    if (const Tensor64 *tensor = find(name))
      return tensor;
    return failure("no values are bound to variable '" + name + "'");
  }

private:
  llvm::StringMap<Tensor64> values;
};

using Result = llvm::Expected<Tensor64>;

struct LayerCall {
  mlir::Operation *op;
  llvm::ArrayRef<Tensor64> inputs; ///< at least one
  const Variables &variables;

  const Tensor64 &input() const { return inputs.front(); }
};

/// The layer's result, or nothing if the op is of another family.
using Answer = std::optional<Result>;

Answer evaluateActivationLayer(const LayerCall &call);
Answer evaluateConvLayer(const LayerCall &call);
Answer evaluateFunctionOp(const LayerCall &call);
Answer evaluateIdentityLayer(const LayerCall &call);
Answer evaluateMergingLayer(const LayerCall &call);
Answer evaluateNormalizationLayer(const LayerCall &call);
Answer evaluatePoolingLayer(const LayerCall &call);
Answer evaluateShapeLayer(const LayerCall &call);

/// What follows the contraction in convolutions and Dense.
template <typename LayerOp> Result activate(LayerOp op, Result result) {
  if (!result)
    return result;
  return activation(*result, op.getActivation());
}

} // namespace upconv::reference

#endif // UPCONV_LIB_REFERENCE_LAYERCALL_H
