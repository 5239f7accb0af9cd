//===- EvaluateNormalization.cpp - Normalizations, tables
//-------------------------===//

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

Result evaluateRMSNormalization(keras::RMSNormalizationOp op,
                                const Tensor64 &input,
                                const Variables &variables) {
  auto scale = variables.get("scale");
  if (!scale)
    return scale.takeError();
  return rmsNormalization(input, op.getAxis(),
                          op.getEpsilon().convertToDouble(), **scale);
}

Result evaluateNormalization(keras::NormalizationOp op, const Tensor64 &input,
                             const Variables &variables) {
  if (op.getMean())
    return normalization(input, op.getAxis(), *op.getMean(), *op.getVariance(),
                         op.getInvert());
  auto mean = variables.get("mean"), variance = variables.get("variance");
  if (!mean || !variance)
    return llvm::joinErrors(mean.takeError(), variance.takeError());
  return normalization(input, op.getAxis(), (*mean)->values,
                       (*variance)->values, op.getInvert());
}

Result evaluateEmbedding(const Tensor64 &input, const Variables &variables) {
  auto table = variables.get("embeddings");
  if (!table)
    return table.takeError();
  return embedding(input, **table);
}

} // namespace

Answer evaluateNormalizationLayer(const LayerCall &call) {
  using namespace keras;
  const Tensor64 &input = call.input();
  return llvm::TypeSwitch<Operation *, Answer>(call.op)
      .Case([&](BatchNormalizationOp op) {
        return evaluateBatchNormalization(op, input, call.variables);
      })
      .Case([&](LayerNormalizationOp op) {
        return layerNormalization(
            input, op.getAxis(), op.getEpsilon().convertToDouble(),
            call.variables.find("gamma"), call.variables.find("beta"),
            op.getRmsScaling());
      })
      .Case([&](GroupNormalizationOp op) {
        return groupNormalization(input, op.getGroups(), op.getAxis(),
                                  op.getEpsilon().convertToDouble(),
                                  call.variables.find("gamma"),
                                  call.variables.find("beta"));
      })
      .Case([&](RMSNormalizationOp op) {
        return evaluateRMSNormalization(op, input, call.variables);
      })
      .Case([&](UnitNormalizationOp op) {
        return unitNormalization(input, op.getAxis());
      })
      .Case([&](NormalizationOp op) {
        return evaluateNormalization(op, input, call.variables);
      })
      .Case([&](RescalingOp op) {
        return rescaling(input, op.getScale(), op.getOffset());
      })
      .Case(
          [&](EmbeddingOp) { return evaluateEmbedding(input, call.variables); })
      .Case([&](MaskingOp op) -> Result {
        return masking(input, op.getMaskValue().convertToDouble());
      })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace upconv::reference
