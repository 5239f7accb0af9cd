//===- ShapeFunctions.cpp - Functions that move elements ------------------===//

#include "FunctionCall.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace upconv;
using namespace upconv::keras_import;

static constexpr StringRef movesBatch =
    "moves or resizes the batch axis, which is not supported";

static NamedAttribute integersNamed(FunctionCall &call, StringRef name,
                                    ArrayRef<int64_t> values) {
  return call.attribute(name, call.getBuilder().getDenseI64ArrayAttr(values));
}

static Value expandDims(FunctionCall &call, Value input, int64_t axis) {
  return call.create<keras::OpsExpandDimsOp>(
      input, call.attribute("axis", call.getBuilder().getI64IntegerAttr(axis)));
}

static FunctionResults buildExpandDims(FunctionCall &call) {
  Value input = call.tensor("x");
  auto axes = call.integers("axis");
  if (!input || !axes)
    return {};
  if (axes->size() != 1) {
    call.unsupported("axis") << "more than one new axis is not supported";
    return {};
  }
  return {expandDims(call, input, axes->front())};
}

/// Without an axis all known axes of size 1 vanish.
static FunctionResults buildSqueeze(FunctionCall &call) {
  Value input = call.tensor("x");
  if (!input)
    return {};
  Shape ones;
  for (auto [axis, size] : llvm::enumerate(shapeOf(input)))
    if (axis > 0 && size == 1)
      ones.push_back(axis);
  auto axes = call.integers("axis", ones);
  if (!axes)
    return {};
  return {call.create<keras::OpsSqueezeOp>(input,
                                           integersNamed(call, "axis", *axes))};
}

/// The number of elements of one sample, if it is known.
static std::optional<int64_t> sampleSize(ArrayRef<int64_t> shape) {
  std::optional<int64_t> count = 1;
  for (int64_t size : shape.drop_front())
    count = count && !ShapedType::isDynamic(size)
                ? llvm::checkedMul(*count, size)
                : std::nullopt;
  return count;
}

/// The new shape names the batch, as -1, null or its known size; a layer's
/// reshape does not.
static FunctionResults buildReshape(FunctionCall &call) {
  Value input = call.tensor("x");
  JsonValue value = call.literal("shape");
  if (!input)
    return {};
  JsonValue list =
      value.string("class_name") == "__tuple__" ? value["items"] : value;
  Shape target;
  for (JsonValue element : list.elements())
    target.push_back(element.asInteger().value_or(element.isNull() ? -1 : -2));
  if (target.empty() || llvm::is_contained(target, -2)) {
    call.unsupported("shape") << "'shape' of '" << call.name()
                              << "' must be a list of integers in the file";
    return {};
  }
  int64_t batch = shapeOf(input).front();
  Shape rest(ArrayRef<int64_t>(target).drop_front());
  auto wanted =
      llvm::is_contained(rest, -1) ? std::nullopt : sampleSize(target);
  // A batch of -1 is the batch if each sample keeps its size.
  bool keepsBatch =
      list.elements().front().isNull() ||
      (target.front() == -1 ? wanted && wanted == sampleSize(shapeOf(input))
                            : target.front() == batch);
  if (!keepsBatch) {
    call.unsupported("shape") << "'" << call.name() << "' " << movesBatch;
    return {};
  }
  return {call.create<keras::ReshapeOp>(
      input, integersNamed(call, "target_shape", rest))};
}

static FunctionResults buildFlatten(FunctionCall &call) {
  Value input = call.tensor("x");
  if (!input)
    return {};
  return {call.create<keras::FlattenOp>(
      input, call.attribute("data_format",
                            call.getBuilder().getStringAttr("channels_last")))};
}

static FunctionResults permute(FunctionCall &call, Value input,
                               ArrayRef<int64_t> axes) {
  if (!axes.empty() && axes.front() == 0)
    return {call.create<keras::PermuteOp>(
        input, integersNamed(call, "dims", axes.drop_front()))};
  call.unsupported("axes") << "'" << call.name() << "' " << movesBatch;
  return {};
}

