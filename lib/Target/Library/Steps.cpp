//===- Steps.cpp - The plan's steps, one call after another ---------------===//

#include "ModuleBuilder.h"

#include "upconv/Runtime/Runtime.h"

#include "llvm/ADT/STLExtras.h"

using namespace upconv;
using llvm::BasicBlock;
using llvm::Function;
using llvm::Value;
using mlir::AffineExpr;

/// halide_buffer_t: 56 bytes, of which kernels read the pointer at byte 16.
static constexpr unsigned bufferBytes = 56, hostOffset = 16;

Value *ModuleBuilder::address(const Place &place) {
  Value *base = nullptr;
  switch (place.base) {
  case Place::Base::Input:
    base = inputBases[place.index];
    break;
  case Place::Base::Output:
    base = outputBases[place.index];
    break;
  case Place::Base::Slot:
    base = slotBases[place.index];
    break;
  case Place::Base::Weights:
    base = weights;
    break;
  }
  if (constantValue(place.offset) == 0)
    return base;
  return builder.CreateGEP(builder.getFloatTy(), base,
                           extents.get(builder, values, place.offset));
}

llvm::GlobalVariable *ModuleBuilder::weightsSection() {
  if (section)
    return section;
  section = new llvm::GlobalVariable(
      module,
      llvm::ArrayType::get(builder.getFloatTy(), plan.weights.values.size()),
      true, llvm::GlobalValue::ExternalLinkage, nullptr, weightsSymbol(plan));
  section->setVisibility(llvm::GlobalValue::HiddenVisibility);
  section->setDSOLocal(true);
  section->setAlignment(llvm::Align(64));
  return section;
}

void ModuleBuilder::buildLaunch(const KernelLaunch &launch) {
  unsigned next = 0, buffer = 0;
  auto pass = [&](Value *argument) {
    builder.CreateStore(argument, element(arguments, next++));
  };
  if (onDevice())
    pass(runPlace);
  auto passBuffer = [&](const Place &place) {
    Value *at = builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), buffers,
                                                   bufferBytes * buffer++);
    builder.CreateStore(address(place),
                        builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(),
                                                           at, hostOffset));
    pass(at);
  };
  for (const Place &place : launch.buffers)
    passBuffer(place);
  for (size_t i = 0; i < launch.scalars.size(); ++i) {
    Value *at = builder.CreateConstInBoundsGEP1_64(i32, scalars, i);
    builder.CreateStore(
        builder.CreateTrunc(extents.get(builder, values, launch.scalars[i]),
                            i32),
        at);
    pass(at);
  }
  unsigned window = next;
  if (launch.taskExtent)
    next += 2;
  passBuffer(launch.output);

  std::string symbol = prefixed(plan, launch.symbol) + "_argv";
  auto *type = llvm::FunctionType::get(i32, {pointer}, false);
  auto *kernel = llvm::cast<Function>(
      module.getOrInsertFunction(symbol, type).getCallee());
  kernel->setVisibility(llvm::GlobalValue::HiddenVisibility);
  kernel->setDSOLocal(true);
  kernel->setDoesNotThrow();

  Value *status = nullptr;
  if (launch.taskExtent) {
    llvm::FunctionCallee helper =
        runtime("upconv_rt_launch", i32,
                {pointer, pointer, pointer, i32, i32, i64, i64, i64, i64});
    status = builder.CreateCall(
        helper,
        {steps->getArg(2), kernel, arguments, builder.getInt32(next),
         builder.getInt32(window),
         extents.get(builder, values, launch.taskExtent),
         builder.getInt64(launch.taskGrain), builder.getInt64(launch.taskBlock),
         extents.getWork(builder, values, launch.work)});
  } else {
    status = builder.CreateCall(type, kernel, {arguments});
  }
  returnIf(builder.CreateICmpNE(status, builder.getInt32(0)),
           UPCONV_RT_INTERNAL);
}

