//===- CoreOps.cpp - Dense, Embedding and Masking ------------------------===//

#include "LayerFamily.h"

using namespace mlir;
using namespace upconv::keras;

namespace {
struct Dense : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    bool valid = true;
    // dense_c1
    if (int64_t units = adaptor.getUnits(); units <= 0) {
      layer.error("units") << "'units' must be positive, got " << units;
      valid = false;
    }
    valid &= succeeded(verifyActivation(layer, adaptor.getActivation()));
    return success(valid);
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    auto input = cast<RankedTensorType>(adaptor.getInput().getType());
    // dense_c2
    if (input.getRank() < 2 || ShapedType::isDynamic(input.getShape().back()) ||
        input.getShape().back() <= 0)
      return layer.error()
             << "the input must have at least 2 axes, the last of "
                "them known and positive, got shape "
             << formatShape(input.getShape());
    SmallVector<int64_t> shape(input.getShape());
    shape.back() = adaptor.getUnits();
    if (!byteSizeOf({input.getShape().back(), shape.back()}))
      return layer.error("units")
             << "the kernel of shape "
             << formatShape({input.getShape().back(), shape.back()})
             << " has a size that overflows 64 bits";
    return finishShape(layer, shape, input.getElementType(), results);
  }

  template <typename Op> static SmallVector<VariableSpec> variables(Op op) {
    int64_t channels =
        cast<RankedTensorType>(op.getInput().getType()).getShape().back();
    int64_t units = op.getUnits();
    SmallVector<VariableSpec> specs;
    specs.push_back({"kernel", {channels, units}});
    if (op.getUseBias())
      specs.push_back({"bias", {units}});
    return specs;
  }
};
} // namespace

UPCONV_DEFINE_LAYER(DenseOp, Dense)
