//===- ElementwiseFunctions.cpp - Functions of the elements of tensors ----===//

#include "FunctionCall.h"

#include "upconv/Dialect/Keras/IR/Functions.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace upconv;
using namespace upconv::keras_import;

//===----------------------------------------------------------------------===//
// One tensor
//===----------------------------------------------------------------------===//

static Value applyUnary(FunctionCall &call, Value input, StringRef function) {
  return call.create<keras::OpsUnaryOp>(
      input,
      call.attribute("function", call.getBuilder().getStringAttr(function)));
}

static FunctionResults buildUnary(FunctionCall &call) {
  Value input = call.tensor("x");
  if (!input)
    return {};
  StringRef name = call.lastName();
  StringRef function = llvm::StringSwitch<StringRef>(name)
                           .Case("exp", "exponential")
                           .Case("absolute", "abs")
                           .Cases({"neg", "negative"}, "negative")
                           .Case("swish", "silu")
                           .Case("hard_swish", "hard_silu")
                           .Default(name);
  // Keras 2 had another line.
  if (function == "hard_sigmoid" && call.flavor() == Flavor::Keras2)
    function = "hard_sigmoid_v2";
  return {applyUnary(call, input, function)};
}

static FunctionResults buildIdentity(FunctionCall &call) {
  return {call.tensor("x")};
}

static FunctionResults buildCast(FunctionCall &call) {
  std::string dtype = call.word("dtype", "float32");
  if (dtype == "float32")
    return buildIdentity(call);
  call.unsupported("dtype")
      << "a cast to '" << dtype << "' is not supported, only float32 is";
  return {};
}

static FunctionResults buildGelu(FunctionCall &call) {
  // keras.ops approximates by default, TensorFlow does not.
  bool approximate = call.flag("approximate", call.flavor() == Flavor::Keras3);
  Value input = call.tensor("x");
  if (!input)
    return {};
  return {applyUnary(call, input, approximate ? "gelu_tanh" : "gelu")};
}

static FunctionResults buildRelu(FunctionCall &call) {
  Value input = call.tensor("x");
  auto maximum = call.number("max_value");
  double slope = call.number("negative_slope").value_or(0);
  double threshold = call.number("threshold").value_or(0);
  if (!input)
    return {};
  if (!maximum && slope == 0 && threshold == 0)
    return {applyUnary(call, input, "relu")};
  OpBuilder &builder = call.getBuilder();
  SmallVector<NamedAttribute> attributes{
      call.attribute("negative_slope", builder.getF64FloatAttr(slope)),
      call.attribute("threshold", builder.getF64FloatAttr(threshold))};
  if (maximum)
    attributes.push_back(
        call.attribute("max_value", builder.getF64FloatAttr(*maximum)));
  return {call.create<keras::ReLUOp>(input, attributes)};
}

static FunctionResults buildLeakyRelu(FunctionCall &call) {
  Value input = call.tensor("x");
  double slope = call.number("negative_slope").value_or(0.2);
  if (!input)
    return {};
  return {call.create<keras::LeakyReLUOp>(
      input, call.attribute("negative_slope",
                            call.getBuilder().getF64FloatAttr(slope)))};
}

static FunctionResults buildElu(FunctionCall &call) {
  Value input = call.tensor("x");
  double alpha = call.number("alpha").value_or(1);
  if (!input)
    return {};
  return {call.create<keras::ELUOp>(
      input,
      call.attribute("alpha", call.getBuilder().getF64FloatAttr(alpha)))};
}

static FunctionResults buildSoftmax(FunctionCall &call) {
  Value input = call.tensor("x");
  auto axes = call.integers("axis", Shape{-1});
  if (!input || !axes)
    return {};
  return {call.create<keras::SoftmaxOp>(
      input,
      call.attribute("axis", call.getBuilder().getDenseI64ArrayAttr(*axes)))};
}

//===----------------------------------------------------------------------===//
// Two tensors, or a tensor and a number
//===----------------------------------------------------------------------===//

static Value applyScalar(FunctionCall &call, Value input, StringRef function,
                         double scalar, bool scalarFirst = false) {
  OpBuilder &builder = call.getBuilder();
  SmallVector<NamedAttribute> attributes{
      call.attribute("function", builder.getStringAttr(function)),
      call.attribute("scalar", builder.getF64FloatAttr(scalar))};
  if (scalarFirst)
    attributes.push_back(call.attribute("scalar_first", builder.getUnitAttr()));
  return call.create<keras::OpsBinaryOp>(input, attributes);
}

/// A row of constants per channel, as a Rescaling layer: x * scale + offset.
/// Nothing if the function is not of that form.
static std::optional<Value> applyRow(FunctionCall &call, Value input,
                                     StringRef function,
                                     ArrayRef<double> values, bool rowFirst) {
  std::vector<double> scale(values.size(), 1), offset(values.size(), 0);
  if (function == "add")
    offset = values;
  else if (function == "multiply")
    scale = values;
  else if (function == "divide" && !rowFirst)
    for (auto [factor, value] : llvm::zip(scale, values))
      factor = 1 / value;
  else if (function == "subtract")
    for (auto [factor, shift, value] : llvm::zip(scale, offset, values)) {
      factor = rowFirst ? -1 : 1;
      shift = rowFirst ? value : -value;
    }
  else
    return std::nullopt;
  OpBuilder &builder = call.getBuilder();
  return call.create<keras::RescalingOp>(
      input, {call.attribute("scale", builder.getDenseF64ArrayAttr(scale)),
              call.attribute("offset", builder.getDenseF64ArrayAttr(offset))});
}

