//===- CoreOps.cpp - Dense, Embedding and Masking -------------------------===//

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

namespace {

struct Embedding : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // embedding_c1
    int64_t rows = adaptor.getInputDim(), columns = adaptor.getOutputDim();
    bool valid = succeeded(verifyPositive(layer, "input_dim", rows));
    valid &= succeeded(verifyPositive(layer, "output_dim", columns));
    if (valid && !byteSizeOf({rows, columns}))
      return layer.error("input_dim")
             << "the table of shape " << formatShape({rows, columns})
             << " has a size that overflows 64 bits";
    return success(valid);
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    SmallVector<int64_t> shape(input.getShape());
    shape.push_back(adaptor.getOutputDim());
    // embedding_c2
    if (shape.size() > 6)
      return layer.error() << "the output must have at most 6 axes, got shape "
                           << formatShape(shape);
    return finishShape(layer, shape, input.getElementType(), results);
  }

  template <typename Op> static SmallVector<VariableSpec> variables(Op op) {
    return {{"embeddings",
             {int64_t(op.getInputDim()), int64_t(op.getOutputDim())}}};
  }
};

struct Masking : LayerFamily {
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    // masking_c1
    RankedTensorType input = typeOf(adaptor.getInput());
    if (input.getRank() < 2)
      return layer.error() << "the input must have at least 2 axes, got shape "
                           << formatShape(input.getShape());
    return LayerFamily::inferShape(layer, adaptor, results);
  }
};

} // namespace

UPCONV_DEFINE_LAYER(EmbeddingOp, Embedding)
UPCONV_DEFINE_LAYER(MaskingOp, Masking)
