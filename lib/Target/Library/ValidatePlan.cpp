//===- ValidatePlan.cpp - What the emitters rely on -----------------------===//
//
// BuildPlan is expected to keep these rules; a plan that breaks one is a bug of
// upconv, found here rather than in a user's program.
//
//===----------------------------------------------------------------------===//

#include "PlanQueries.h"

#include "upconv/Runtime/Runtime.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/TargetParser/Triple.h"

using namespace upconv;
using mlir::AffineExpr;

namespace {
class Validator {
public:
  explicit Validator(const LibraryPlan &plan) : plan(plan) {}

  llvm::Error run();

private:
  void fail(const llvm::Twine &message) {
    if (error.empty())
      error = ("library '" + llvm::Twine(plan.name) + "': " + message).str();
  }
  void identifier(llvm::StringRef name, const llvm::Twine &what);
  void unique(llvm::StringSet<> &seen, llvm::StringRef name);
  void expression(AffineExpr expression, const llvm::Twine &what);
  void place(const Place &place, const llvm::Twine &what);
  void launch(const KernelLaunch &launch);
  void margins(const ZeroMargins &zero);

  const LibraryPlan &plan;
  std::string error;
};
} // namespace

/// The words of C and C++ that a generated header may not use as a field.
static bool isReserved(llvm::StringRef name) {
  static const llvm::StringSet<> words = {"alignas",
                                          "alignof",
                                          "and",
                                          "and_eq",
                                          "asm",
                                          "auto",
                                          "bitand",
                                          "bitor",
                                          "bool",
                                          "break",
                                          "case",
                                          "catch",
                                          "char",
                                          "char16_t",
                                          "char32_t",
                                          "char8_t",
                                          "class",
                                          "co_await",
                                          "co_return",
                                          "co_yield",
                                          "compl",
                                          "concept",
                                          "const",
                                          "const_cast",
                                          "consteval",
                                          "constexpr",
                                          "constinit",
                                          "continue",
                                          "decltype",
                                          "default",
                                          "delete",
                                          "do",
                                          "double",
                                          "dynamic_cast",
                                          "else",
                                          "enum",
                                          "explicit",
                                          "export",
                                          "extern",
                                          "false",
                                          "float",
                                          "for",
                                          "friend",
                                          "goto",
                                          "if",
                                          "inline",
                                          "int",
                                          "long",
                                          "mutable",
                                          "namespace",
                                          "new",
                                          "noexcept",
                                          "not",
                                          "not_eq",
                                          "nullptr",
                                          "operator",
                                          "or",
                                          "or_eq",
                                          "private",
                                          "protected",
                                          "public",
                                          "register",
                                          "reinterpret_cast",
                                          "requires",
                                          "restrict",
                                          "return",
                                          "short",
                                          "signed",
                                          "sizeof",
                                          "static",
                                          "static_assert",
                                          "static_cast",
                                          "struct",
                                          "switch",
                                          "template",
                                          "this",
                                          "thread_local",
                                          "throw",
                                          "true",
                                          "try",
                                          "typedef",
                                          "typeid",
                                          "typename",
                                          "typeof",
                                          "union",
                                          "unsigned",
                                          "using",
                                          "virtual",
                                          "void",
                                          "volatile",
                                          "wchar_t",
                                          "while",
                                          "xor",
                                          "xor_eq"};
  return words.contains(name);
}

void Validator::identifier(llvm::StringRef name, const llvm::Twine &what) {
  bool good =
      !name.empty() && !llvm::isDigit(name.front()) &&
      llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
  if (!good)
    fail(what + " '" + name + "' is not a C identifier");
  else if (isReserved(name))
    fail(what + " '" + name + "' is a word of C or C++");
}

void Validator::unique(llvm::StringSet<> &seen, llvm::StringRef name) {
  if (!seen.insert(name).second)
    fail("two fields are called '" + name + "'");
}

void Validator::expression(AffineExpr expression, const llvm::Twine &what) {
  if (!expression)
    return fail(what + " is missing");
  expression.walk([&](AffineExpr part) {
    if (auto symbol = mlir::dyn_cast<mlir::AffineSymbolExpr>(part)) {
      if (symbol.getPosition() >= plan.extents.size())
        fail(what + " uses s" + llvm::Twine(symbol.getPosition()) + " of " +
             llvm::Twine(plan.extents.size()) + " run-time extents");
    } else if (mlir::isa<mlir::AffineDimExpr>(part)) {
      fail(what + " uses a dimension, expected symbols only");
    }
  });
}

void Validator::place(const Place &place, const llvm::Twine &what) {
  size_t limit = 0;
  switch (place.base) {
  case Place::Base::Input:
    limit = plan.inputs.size();
    break;
  case Place::Base::Output:
    limit = plan.outputs.size();
    break;
  case Place::Base::Slot:
    limit = plan.slots.size();
    break;
  case Place::Base::Weights:
    limit = plan.weights.values.empty() ? 0 : place.index + size_t(1);
    break;
  }
  if (place.index >= limit)
    fail(what + " lies outside the plan's ports, slots and weights");
  if (place.offset)
    expression(place.offset, what + ": offset");
}

