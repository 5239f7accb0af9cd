//===- LayerOps.cpp - Dense, shape, normalization and merging layers ------===//
//
// The labels (C1), (C2), ... are those of KerasOps.td.
//
//===----------------------------------------------------------------------===//

#include "ShapeInference.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace mlir;
using namespace upconv::keras;

namespace {

/// `axis` counted from the front, or no value if it names no axis.
std::optional<int64_t> normalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return std::nullopt;
  return axis < 0 ? axis + rank : axis;
}

LogicalResult verifyNotNegative(const LayerContext &layer, StringRef argument,
                                const APFloat &value) {
  if (value.convertToDouble() >= 0)
    return success();
  SmallString<16> text;
  value.toString(text);
  return layer.error(argument)
         << "'" << argument << "' must not be negative, got " << text;
}

/// The layers whose output has the type of their input.
LogicalResult inferSameShape(Value input, SmallVectorImpl<Type> &results) {
  results.push_back(input.getType());
  return success();
}

} // namespace

// verifyArguments, then inferShape; OP::inferShape is defined below per op.
#define UPCONV_DEFINE_LAYER(OP)                                                \
  LogicalResult OP::verifyArguments(Location location, Adaptor adaptor) {      \
    return ::verifyArguments({location, getLayerClass()}, adaptor);            \
  }                                                                            \
  LogicalResult OP::inferReturnTypes(                                          \
      MLIRContext *context, std::optional<Location> location, Adaptor adaptor, \
      SmallVectorImpl<Type> &results) {                                        \
    LayerContext layer{location.value_or(UnknownLoc::get(context)),            \
                       getLayerClass()};                                       \
    if (failed(::verifyArguments(layer, adaptor)))                             \
      return failure();                                                        \
    return ::inferShape(layer, adaptor, results);                              \
  }
#define UPCONV_NO_VARIABLES(OP)                                                \
  SmallVector<VariableSpec> OP::getVariableSpecs() { return {}; }

//===----------------------------------------------------------------------===//
// Dense
//===----------------------------------------------------------------------===//

static LogicalResult verifyArguments(const LayerContext &layer,
                                     DenseOp::Adaptor adaptor) {
  bool valid = true;
  // dense_c1
  if (int64_t units = adaptor.getUnits(); units <= 0) {
    layer.error("units") << "'units' must be positive, got " << units;
    valid = false;
  }
  valid &= succeeded(verifyActivation(layer, adaptor.getActivation()));
  return success(valid);
}

static LogicalResult inferShape(const LayerContext &layer,
                                DenseOp::Adaptor adaptor,
                                SmallVectorImpl<Type> &results) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  // dense_c2
  if (input.getRank() < 2 || ShapedType::isDynamic(input.getShape().back()) ||
      input.getShape().back() <= 0)
    return layer.error() << "the input must have at least 2 axes, the last of "
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

UPCONV_DEFINE_LAYER(DenseOp)

SmallVector<VariableSpec> DenseOp::getVariableSpecs() {
  int64_t channels =
      cast<RankedTensorType>(getInput().getType()).getShape().back();
  int64_t units = getUnits();
  SmallVector<VariableSpec> specs;
  specs.push_back({"kernel", {channels, units}});
  if (getUseBias())
    specs.push_back({"bias", {units}});
  return specs;
}

//===----------------------------------------------------------------------===//
// Reshape and Flatten
//===----------------------------------------------------------------------===//

static LogicalResult verifyArguments(const LayerContext &layer,
                                     ReshapeOp::Adaptor adaptor) {
  // reshape_c1
  ArrayRef<int64_t> target = adaptor.getTargetShape();
  if (llvm::count(target, -1) > 1 ||
      llvm::any_of(target, [](int64_t size) { return size < -1 || size == 0; }))
    return layer.error("target_shape")
           << "'target_shape' must hold positive sizes and at most one -1, got "
           << formatShape(target);
  return success();
}

static LogicalResult inferShape(const LayerContext &layer,
                                ReshapeOp::Adaptor adaptor,
                                SmallVectorImpl<Type> &results) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  ArrayRef<int64_t> sizes = input.getShape().drop_front();
  ArrayRef<int64_t> target = adaptor.getTargetShape();
  SmallVector<int64_t> shape{input.getDimSize(0)};
  llvm::append_range(shape, target);

  // reshape_c2
  CheckedInt known = 1, wanted = 1;
  for (int64_t size : sizes)
    if (!ShapedType::isDynamic(size))
      known = known * size;
  for (int64_t size : target)
    if (size != -1)
      wanted = wanted * size;
  if (known.overflowed() || wanted.overflowed())
    return layer.error("target_shape")
           << "'target_shape' " << formatShape(target)
           << " has a size that overflows 64 bits";
  bool allKnown = !llvm::any_of(sizes, ShapedType::isDynamic);
  auto unknown = llvm::find(target, -1);
  bool agrees = true;
  if (unknown == target.end())
    agrees = allKnown ? known.get() == wanted.get()
                      : known.get() > 0 && wanted.get() % known.get() == 0;
  else if (allKnown)
    agrees = known.get() % wanted.get() == 0;
  if (!agrees) {
    InFlightDiagnostic diagnostic = layer.error("target_shape");
    diagnostic << "'target_shape' must keep the number of elements per sample, "
                  "got "
               << formatShape(target) << " for an input of shape "
               << formatShape(input.getShape());
    return diagnostic;
  }
  if (unknown != target.end())
    shape[1 + (unknown - target.begin())] =
        allKnown ? known.get() / wanted.get() : ShapedType::kDynamic;
  return finishShape(layer, shape, input.getElementType(), results);
}