static FunctionResults buildTranspose(FunctionCall &call) {
  Value input = call.tensor("x");
  if (!input)
    return {};
  Shape reversed;
  for (int64_t axis = rankOf(input) - 1; axis >= 0; --axis)
    reversed.push_back(axis);
  auto axes = call.integers("axes", reversed);
  if (!axes)
    return {};
  for (int64_t &axis : *axes)
    axis += axis < 0 ? rankOf(input) : 0;
  return permute(call, input, *axes);
}

static FunctionResults buildSwapAxes(FunctionCall &call) {
  Value input = call.tensor("x");
  auto one = call.integers("axis1"), other = call.integers("axis2");
  if (!input || !one || !other)
    return {};
  int64_t rank = rankOf(input);
  Shape axes;
  for (int64_t axis = 0; axis < rank; ++axis)
    axes.push_back(axis);
  int64_t first = one->front() + (one->front() < 0 ? rank : 0);
  int64_t second = other->front() + (other->front() < 0 ? rank : 0);
  if (one->size() != 1 || other->size() != 1 || first < 0 || first >= rank ||
      second < 0 || second >= rank) {
    call.invalid("axis1") << "'" << call.name() << "' must name two axes of "
                          << rank;
    return {};
  }
  std::swap(axes[first], axes[second]);
  return permute(call, input, axes);
}

static FunctionResults concatenate(FunctionCall &call, ValueRange inputs,
                                   int64_t axis) {
  if (isBatch(axis, inputs.front())) {
    call.unsupported("axis")
        << "'" << call.name() << "' along the batch is not supported";
    return {};
  }
  return {call.create<keras::ConcatenateOp>(
      inputs,
      call.attribute("axis", call.getBuilder().getI64IntegerAttr(axis)))};
}

static std::optional<int64_t> joinedAxis(FunctionCall &call,
                                         int64_t byDefault) {
  auto axes = call.integers("axis", Shape{byDefault});
  if (!axes)
    return std::nullopt;
  if (axes->size() == 1 && !call.isNull("axis"))
    return axes->front();
  call.invalid("axis") << "'axis' of '" << call.name()
                       << "' must be an integer";
  return std::nullopt;
}

static FunctionResults buildConcatenate(FunctionCall &call) {
  SmallVector<Value> inputs = call.tensorList("xs");
  // keras.ops and TensorFlow always write the axis; Keras 2's backend not.
  auto axis = joinedAxis(call, -1);
  if (inputs.empty() || !axis)
    return {};
  return concatenate(call, inputs, *axis);
}

static FunctionResults buildStack(FunctionCall &call) {
  SmallVector<Value> inputs = call.tensorList("xs");
  auto axis = joinedAxis(call, 0);
  if (inputs.empty() || !axis)
    return {};
  for (Value &input : inputs)
    if (!(input = expandDims(call, input, *axis)))
      return {};
  return concatenate(call, inputs, *axis);
}

/// [[low, high], ...] per axis, or one such pair or number for all of them,
/// which would pad the batch.
static FunctionResults buildPad(FunctionCall &call) {
  Value input = call.tensor("x");
  JsonValue widths = call.literal("pad_width");
  Shape flat;
  for (JsonValue pair : widths.elements())
    for (JsonValue width : pair.elements())
      flat.push_back(width.asInteger().value_or(-1));
  auto value = call.literal("constant_values") ? call.number("constant_values")
                                               : std::optional(0.0);
  if (!input)
    return {};
  if (flat.size() != 2 * widths.elements().size() || flat.empty() || !value) {
    call.unsupported(value ? "pad_width" : "constant_values")
        << "'" << call.name()
        << "' needs a list of pairs of integers and one number to pad with";
    return {};
  }
  OpBuilder &builder = call.getBuilder();
  return {call.create<keras::OpsPadOp>(
      input, {integersNamed(call, "pad_width", flat),
              call.attribute(
                  "mode", builder.getStringAttr(call.word("mode", "constant"))),
              call.attribute("value", builder.getF64FloatAttr(*value))})};
}

/// The data format as Keras or as TensorFlow spells it.
static Attribute dataFormat(FunctionCall &call) {
  std::string format = call.word("data_format", "channels_last");
  return call.getBuilder().getStringAttr(format == "nhwc"   ? "channels_last"
                                         : format == "nchw" ? "channels_first"
                                                            : format);
}

