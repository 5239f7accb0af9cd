//===- ActivationOps.cpp - Activation layers ------------------------------===//

#include "LayerFamily.h"

#include "upconv/Dialect/Keras/IR/Functions.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv::keras;

namespace {

struct ReLU : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // re_lu_c1
    bool valid = true;
    if (auto maxValue = adaptor.getMaxValue())
      valid &= succeeded(verifyNotNegative(layer, "max_value", *maxValue));
    valid &= succeeded(
        verifyNotNegative(layer, "negative_slope", adaptor.getNegativeSlope()));
    valid &= succeeded(
        verifyNotNegative(layer, "threshold", adaptor.getThreshold()));
    return success(valid);
  }
};

struct LeakyReLU : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // leaky_re_lu_c1
    return verifyNotNegative(layer, "negative_slope",
                             adaptor.getNegativeSlope());
  }
};

struct ThresholdedReLU : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // thresholded_re_lu_c1
    return verifyNotNegative(layer, "theta", adaptor.getTheta());
  }
};

struct PReLU : LayerFamily {
  /// The input's shape without the batch, 1 on shared axes.
  template <typename OpOrAdaptor>
  static SmallVector<int64_t> alphaShape(OpOrAdaptor op) {
    ArrayRef<int64_t> input = shapeOf(op.getInput());
    SmallVector<int64_t> shape(input.drop_front());
    if (auto shared = op.getSharedAxes())
      for (int64_t axis : *shared)
        shape[*normalizeAxis(axis, input.size()) - 1] = 1;
    return shape;
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // p_re_lu_c1
    if (auto shared = adaptor.getSharedAxes())
      for (int64_t entry : *shared) {
        auto axis = normalizeAxis(entry, input.getRank());
        if (!axis || *axis == 0)
          return layer.error("shared_axes")
                 << "'shared_axes' must name axes other than the batch, got "
                 << formatShape(*shared) << " for an input of shape "
                 << formatShape(input.getShape());
      }
    // p_re_lu_c2
    if (llvm::any_of(alphaShape(adaptor), ShapedType::isDynamic))
      return layer.error("shared_axes")
             << "the axes that 'shared_axes' does not name must have known "
                "sizes, got shape "
             << formatShape(input.getShape());
    return LayerFamily::inferShape(layer, adaptor, results);
  }

  template <typename Op> static SmallVector<VariableSpec> variables(Op op) {
    return {{"alpha", alphaShape(op)}};
  }
};

struct Softmax : LayerFamily {
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    ArrayRef<int64_t> axes = adaptor.getAxis();
    // softmax_c1
    if (axes.size() == 1 && !normalizeAxis(axes.front(), input.getRank()))
      return layer.error("axis")
             << "'axis' must name an axis of the input, got " << axes.front()
             << " for an input of shape " << formatShape(input.getShape());
    if (axes.empty())
      return layer.error("axis") << "'axis' must not be empty";
    if (axes.size() > 1 && failed(verifyAxes(layer, "axis", axes, input)))
      return failure();
    return LayerFamily::inferShape(layer, adaptor, results);
  }
};

struct Activation : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // activation_c1
    return verifyActivation(layer, adaptor.getActivation());
  }
};

} // namespace

UPCONV_DEFINE_LAYER(ReLUOp, ReLU)
UPCONV_DEFINE_LAYER(LeakyReLUOp, LeakyReLU)
UPCONV_DEFINE_LAYER(ThresholdedReLUOp, ThresholdedReLU)
UPCONV_DEFINE_LAYER(ELUOp, LayerFamily)
UPCONV_DEFINE_LAYER(PReLUOp, PReLU)
UPCONV_DEFINE_LAYER(SoftmaxOp, Softmax)
UPCONV_DEFINE_LAYER(ActivationOp, Activation)

OpFoldResult ActivationOp::fold(FoldAdaptor) {
  return getActivation() == "linear" ? getInput() : Value();
}
