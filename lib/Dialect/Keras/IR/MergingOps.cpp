//===- MergingOps.cpp - Layers of several inputs --------------------------===//

#include "Broadcasting.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv::keras;

std::optional<int64_t> upconv::keras::broadcastSize(int64_t a, int64_t b) {
  if (a == b || b == 1)
    return a;
  if (a == 1 || ShapedType::isDynamic(a))
    return b;
  if (ShapedType::isDynamic(b))
    return a;
  return std::nullopt;
}

FailureOr<SmallVector<int64_t>>
upconv::keras::broadcastShapes(const LayerContext &layer, ValueRange inputs,
                               unsigned insertAt) {
  size_t rank = 0;
  for (Value input : inputs)
    rank = std::max(rank, shapeOf(input).size());
  SmallVector<int64_t> shape;
  for (auto [index, input] : llvm::enumerate(inputs)) {
    SmallVector<int64_t> aligned(shapeOf(input));
    aligned.insert(aligned.begin() + insertAt, rank - aligned.size(), 1);
    if (index == 0) {
      shape = aligned;
      continue;
    }
    for (size_t axis = 0; axis < rank; ++axis) {
      // Keras's merging layers never broadcast the batch.
      bool clash =
          axis == 0 && insertAt > 0 && !sizesAgree(shape[0], aligned[0]);
      auto size = broadcastSize(shape[axis], aligned[axis]);
      if (!size || clash) {
        layer.error() << "the inputs' shapes must broadcast, got "
                      << formatShape(shapeOf(inputs.front())) << " and "
                      << formatShape(shapeOf(input));
        return failure();
      }
      shape[axis] = *size;
    }
  }
  return shape;
}

namespace {

struct Merging : LayerFamily {
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    // merging_c1
    ValueRange inputs = adaptor.getInputs();
    if (inputs.empty())
      return layer.error() << "at least one input is required";
    // merging_c2
    auto shape = broadcastShapes(layer, inputs, /*insertAt=*/1);
    if (failed(shape))
      return failure();
    return finishShape(layer, *shape, typeOf(inputs.front()).getElementType(),
                       results);
  }
};

LogicalResult verifyTwoInputs(const LayerContext &layer, ValueRange inputs) {
  if (inputs.size() == 2)
    return success();
  return layer.error() << "exactly 2 inputs are required, got "
                       << inputs.size();
}

struct Subtract : Merging {
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    // subtract_c1
    if (failed(verifyTwoInputs(layer, adaptor.getInputs())))
      return failure();
    return Merging::inferShape(layer, adaptor, results);
  }
};

struct Concatenate : LayerFamily {
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    // concatenate_c1
    ValueRange inputs = adaptor.getInputs();
    if (inputs.empty())
      return layer.error() << "at least one input is required";
    // concatenate_c2
    RankedTensorType first = typeOf(inputs.front());
    auto axes = verifyAxes(layer, "axis", {int64_t(adaptor.getAxis())}, first);
    if (failed(axes))
      return failure();
    size_t axis = axes->front();
    // concatenate_c3
    SmallVector<int64_t> shape(first.getShape());
    CheckedInt total = 0;
    for (Value input : inputs) {
      ArrayRef<int64_t> other = shapeOf(input);
      bool agrees = other.size() == shape.size();
      for (size_t i = 0; agrees && i < shape.size(); ++i)
        if (i != axis) {
          agrees = sizesAgree(shape[i], other[i]);
          shape[i] = ShapedType::isDynamic(shape[i]) ? other[i] : shape[i];
        }
      if (!agrees)
        return layer.error()
               << "the inputs' shapes must agree except on axis " << axis
               << ", got " << formatShape(first.getShape()) << " and "
               << formatShape(other);
      if (ShapedType::isDynamic(other[axis]))
        shape[axis] = ShapedType::kDynamic;
      total = total + (ShapedType::isDynamic(other[axis]) ? 1 : other[axis]);
    }
    if (total.overflowed())
      return layer.error() << "the output length on axis " << axis
                           << " overflows 64 bits";
    if (!ShapedType::isDynamic(shape[axis]))
      shape[axis] = total.get();
    return finishShape(layer, shape, first.getElementType(), results);
  }
};

struct Dot : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // dot_c2
    if (adaptor.getAxes().size() == 2)
      return success();
    return layer.error("axes") << "'axes' must have 2 entries, one per input, "
                                  "got "
                               << adaptor.getAxes().size();
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    // dot_c1
    ValueRange inputs = adaptor.getInputs();
    if (failed(verifyTwoInputs(layer, inputs)))
      return failure();
    SmallVector<int64_t> shape{shapeOf(inputs[0])[0]};
    int64_t contracted[2];
    for (auto [index, input] : llvm::enumerate(inputs)) {
      RankedTensorType type = typeOf(input);
      if (type.getRank() < 2)
        return layer.error() << "the inputs must have at least 2 axes, got "
                                "shape "
                             << formatShape(type.getShape());
      auto axes = verifyAxes(layer, "axes", {adaptor.getAxes()[index]}, type);
      if (failed(axes))
        return failure();
      contracted[index] = type.getDimSize(axes->front());
      for (int64_t axis = 1; axis < type.getRank(); ++axis)
        if (axis != axes->front())
          shape.push_back(type.getDimSize(axis));
    }
    // dot_c3
    int64_t batch = shapeOf(inputs[1])[0];
    if (!sizesAgree(contracted[0], contracted[1]) ||
        !sizesAgree(shape[0], batch))
      return layer.error("axes")
             << "the inputs must agree in batch and contracted axis, got "
             << formatShape(shapeOf(inputs[0])) << " and "
             << formatShape(shapeOf(inputs[1])) << " for 'axes' "
             << formatShape(adaptor.getAxes());
    if (ShapedType::isDynamic(shape[0]))
      shape[0] = batch;
    if (shape.size() == 1)
      shape.push_back(1);
    return finishShape(layer, shape, typeOf(inputs[0]).getElementType(),
                       results);
  }
};

} // namespace

#define UPCONV_DEFINE_MERGING(OP, FAMILY)                                      \
  UPCONV_DEFINE_LAYER(OP, FAMILY)                                              \
  OpFoldResult OP::fold(FoldAdaptor) {                                         \
    return getInputs().size() == 1 ? getInputs().front() : Value();            \
  }

UPCONV_DEFINE_MERGING(AddOp, Merging)
UPCONV_DEFINE_MERGING(MultiplyOp, Merging)
UPCONV_DEFINE_MERGING(AverageOp, Merging)
UPCONV_DEFINE_MERGING(MaximumOp, Merging)
UPCONV_DEFINE_MERGING(MinimumOp, Merging)
UPCONV_DEFINE_MERGING(ConcatenateOp, Concatenate)
UPCONV_DEFINE_LAYER(SubtractOp, Subtract)
UPCONV_DEFINE_LAYER(DotOp, Dot)
