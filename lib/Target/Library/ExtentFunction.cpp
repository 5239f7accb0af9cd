//===- ExtentFunction.cpp - Sizes that depend on run-time extents ---------===//

#include "ExtentFunction.h"

#include "upconv/Runtime/Runtime.h"

#include "llvm/IR/Intrinsics.h"
#include "llvm/Support/MathExtras.h"

using namespace upconv;
using llvm::Value;
using mlir::AffineBinaryOpExpr;
using mlir::AffineExpr;
using mlir::AffineExprKind;

//===----------------------------------------------------------------------===//
// Emission: straight-line code with an early return per broken rule
//===----------------------------------------------------------------------===//

class ExtentFunction::Emitter {
public:
  Emitter(ExtentFunction &owner, llvm::Function *function)
      : owner(owner), plan(owner.plan),
        builder(llvm::BasicBlock::Create(function->getContext(), "entry",
                                         function)),
        extents(function->getArg(0)), values(function->getArg(1)) {}

  void run();

private:
  /// A value and whether it, or a part of it, overflowed (null: cannot).
  struct Result {
    Value *value;
    Value *overflow;
  };

  Value *number(int64_t value) { return builder.getInt64(value); }
  Value *either(Value *a, Value *b) {
    return !a ? b : !b ? a : builder.CreateOr(a, b);
  }
  Result arithmetic(llvm::Intrinsic::ID id, Result left, Result right);
  Result divide(AffineExprKind kind, Result left, Result right);
  Result evaluate(AffineExpr expression);
  /// Returns `status` if `broken`.
  void guard(Value *broken, int status, const llvm::Twine &message);
  /// Evaluates; an overflow returns.
  Value *checked(AffineExpr expression);
  Value *checked(Result result);
  void check(const ExtentCheck &check);
  void checkPort(const Port &port, const char *what, int countIndex);
  void placeSlots();
  void store(Value *value, unsigned index) {
    builder.CreateStore(value, builder.CreateConstInBoundsGEP1_64(
                                   builder.getInt64Ty(), values, index));
  }

  ExtentFunction &owner;
  const LibraryPlan &plan;
  llvm::IRBuilder<> builder;
  Value *extents, *values;
  llvm::DenseMap<AffineExpr, Result> known;
};

ExtentFunction::Emitter::Result
ExtentFunction::Emitter::arithmetic(llvm::Intrinsic::ID id, Result left,
                                    Result right) {
  Value *pair = builder.CreateBinaryIntrinsic(id, left.value, right.value);
  return {builder.CreateExtractValue(pair, 0),
          either(either(left.overflow, right.overflow),
                 builder.CreateExtractValue(pair, 1))};
}

/// MLIR's divisions round towards minus and plus infinity; its mod is never
/// negative. A divisor that is not positive has no meaning there and counts as
/// an overflow here.
ExtentFunction::Emitter::Result
ExtentFunction::Emitter::divide(AffineExprKind kind, Result left,
                                Result right) {
  Value *zero = number(0), *one = number(1);
  Value *bad = builder.CreateICmpSLE(right.value, zero);
  Value *divisor = builder.CreateSelect(bad, one, right.value);
  Value *quotient = builder.CreateSDiv(left.value, divisor);
  Value *rest = builder.CreateSRem(left.value, divisor);
  Value *result = nullptr;
  if (kind == AffineExprKind::CeilDiv) {
    Value *up = builder.CreateICmpSGT(rest, zero);
    result = builder.CreateAdd(quotient,
                               builder.CreateZExt(up, builder.getInt64Ty()));
  } else {
    Value *down = builder.CreateICmpSLT(rest, zero);
    result = kind == AffineExprKind::FloorDiv
                 ? builder.CreateSub(
                       quotient, builder.CreateZExt(down, builder.getInt64Ty()))
                 : builder.CreateAdd(rest,
                                     builder.CreateSelect(down, divisor, zero));
  }
  return {result, either(either(left.overflow, right.overflow), bad)};
}