static FunctionResults buildBlocks(FunctionCall &call) {
  Value input = call.tensor("x");
  auto size = call.integers("block_size");
  if (!input || !size || size->size() != 1)
    return {};
  NamedAttribute attributes[] = {
      call.attribute("block_size",
                     call.getBuilder().getI64IntegerAttr(size->front())),
      call.attribute("data_format", dataFormat(call))};
  if (call.lastName() == "depth_to_space")
    return {call.create<keras::OpsDepthToSpaceOp>(input, attributes)};
  return {call.create<keras::OpsSpaceToDepthOp>(input, attributes)};
}

static FunctionResults buildResize(FunctionCall &call) {
  Value input = call.tensor("x");
  auto size = call.integers("size");
  if (!input || !size)
    return {};
  for (StringRef key : {"antialias", "crop_to_aspect_ratio",
                        "pad_to_aspect_ratio", "preserve_aspect_ratio"})
    if (call.flag(key, false)) {
      call.unsupported(key) << "'" << key << "' is not supported";
      return {};
    }
  if (size->size() != 2) {
    call.invalid("size") << "'size' of '" << call.name()
                         << "' must hold a height and a width";
    return {};
  }
  OpBuilder &builder = call.getBuilder();
  return {call.create<keras::ResizingOp>(
      input,
      {call.attribute("height", builder.getI64IntegerAttr((*size)[0])),
       call.attribute("width", builder.getI64IntegerAttr((*size)[1])),
       call.attribute("interpolation", builder.getStringAttr(call.word(
                                           "interpolation", "bilinear"))),
       call.attribute("data_format", dataFormat(call))})};
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

static constexpr StringRef input = "x|inputs|input|tensor|a|images";
static constexpr StringRef list = "xs|x|arrays|values|tensors|inputs";
static constexpr StringRef onlyInput[] = {input};
static constexpr StringRef axisParameters[] = {input, "axis|dim"};
static constexpr StringRef reshapeParameters[] = {input,
                                                  "shape|newshape|new_shape"};
static constexpr StringRef transposeParameters[] = {input, "axes|perm|pattern",
                                                    "conjugate"};
static constexpr StringRef swapParameters[] = {input, "axis1", "axis2"};
static constexpr StringRef listParameters[] = {list, "axis"};
static constexpr StringRef padParameters[] = {input, "pad_width|paddings",
                                              "mode", "constant_values"};
static constexpr StringRef blockParameters[] = {input, "block_size",
                                                "data_format"};
static constexpr StringRef resizeParameters[] = {input,
                                                 "size",
                                                 "interpolation|method",
                                                 "antialias",
                                                 "crop_to_aspect_ratio",
                                                 "pad_to_aspect_ratio",
                                                 "preserve_aspect_ratio",
                                                 "fill_mode",
                                                 "fill_value",
                                                 "data_format"};

static constexpr StringRef expandNames[] = {"expand_dims"};
static constexpr StringRef squeezeNames[] = {"squeeze"};
static constexpr StringRef reshapeNames[] = {"reshape"};
static constexpr StringRef flattenNames[] = {"batch_flatten"};
static constexpr StringRef transposeNames[] = {"transpose",
                                               "permute_dimensions"};
static constexpr StringRef swapNames[] = {"swapaxes"};
static constexpr StringRef concatenateNames[] = {"concatenate", "concat"};
static constexpr StringRef stackNames[] = {"stack"};
static constexpr StringRef padNames[] = {"pad"};
static constexpr StringRef blockNames[] = {"depth_to_space", "space_to_depth"};
static constexpr StringRef resizeNames[] = {"resize"};

ArrayRef<FunctionKind> upconv::keras_import::getShapeFunctions() {
  static constexpr FunctionKind kinds[] = {
      {expandNames, axisParameters, buildExpandDims},
      {squeezeNames, axisParameters, buildSqueeze},
      {reshapeNames, reshapeParameters, buildReshape},
      {flattenNames, onlyInput, buildFlatten},
      {transposeNames, transposeParameters, buildTranspose},
      {swapNames, swapParameters, buildSwapAxes},
      {concatenateNames, listParameters, buildConcatenate},
      {stackNames, listParameters, buildStack},
      {padNames, padParameters, buildPad},
      {blockNames, blockParameters, buildBlocks},
      {resizeNames, resizeParameters, buildResize},
  };
  return kinds;
}
