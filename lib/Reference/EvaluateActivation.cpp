//===- EvaluateActivation.cpp - Activation layers -------------------------===//

#include "LayerCall.h"

#include <cmath>

using namespace mlir;

namespace upconv::reference {
namespace {

Result evaluateReLU(keras::ReLUOp op, const Tensor64 &input) {
  std::optional<double> maximum;
  if (std::optional<APFloat> value = op.getMaxValue())
    maximum = value->convertToDouble();
  return relu(input, maximum, op.getNegativeSlope().convertToDouble(),
              op.getThreshold().convertToDouble());
}

Result evaluatePReLU(const Tensor64 &input, const Variables &variables) {
  llvm::Expected<const Tensor64 *> alpha = variables.get("alpha");
  if (!alpha)
    return alpha.takeError();
  return preluByElement(input, **alpha);
}

} // namespace

Answer evaluateActivationLayer(const LayerCall &call) {
  using namespace keras;
  const Tensor64 &input = call.input();
  return llvm::TypeSwitch<Operation *, Answer>(call.op)
      .Case([&](ReLUOp op) { return evaluateReLU(op, input); })
      .Case([&](LeakyReLUOp op) -> Result {
        return relu(input, std::nullopt,
                    op.getNegativeSlope().convertToDouble(), 0.0);
      })
      .Case([&](ELUOp op) -> Result {
        double alpha = op.getAlpha().convertToDouble();
        return mapElements(
            input, [&](double x) { return x > 0 ? x : alpha * std::expm1(x); });
      })
      .Case([&](PReLUOp) { return evaluatePReLU(input, call.variables); })
      .Case([&](ThresholdedReLUOp op) -> Result {
        double theta = op.getTheta().convertToDouble();
        return mapElements(input, [&](double x) { return x <= theta ? 0 : x; });
      })
      .Case([&](SoftmaxOp op) { return softmax(input, op.getAxis()); })
      .Case([&](ActivationOp op) {
        return activation(input, op.getActivation());
      })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace upconv::reference