static StringRef binaryFunction(StringRef name) {
  return llvm::StringSwitch<StringRef>(name)
      .Cases({"true_divide", "truediv", "realdiv"}, "divide")
      .Case("pow", "power")
      .Case("sub", "subtract")
      .Case("mul", "multiply")
      .Default(name);
}

static FunctionResults buildBinary(FunctionCall &call) {
  StringRef function = binaryFunction(call.lastName());
  Value left = call.tensorIfAny("x1"), right = call.tensorIfAny("x2");
  if (left && right)
    return {call.create<keras::OpsBinaryOp>(
        {left, right},
        call.attribute("function", call.getBuilder().getStringAttr(function)))};
  if (!left && !right)
    return {call.tensor("x1")};
  Value input = left ? left : right;
  StringRef other = left ? "x2" : "x1";
  auto constant = Constant::read(call.literal(other));
  if (constant && constant->broadcastsTo(shapeOf(input))) {
    if (constant->isUniform())
      return {
          applyScalar(call, input, function, constant->values.front(), !left)};
    if (constant->isRow())
      if (auto value = applyRow(call, input, function, constant->values, !left))
        return {*value};
  }
  call.unsupported(other)
      << "'" << other << "' of '" << call.name()
      << "' must be a tensor of another layer, a number, or numbers for the "
         "last axis";
  return {};
}

static FunctionResults buildClip(FunctionCall &call) {
  Value value = call.tensor("x");
  for (auto [parameter, function] :
       {std::pair<StringRef, StringRef>("x_min", "maximum"),
        {"x_max", "minimum"}}) {
    if (value && call.isNull(parameter)) {
      call.invalid(parameter) << "'" << parameter << "' of '" << call.name()
                              << "' must be a number, got null";
      return {};
    }
    if (!value || !call.literal(parameter))
      continue;
    auto limit = call.number(parameter);
    if (!limit) {
      call.unsupported(parameter) << "'" << parameter << "' of '" << call.name()
                                  << "' must be a number";
      return {};
    }
    value = applyScalar(call, value, function, *limit);
  }
  return {value};
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

static constexpr StringRef input = "x|inputs|input|tensor|features|a|logits";
static constexpr StringRef unaryParameters[] = {input};
static constexpr StringRef castParameters[] = {input, "dtype"};
static constexpr StringRef geluParameters[] = {input, "approximate"};
static constexpr StringRef reluParameters[] = {input, "negative_slope|alpha",
                                               "max_value", "threshold"};
static constexpr StringRef leakyParameters[] = {input, "negative_slope|alpha"};
static constexpr StringRef eluParameters[] = {input, "alpha"};
static constexpr StringRef softmaxParameters[] = {input, "axis"};
static constexpr StringRef binaryParameters[] = {"x1|x|a", "x2|y|b"};
static constexpr StringRef clipParameters[] = {
    "x|t|a|inputs", "x_min|min_value|clip_value_min|a_min",
    "x_max|max_value|clip_value_max|a_max"};

// Those with parameters of their own that have no default here are left out.
static constexpr StringRef unaryNames[] = {
    "abs",          "absolute",      "ceil",       "cos",       "erf",
    "exp",          "expm1",         "floor",      "log",       "log1p",
    "neg",          "negative",      "reciprocal", "round",     "rsqrt",
    "sign",         "sin",           "sqrt",       "square",    "exponential",
    "hard_sigmoid", "hard_silu",     "hard_swish", "hard_tanh", "log_sigmoid",
    "mish",         "relu6",         "selu",       "sigmoid",   "silu",
    "swish",        "softplus",      "softsign",   "tanh",      "tanh_shrink",
    "sparse_plus",  "sparse_sigmoid"};
static constexpr StringRef identityNames[] = {"identity", "stop_gradient",
                                              "copy", "ensure_shape"};
static constexpr StringRef castNames[] = {"cast"};
static constexpr StringRef geluNames[] = {"gelu"};
static constexpr StringRef reluNames[] = {"relu"};
static constexpr StringRef leakyNames[] = {"leaky_relu"};
static constexpr StringRef eluNames[] = {"elu"};
static constexpr StringRef softmaxNames[] = {"softmax", "softmax_v2"};
static constexpr StringRef binaryNames[] = {
    "add",         "subtract",          "multiply", "divide",
    "true_divide", "truediv",           "realdiv",  "sub",
    "mul",         "maximum",           "minimum",  "power",
    "pow",         "squared_difference"};
static constexpr StringRef clipNames[] = {"clip", "clip_by_value"};

ArrayRef<FunctionKind> upconv::keras_import::getElementwiseFunctions() {
  static constexpr FunctionKind kinds[] = {
      {unaryNames, unaryParameters, buildUnary},
      {identityNames, unaryParameters, buildIdentity},
      {castNames, castParameters, buildCast},
      {geluNames, geluParameters, buildGelu},
      {reluNames, reluParameters, buildRelu},
      {leakyNames, leakyParameters, buildLeakyRelu},
      {eluNames, eluParameters, buildElu},
      {softmaxNames, softmaxParameters, buildSoftmax},
      {binaryNames, binaryParameters, buildBinary},
      {clipNames, clipParameters, buildClip},
  };
  return kinds;
}