UPCONV_DEFINE_LAYER(ReshapeOp)
UPCONV_NO_VARIABLES(ReshapeOp)

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  // With two unknown sizes or more, equal types do not mean equal shapes.
  auto type = cast<RankedTensorType>(getType());
  return type == getInput().getType() && type.getNumDynamicDims() <= 1
             ? getInput()
             : Value();
}

static LogicalResult verifyArguments(const LayerContext &layer,
                                     FlattenOp::Adaptor adaptor) {
  // flatten_c1
  return verifyDataFormat(layer, adaptor.getDataFormat());
}

static LogicalResult inferShape(const LayerContext &layer,
                                FlattenOp::Adaptor adaptor,
                                SmallVectorImpl<Type> &results) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  ArrayRef<int64_t> sizes = input.getShape().drop_front();
  CheckedInt total = 1;
  for (int64_t size : sizes)
    total = total * (ShapedType::isDynamic(size) ? 1 : size);
  if (total.overflowed())
    return layer.error() << "the flattened size of "
                         << formatShape(input.getShape())
                         << " overflows 64 bits";
  bool allKnown = !llvm::any_of(sizes, ShapedType::isDynamic);
  return finishShape(
      layer,
      {input.getDimSize(0), allKnown ? total.get() : ShapedType::kDynamic},
      input.getElementType(), results);
}

UPCONV_DEFINE_LAYER(FlattenOp)
UPCONV_NO_VARIABLES(FlattenOp)

//===----------------------------------------------------------------------===//
// BatchNormalization
//===----------------------------------------------------------------------===//

static LogicalResult verifyArguments(const LayerContext &layer,
                                     BatchNormalizationOp::Adaptor adaptor) {
  // batch_normalization_c2
  return verifyNotNegative(layer, "epsilon", adaptor.getEpsilon());
}

static LogicalResult inferShape(const LayerContext &layer,
                                BatchNormalizationOp::Adaptor adaptor,
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
  return inferSameShape(adaptor.getInput(), results);
}

UPCONV_DEFINE_LAYER(BatchNormalizationOp)

SmallVector<VariableSpec> BatchNormalizationOp::getVariableSpecs() {
  auto input = cast<RankedTensorType>(getInput().getType());
  int64_t size = input.getDimSize(*normalizeAxis(getAxis(), input.getRank()));
  SmallVector<VariableSpec> specs;
  if (getScale())
    specs.push_back({"gamma", {size}});
  if (getCenter())
    specs.push_back({"beta", {size}});
  specs.push_back({"moving_mean", {size}, false});
  specs.push_back({"moving_variance", {size}, false});
  return specs;
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

static LogicalResult verifyArguments(const LayerContext &layer,
                                     ReLUOp::Adaptor adaptor) {
  // re_lu_c1
  bool valid = true;
  if (auto maxValue = adaptor.getMaxValue())
    valid &= succeeded(verifyNotNegative(layer, "max_value", *maxValue));
  valid &= succeeded(
      verifyNotNegative(layer, "negative_slope", adaptor.getNegativeSlope()));
  valid &=
      succeeded(verifyNotNegative(layer, "threshold", adaptor.getThreshold()));
  return success(valid);
}

static LogicalResult inferShape(const LayerContext &, ReLUOp::Adaptor adaptor,
                                SmallVectorImpl<Type> &results) {
  return inferSameShape(adaptor.getInput(), results);
}

UPCONV_DEFINE_LAYER(ReLUOp)
UPCONV_NO_VARIABLES(ReLUOp)

static LogicalResult verifyArguments(const LayerContext &layer,
                                     LeakyReLUOp::Adaptor adaptor) {
  // leaky_re_lu_c1
  return verifyNotNegative(layer, "negative_slope", adaptor.getNegativeSlope());
}

static LogicalResult inferShape(const LayerContext &,
                                LeakyReLUOp::Adaptor adaptor,
                                SmallVectorImpl<Type> &results) {
  return inferSameShape(adaptor.getInput(), results);
}

UPCONV_DEFINE_LAYER(LeakyReLUOp)
UPCONV_NO_VARIABLES(LeakyReLUOp)

static LogicalResult verifyArguments(const LayerContext &, SoftmaxOp::Adaptor) {
  return success();
}

static LogicalResult inferShape(const LayerContext &layer,
                                SoftmaxOp::Adaptor adaptor,
                                SmallVectorImpl<Type> &results) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  // softmax_c1
  if (!normalizeAxis(adaptor.getAxis(), input.getRank()))
    return layer.error("axis")
           << "'axis' must name an axis of the input, got "
           << int64_t(adaptor.getAxis()) << " for an input of shape "
           << formatShape(input.getShape());
  return inferSameShape(adaptor.getInput(), results);
}