ExtentFunction::Emitter::Result
ExtentFunction::Emitter::evaluate(AffineExpr expression) {
  if (auto it = known.find(expression); it != known.end())
    return it->second;
  Result result{nullptr, nullptr};
  if (std::optional<int64_t> constant = constantValue(expression)) {
    result.value = number(*constant);
  } else if (auto symbol = mlir::dyn_cast<mlir::AffineSymbolExpr>(expression)) {
    result.value = builder.CreateLoad(
        builder.getInt64Ty(),
        builder.CreateConstInBoundsGEP1_64(builder.getInt64Ty(), extents,
                                           symbol.getPosition()),
        plan.extents[symbol.getPosition()].field);
  } else {
    auto binary = mlir::cast<AffineBinaryOpExpr>(expression);
    Result left = evaluate(binary.getLHS()), right = evaluate(binary.getRHS());
    if (binary.getKind() == AffineExprKind::Add)
      result = arithmetic(llvm::Intrinsic::sadd_with_overflow, left, right);
    else if (binary.getKind() == AffineExprKind::Mul)
      result = arithmetic(llvm::Intrinsic::smul_with_overflow, left, right);
    else
      result = divide(binary.getKind(), left, right);
  }
  known.insert({expression, result});
  return result;
}

void ExtentFunction::Emitter::guard(Value *broken, int status,
                                    const llvm::Twine &message) {
  if (!broken || broken == builder.getFalse())
    return;
  owner.texts.push_back(message.str());
  llvm::Function *function = builder.GetInsertBlock()->getParent();
  auto *failure =
      llvm::BasicBlock::Create(builder.getContext(), "broken", function);
  auto *next = llvm::BasicBlock::Create(builder.getContext(), "next", function);
  builder.CreateCondBr(broken, failure, next);
  builder.SetInsertPoint(failure);
  builder.CreateRet(builder.getInt32(status | int(owner.texts.size()) << 8));
  builder.SetInsertPoint(next);
}

Value *ExtentFunction::Emitter::checked(Result result) {
  guard(result.overflow, UPCONV_RT_OVERFLOW,
        "a size of this model does not fit 64 bits for these extents");
  return result.value;
}

Value *ExtentFunction::Emitter::checked(AffineExpr expression) {
  Result result = evaluate(expression);
  Value *value = checked(result);
  // From here on the value is known to be good.
  known[expression].overflow = nullptr;
  return value;
}

void ExtentFunction::Emitter::check(const ExtentCheck &check) {
  Value *left = checked(check.left);
  switch (check.rule) {
  case ExtentCheck::Rule::Positive:
    return guard(builder.CreateICmpSLE(left, number(0)),
                 UPCONV_RT_INVALID_EXTENT, check.message);
  case ExtentCheck::Rule::Equal:
    return guard(builder.CreateICmpNE(left, checked(check.right)),
                 UPCONV_RT_INVALID_EXTENT, check.message);
  case ExtentCheck::Rule::FitsInt32: {
    Value *narrow = builder.CreateSExt(
        builder.CreateTrunc(left, builder.getInt32Ty()), builder.getInt64Ty());
    return guard(builder.CreateICmpNE(left, narrow), UPCONV_RT_OVERFLOW,
                 check.message);
  }
  }
}

/// Dimensions at least 1, bytes within 64 bits.
void ExtentFunction::Emitter::checkPort(const Port &port, const char *what,
                                        int countIndex) {
  Result elements{number(1), nullptr};
  for (size_t d = 0; d < port.shape.size(); ++d) {
    Value *extent = checked(port.shape[d]);
    if (!constantValue(port.shape[d]))
      guard(builder.CreateICmpSLE(extent, number(0)), UPCONV_RT_INVALID_EXTENT,
            llvm::Twine("dimension ") + llvm::Twine(d) + " of " + what + " '" +
                port.name + "' would be below 1");
    elements = arithmetic(llvm::Intrinsic::smul_with_overflow, elements,
                          {extent, nullptr});
  }
  checked(arithmetic(llvm::Intrinsic::smul_with_overflow, elements,
                     {number(4), nullptr}));
  if (countIndex >= 0)
    store(elements.value, countIndex);
}

