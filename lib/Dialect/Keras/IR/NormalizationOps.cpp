//===- NormalizationOps.cpp - Normalizations -----------------------------===//

#include "LayerFamily.h"

using namespace mlir;
using namespace upconv::keras;

namespace {
struct BatchNormalization : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // batch_normalization_c2
    return verifyNotNegative(layer, "epsilon", adaptor.getEpsilon());
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    auto input = cast<RankedTensorType>(adaptor.getInput().getType());
    // batch_normalization_c1
    auto axis = normalizeAxis(adaptor.getAxis(), input.getRank());
    if (!axis || *axis == 0 || input.isDynamicDim(*axis))
      return layer.error("axis")
             << "'axis' must name an axis of known size other than the batch, "
                "got "
             << int64_t(adaptor.getAxis()) << " for an input of shape "
             << formatShape(input.getShape());
    return LayerFamily::inferShape(layer, adaptor, results);
  }

  template <typename Op> static SmallVector<VariableSpec> variables(Op op) {
    auto input = cast<RankedTensorType>(op.getInput().getType());
    int64_t size =
        input.getDimSize(*normalizeAxis(op.getAxis(), input.getRank()));
    SmallVector<VariableSpec> specs;
    if (op.getScale())
      specs.push_back({"gamma", {size}});
    if (op.getCenter())
      specs.push_back({"beta", {size}});
    specs.push_back({"moving_mean", {size}, false});
    specs.push_back({"moving_variance", {size}, false});
    return specs;
  }
};
} // namespace

UPCONV_DEFINE_LAYER(BatchNormalizationOp, BatchNormalization)