UPCONV_DEFINE_LAYER(SoftmaxOp)
UPCONV_NO_VARIABLES(SoftmaxOp)

static LogicalResult verifyArguments(const LayerContext &layer,
                                     ActivationOp::Adaptor adaptor) {
  // activation_c1
  return verifyActivation(layer, adaptor.getActivation());
}

static LogicalResult inferShape(const LayerContext &,
                                ActivationOp::Adaptor adaptor,
                                SmallVectorImpl<Type> &results) {
  return inferSameShape(adaptor.getInput(), results);
}

UPCONV_DEFINE_LAYER(ActivationOp)
UPCONV_NO_VARIABLES(ActivationOp)

OpFoldResult ActivationOp::fold(FoldAdaptor) {
  return getActivation() == "linear" ? getInput() : Value();
}

//===----------------------------------------------------------------------===//
// Dropout and Add
//===----------------------------------------------------------------------===//

static LogicalResult verifyArguments(const LayerContext &layer,
                                     DropoutOp::Adaptor adaptor) {
  // dropout_c1
  double rate = adaptor.getRate().convertToDouble();
  if (rate >= 0 && rate <= 1)
    return success();
  SmallString<16> text;
  adaptor.getRate().toString(text);
  return layer.error("rate") << "'rate' must be between 0 and 1, got " << text;
}

static LogicalResult inferShape(const LayerContext &,
                                DropoutOp::Adaptor adaptor,
                                SmallVectorImpl<Type> &results) {
  return inferSameShape(adaptor.getInput(), results);
}

UPCONV_DEFINE_LAYER(DropoutOp)
UPCONV_NO_VARIABLES(DropoutOp)

OpFoldResult DropoutOp::fold(FoldAdaptor) { return getInput(); }

static LogicalResult verifyArguments(const LayerContext &, AddOp::Adaptor) {
  return success();
}

/// The size that two broadcast axes agree on, or no value. An unknown size
/// meets a known one above 1 as that size, as in Keras.
static std::optional<int64_t> broadcastSize(int64_t a, int64_t b) {
  if (a == b || b == 1)
    return a;
  if (a == 1 || ShapedType::isDynamic(a))
    return b;
  if (ShapedType::isDynamic(b))
    return a;
  return std::nullopt;
}

static LogicalResult inferShape(const LayerContext &layer,
                                AddOp::Adaptor adaptor,
                                SmallVectorImpl<Type> &results) {
  // add_c1
  ValueRange inputs = adaptor.getInputs();
  if (inputs.empty())
    return layer.error() << "at least one input is required";
  auto shapeOf = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getShape();
  };
  size_t rank = 0;
  for (Value input : inputs)
    rank = std::max(rank, shapeOf(input).size());

  // add_c2
  SmallVector<int64_t> shape;
  for (auto [index, input] : llvm::enumerate(inputs)) {
    // Lower ranks get axes of size 1 after the batch.
    SmallVector<int64_t> aligned(shapeOf(input));
    aligned.insert(aligned.begin() + 1, rank - aligned.size(), 1);
    if (index == 0) {
      shape = aligned;
      continue;
    }
    for (size_t axis = 0; axis < rank; ++axis) {
      bool batchClash = axis == 0 && shape[0] != aligned[0] &&
                        !ShapedType::isDynamic(shape[0]) &&
                        !ShapedType::isDynamic(aligned[0]);
      auto size = broadcastSize(shape[axis], aligned[axis]);
      if (!size || batchClash)
        return layer.error() << "the inputs' shapes must broadcast, got "
                             << formatShape(shapeOf(inputs.front())) << " and "
                             << formatShape(shapeOf(input));
      shape[axis] = *size;
    }
  }
  return finishShape(
      layer, shape,
      cast<RankedTensorType>(inputs.front().getType()).getElementType(),
      results);
}

UPCONV_DEFINE_LAYER(AddOp)
UPCONV_NO_VARIABLES(AddOp)

OpFoldResult AddOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 ? getInputs().front() : Value();
}