void ExtentFunction::Emitter::placeSlots() {
  Result total{number(0), nullptr};
  for (size_t i = 0; i < plan.slots.size(); ++i) {
    store(total.value, owner.slotsAt + i);
    Result bytes{number(0), nullptr};
    if (std::optional<int64_t> constant = staticSlotBytes(plan.slots[i])) {
      bytes.value = number(*constant);
    } else {
      Value *elements = number(0);
      for (AffineExpr tenant : plan.slots[i].tenants)
        elements = builder.CreateBinaryIntrinsic(llvm::Intrinsic::smax,
                                                 elements, checked(tenant));
      bytes = arithmetic(llvm::Intrinsic::smul_with_overflow,
                         {elements, nullptr}, {number(4), nullptr});
      bytes = arithmetic(llvm::Intrinsic::sadd_with_overflow, bytes,
                         {number(UPCONV_RT_WORKSPACE_ALIGNMENT - 1), nullptr});
      bytes.value = builder.CreateAnd(bytes.value,
                                      number(-UPCONV_RT_WORKSPACE_ALIGNMENT));
    }
    total = arithmetic(llvm::Intrinsic::sadd_with_overflow, total, bytes);
  }
  store(checked(total), owner.totalAt);
}

void ExtentFunction::Emitter::run() {
  for (unsigned i = 0; i < plan.extents.size(); ++i) {
    const RuntimeExtent &extent = plan.extents[i];
    AffineExpr symbol = mlir::getAffineSymbolExpr(
        i, plan.inputs[extent.input].shape[extent.dimension].getContext());
    guard(builder.CreateICmpSLE(checked(symbol), number(0)),
          UPCONV_RT_INVALID_EXTENT,
          "'" + extent.field + "' must be at least 1");
  }
  for (const ExtentCheck &rule : plan.checks)
    check(rule);
  for (const Port &port : plan.inputs)
    checkPort(port, "input", -1);
  for (size_t i = 0; i < plan.outputs.size(); ++i)
    checkPort(plan.outputs[i], "output", owner.countsAt + i);
  placeSlots();

  for (auto [expression, index] : owner.expressions)
    store(checked(expression), index);
  // Kernels take 32-bit scalars and task windows.
  for (const Step &step : plan.steps) {
    if (step.kind != Step::Kind::Launch)
      continue;
    std::vector<AffineExpr> narrow = step.launch.scalars;
    if (step.launch.taskExtent)
      narrow.push_back(step.launch.taskExtent);
    for (AffineExpr expression : narrow)
      if (!constantValue(expression))
        check({ExtentCheck::Rule::FitsInt32,
               expression,
               {},
               "a size of this model does not fit 32 bits for these extents"});
  }

  Value *total = number(0);
  auto add = [&](Value *work) {
    total =
        builder.CreateBinaryIntrinsic(llvm::Intrinsic::sadd_sat, total, work);
  };
  for (auto [expression, index] : owner.works) {
    Result work = evaluate(expression);
    Value *value =
        work.overflow
            ? builder.CreateSelect(work.overflow, number(INT64_MAX), work.value)
            : work.value;
    store(value, index);
  }
  for (const Step &step : plan.steps)
    if (step.kind == Step::Kind::Launch && step.launch.taskExtent &&
        step.launch.work)
      add(owner.getWork(builder, values, step.launch.work));
  store(owner.workIsKnown ? total : number(-1), owner.totalWorkAt);
  builder.CreateRet(builder.getInt32(UPCONV_RT_OK));
}

//===----------------------------------------------------------------------===//
// The values
//===----------------------------------------------------------------------===//

