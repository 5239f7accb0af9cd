//===- EvaluateNormalization.cpp - Normalizations -------------------------===//

#include "LayerCall.h"

using namespace mlir;

namespace upconv::reference {
namespace {

Result evaluateBatchNormalization(keras::BatchNormalizationOp op,
                                  const Tensor64 &input,
                                  const Variables &variables) {
  llvm::Expected<const Tensor64 *> mean = variables.get("moving_mean");
  if (!mean)
    return mean.takeError();
  llvm::Expected<const Tensor64 *> variance = variables.get("moving_variance");
  if (!variance)
    return variance.takeError();
  const Tensor64 *gamma = nullptr, *beta = nullptr;
  if (op.getScale()) {
    llvm::Expected<const Tensor64 *> bound = variables.get("gamma");
    if (!bound)
      return bound.takeError();
    gamma = *bound;
  }
  if (op.getCenter()) {
    llvm::Expected<const Tensor64 *> bound = variables.get("beta");
    if (!bound)
      return bound.takeError();
    beta = *bound;
  }
  return batchNormalization(input, op.getAxis(),
                            op.getEpsilon().convertToDouble(), gamma, beta,
                            **mean, **variance);
}

} // namespace

Answer evaluateNormalizationLayer(const LayerCall &call) {
  using namespace keras;
  const Tensor64 &input = call.input();
  return llvm::TypeSwitch<Operation *, Answer>(call.op)
      .Case([&](BatchNormalizationOp op) {
        return evaluateBatchNormalization(op, input, call.variables);
      })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace upconv::reference
