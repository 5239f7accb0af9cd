//===- ReducingFunctions.cpp - Functions over axes ------------------------===//

#include "FunctionCall.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace upconv;
using namespace upconv::keras_import;

static FunctionResults buildReduce(FunctionCall &call) {
  StringRef function = call.lastName();
  function.consume_front("reduce_");
  function = llvm::StringSwitch<StringRef>(function)
                 .Case("amax", "max")
                 .Case("amin", "min")
                 .Default(function);
  Value input = call.tensor("x");
  if (!input)
    return {};
  if (!call.literal("axis")) {
    call.unsupported("axis") << "'" << call.name()
                             << "' over all axes, the batch too, is not "
                                "supported; name the axes";
    return {};
  }
  auto axes = call.integers("axis");
  if (!axes)
    return {};
  if (llvm::any_of(*axes, [&](int64_t axis) { return isBatch(axis, input); })) {
    call.unsupported("axis")
        << "'" << call.name() << "' over the batch is not supported";
    return {};
  }
  OpBuilder &builder = call.getBuilder();
  return {call.create<keras::OpsReduceOp>(
      input, {call.attribute("function", builder.getStringAttr(function)),
              call.attribute("axis", builder.getDenseI64ArrayAttr(*axes)),
              call.attribute("keepdims", builder.getBoolAttr(
                                             call.flag("keepdims", false)))})};
}

static FunctionResults buildNormalize(FunctionCall &call) {
  Value input = call.tensor("x");
  auto axes = call.integers("axis", Shape{-1});
  if (!input || !axes)
    return {};
  if (auto epsilon = call.number("epsilon"); epsilon && *epsilon != 1e-12) {
    call.unsupported("epsilon") << "an 'epsilon' other than 1e-12 is not "
                                   "supported";
    return {};
  }
  return {call.create<keras::UnitNormalizationOp>(
      input,
      call.attribute("axis", call.getBuilder().getDenseI64ArrayAttr(*axes)))};
}

static FunctionResults buildMatmul(FunctionCall &call) {
  Value left = call.tensor("x1"), right = call.tensor("x2");
  for (StringRef key : {"transpose_a", "transpose_b", "adjoint_a", "adjoint_b",
                        "a_is_sparse", "b_is_sparse"})
    if (call.flag(key, false)) {
      call.unsupported(key) << "'" << key << "' is not supported";
      return {};
    }
  if (!left || !right)
    return {};
  return {call.create<keras::OpsMatmulOp>({left, right})};
}

static constexpr StringRef input = "x|inputs|input|tensor|a|input_tensor";
static constexpr StringRef reduceParameters[] = {input, "axis",
                                                 "keepdims|keep_dims"};
static constexpr StringRef normalizeParameters[] = {input, "axis", "epsilon"};
static constexpr StringRef matmulParameters[] = {
    "x1|a|x",    "x2|b|y",      "transpose_a", "transpose_b", "adjoint_a",
    "adjoint_b", "a_is_sparse", "b_is_sparse", "output_type"};
static constexpr StringRef reduceNames[] = {
    "mean",       "sum",        "max",        "min",
    "prod",       "amax",       "amin",       "reduce_mean",
    "reduce_sum", "reduce_max", "reduce_min", "reduce_prod"};
static constexpr StringRef normalizeNames[] = {"l2_normalize"};
static constexpr StringRef matmulNames[] = {"matmul"};

ArrayRef<FunctionKind> upconv::keras_import::getReducingFunctions() {
  static constexpr FunctionKind kinds[] = {
      {reduceNames, reduceParameters, buildReduce},
      {normalizeNames, normalizeParameters, buildNormalize},
      {matmulNames, matmulParameters, buildMatmul},
  };
  return kinds;
}