ExtentFunction::ExtentFunction(const LibraryPlan &plan, llvm::Module &module)
    : plan(plan) {
  collect();
  if (plan.extents.empty())
    return;
  llvm::Type *pointer = llvm::PointerType::get(module.getContext(), 0);
  emitted = llvm::Function::Create(
      llvm::FunctionType::get(llvm::Type::getInt32Ty(module.getContext()),
                              {pointer, pointer}, false),
      llvm::GlobalValue::InternalLinkage, plan.name + "_extents", module);
  emitted->getArg(0)->setName("extents");
  emitted->getArg(1)->setName("values");
  emitted->addParamAttr(1, llvm::Attribute::NoAlias);
  Emitter(*this, emitted).run();
}

void ExtentFunction::collect() {
  slotsAt = count;
  count += plan.slots.size();
  totalAt = count++;
  countsAt = count;
  count += plan.outputs.size();
  totalWorkAt = count++;
  auto add = [&](llvm::MapVector<AffineExpr, unsigned> &map, AffineExpr value) {
    if (value && !constantValue(value) && map.insert({value, count}).second)
      ++count;
  };
  for (const Port &port : plan.outputs)
    for (AffineExpr dimension : port.shape)
      add(expressions, dimension);
  for (const Step &step : plan.steps) {
    if (step.kind == Step::Kind::ZeroMargins) {
      add(expressions, step.zero.tensor.offset);
      for (AffineExpr extent : step.zero.shape)
        add(expressions, extent);
      for (AffineExpr stride : step.zero.strides)
        add(expressions, stride);
      continue;
    }
    const KernelLaunch &launch = step.launch;
    for (const Place &place : launch.buffers)
      add(expressions, place.offset);
    add(expressions, launch.output.offset);
    for (AffineExpr scalar : launch.scalars)
      add(expressions, scalar);
    add(expressions, launch.taskExtent);
    add(works, launch.work);
    if (launch.taskExtent && !launch.work)
      workIsKnown = false;
  }
}

Value *ExtentFunction::load(llvm::IRBuilderBase &builder, Value *values,
                            unsigned index) const {
  return builder.CreateLoad(
      builder.getInt64Ty(),
      builder.CreateConstInBoundsGEP1_64(builder.getInt64Ty(), values, index));
}

Value *ExtentFunction::get(llvm::IRBuilderBase &builder, Value *values,
                           AffineExpr expression) const {
  if (std::optional<int64_t> constant = constantValue(expression))
    return builder.getInt64(*constant);
  return load(builder, values, expressions.lookup(expression));
}

Value *ExtentFunction::getWork(llvm::IRBuilderBase &builder, Value *values,
                               AffineExpr work) const {
  if (!work)
    return builder.getInt64(-1);
  if (std::optional<int64_t> constant = constantValue(work))
    return builder.getInt64(*constant);
  return load(builder, values, works.lookup(work));
}

Value *ExtentFunction::getTotalWork(llvm::IRBuilderBase &builder,
                                    Value *values) const {
  if (emitted)
    return load(builder, values, totalWorkAt);
  if (!workIsKnown)
    return builder.getInt64(-1);
  int64_t total = 0;
  for (const Step &step : plan.steps)
    if (step.kind == Step::Kind::Launch && step.launch.taskExtent &&
        llvm::AddOverflow(total, *constantValue(step.launch.work), total))
      return builder.getInt64(-1);
  return builder.getInt64(total);
}

Value *ExtentFunction::getSlotOffset(llvm::IRBuilderBase &builder,
                                     Value *values, unsigned slot) const {
  if (emitted)
    return load(builder, values, slotsAt + slot);
  int64_t offset = 0;
  for (unsigned i = 0; i < slot; ++i)
    offset += *staticSlotBytes(plan.slots[i]);
  return builder.getInt64(offset);
}

Value *ExtentFunction::getWorkspaceSize(llvm::IRBuilderBase &builder,
                                        Value *values) const {
  return emitted ? load(builder, values, totalAt)
                 : builder.getInt64(*staticWorkspaceBytes(plan));
}

Value *ExtentFunction::getOutputCount(llvm::IRBuilderBase &builder,
                                      Value *values, unsigned output) const {
  return emitted ? load(builder, values, countsAt + output)
                 : builder.getInt64(*staticCount(plan.outputs[output]));
}