void Validator::launch(const KernelLaunch &launch) {
  std::string what = "launch of '" + launch.symbol + "'";
  identifier(launch.symbol, "kernel");
  for (const Place &buffer : launch.buffers)
    place(buffer, what);
  place(launch.output, what + ": output");
  for (AffineExpr scalar : launch.scalars)
    expression(scalar, what + ": scalar");
  if (launch.taskExtent)
    expression(launch.taskExtent, what + ": task extent");
  if (launch.work)
    expression(launch.work, what + ": work");
  if (launch.taskGrain < 1)
    fail(what + ": the task grain must be positive");
  else if (launch.taskBlock < 0 || launch.taskBlock % launch.taskGrain != 0)
    fail(what + ": the task block must be a multiple of the task grain");
  if (launch.buffers.size() + launch.scalars.size() + 3 >
      UPCONV_RT_MAX_ARGUMENTS)
    fail(what + ": more than " + llvm::Twine(UPCONV_RT_MAX_ARGUMENTS) +
         " arguments");
  auto fits = [&](AffineExpr value, const llvm::Twine &name) {
    std::optional<int64_t> constant = constantValue(value);
    if (constant && (*constant > INT32_MAX || *constant < INT32_MIN))
      fail(what + ": " + name + " does not fit 32 bits");
  };
  for (AffineExpr scalar : launch.scalars)
    fits(scalar, "a scalar");
  fits(launch.taskExtent, "the task extent");
}

void Validator::margins(const ZeroMargins &zero) {
  place(zero.tensor, "padded tensor");
  size_t rank = zero.shape.size();
  if (zero.strides.size() != rank || zero.haloLow.size() != rank ||
      zero.haloHigh.size() != rank || rank > UPCONV_RT_MAX_RANK)
    fail("padded tensor: ranks differ or exceed " +
         llvm::Twine(UPCONV_RT_MAX_RANK));
  for (AffineExpr extent : zero.shape)
    expression(extent, "padded tensor: shape");
  for (AffineExpr stride : zero.strides)
    expression(stride, "padded tensor: stride");
  auto negative = [](int64_t halo) { return halo < 0; };
  if (llvm::any_of(zero.haloLow, negative) ||
      llvm::any_of(zero.haloHigh, negative))
    fail("padded tensor: a halo is negative");
}

llvm::Error Validator::run() {
  identifier(plan.name, "name");
  if (plan.inputs.empty() || plan.outputs.empty())
    fail("at least one input and one output are needed");
  if (plan.tracesSteps && !plan.device.empty())
    fail("steps on a device cannot be traced");
  llvm::StringSet<> inputNames, outputNames;
  auto ports = [&](const std::vector<Port> &list, llvm::StringSet<> &names) {
    for (const Port &port : list) {
      identifier(port.name, "port");
      unique(names, port.name);
      bool isStatic = true;
      for (AffineExpr dimension : port.shape) {
        expression(dimension, "shape of '" + port.name + "'");
        if (std::optional<int64_t> extent = constantValue(dimension)) {
          if (*extent < 1)
            fail("'" + port.name + "' has a dimension below 1");
        } else {
          isStatic = false;
        }
      }
      if (isStatic && error.empty() &&
          staticCount(port).value_or(INT64_MAX) > INT64_MAX / 4)
        fail("the size of '" + port.name + "' does not fit 64 bits");
    }
  };
  ports(plan.inputs, inputNames);
  ports(plan.outputs, outputNames);
  for (const RuntimeExtent &extent : plan.extents) {
    identifier(extent.field, "extent");
    unique(inputNames, extent.field);
    if (extent.input >= plan.inputs.size() ||
        extent.dimension >= plan.inputs[extent.input].shape.size())
      fail("extent '" + extent.field + "' belongs to no input dimension");
  }
  llvm::StringSet<> variableNames;
  for (const Variable &variable : plan.variables) {
    identifier(variable.field, "variable");
    unique(variableNames, variable.field);
  }
  for (const WorkspaceSlot &slot : plan.slots)
    for (AffineExpr tenant : slot.tenants)
      expression(tenant, "slot");
  for (const ExtentCheck &check : plan.checks) {
    expression(check.left, "check");
    if (check.rule == ExtentCheck::Rule::Equal)
      expression(check.right, "check");
  }
  for (const Step &step : plan.steps)
    step.kind == Step::Kind::Launch ? launch(step.launch) : margins(step.zero);
  if (error.empty() && plan.extents.empty() && !staticWorkspaceBytes(plan))
    fail("the size of the workspace does not fit 64 bits");
  if (!error.empty())
    return llvm::createStringError(error);
  return llvm::Error::success();
}

llvm::Error upconv::validatePlan(const LibraryPlan &plan) {
  return Validator(plan).run();
}