void ModuleBuilder::buildZeroMargins(const ZeroMargins &zero) {
  auto array = [&](llvm::ArrayRef<AffineExpr> expressions,
                   const llvm::Twine &name) -> Value * {
    llvm::SmallVector<int64_t> numbers;
    for (AffineExpr expression : expressions)
      if (std::optional<int64_t> constant = constantValue(expression))
        numbers.push_back(*constant);
    if (numbers.size() == expressions.size())
      return constants(numbers, name);
    llvm::IRBuilderBase::InsertPoint here = builder.saveIP();
    BasicBlock &entry = steps->getEntryBlock();
    builder.SetInsertPoint(&entry, entry.begin());
    Value *local = localArray(i64, expressions.size(), name);
    builder.restoreIP(here);
    for (size_t i = 0; i < expressions.size(); ++i)
      builder.CreateStore(extents.get(builder, values, expressions[i]),
                          element(local, i));
    return local;
  };
  llvm::FunctionCallee helper =
      runtime("upconv_rt_zero_margins", builder.getVoidTy(),
              {pointer, i32, pointer, pointer, pointer, pointer});
  builder.CreateCall(
      helper,
      {address(zero.tensor), builder.getInt32(zero.shape.size()),
       array(zero.shape, "shape"), array(zero.strides, "strides"),
       constants(zero.haloLow, "low"), constants(zero.haloHigh, "high")});
}

void ModuleBuilder::buildTrace(size_t step) {
  if (!plan.tracesSteps)
    return;
  builder.CreateCall(
      runtime("upconv_rt_trace", builder.getVoidTy(), {pointer, i64}),
      {loadPointer(steps->getArg(0), 4), builder.getInt64(step)});
}

void ModuleBuilder::buildSteps() {
  steps = define("_steps", i32, {pointer, pointer, pointer},
                 {"frame", "workspace", "run"}, /*isPublic=*/false);
  size_t mostBuffers = 0, mostScalars = 0, mostArguments = 0;
  for (const Step &step : plan.steps) {
    if (step.kind != Step::Kind::Launch)
      continue;
    size_t used = step.launch.buffers.size() + 1;
    mostBuffers = std::max(mostBuffers, used);
    mostScalars = std::max(mostScalars, step.launch.scalars.size());
    // Two for the task window, or one for the run.
    mostArguments =
        std::max(mostArguments, used + step.launch.scalars.size() + 2);
  }
  buffers =
      localArray(builder.getInt8Ty(), mostBuffers * bufferBytes, "buffers");
  scalars = localArray(i32, mostScalars, "scalars");
  arguments = localArray(pointer, mostArguments, "arguments");
  builder.CreateMemSet(buffers, builder.getInt8(0), mostBuffers * bufferBytes,
                       llvm::Align(8));

  Value *inputs = loadPointer(steps->getArg(0), 0);
  Value *outputs = loadPointer(steps->getArg(0), 1);
  values = loadPointer(steps->getArg(0), 2);
  for (size_t i = 0; i < plan.inputs.size(); ++i)
    inputBases.push_back(loadPointer(inputs, i));
  for (size_t i = 0; i < plan.outputs.size(); ++i)
    outputBases.push_back(loadPointer(outputs, i));
  for (size_t i = 0; i < plan.slots.size(); ++i)
    slotBases.push_back(
        builder.CreateGEP(builder.getInt8Ty(), steps->getArg(1),
                          extents.getSlotOffset(builder, values, i)));
  if (takesWeights(plan) || onDevice())
    weights = loadPointer(steps->getArg(0), 3);
  else if (!plan.weights.values.empty())
    weights = weightsSection();
  if (onDevice()) {
    runPlace = localArray(pointer, 1, "run_place");
    builder.CreateStore(steps->getArg(2), runPlace);
  }
  for (auto [index, step] : llvm::enumerate(plan.steps)) {
    buildTrace(index);
    step.kind == Step::Kind::Launch ? buildLaunch(step.launch)
                                    : buildZeroMargins(step.zero);
  }
  buildTrace(plan.steps.size());
  builder.CreateRet(builder.getInt32(UPCONV_RT_OK));
}
