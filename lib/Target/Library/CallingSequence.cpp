//===- CallingSequence.cpp - A LibraryPlan as an LLVM module --------------===//
//
// run gathers the caller's structures into arrays and calls the core, which
// checks, evaluates the extents and hands `steps` to the runtime; steps is the
// plan's list, one call after another. docs/RationaleCallingSequence.md says
// why this is built straight with IRBuilder.
//
//===----------------------------------------------------------------------===//

#include "CallingSequence.h"

#include "ModuleBuilder.h"

#include "upconv/Runtime/Runtime.h"

using namespace upconv;
using llvm::BasicBlock;
using llvm::Function;
using llvm::Value;

//===----------------------------------------------------------------------===//
// Small things
//===----------------------------------------------------------------------===//

Function *ModuleBuilder::define(llvm::StringRef name, llvm::Type *result,
                                llvm::ArrayRef<llvm::Type *> parameters,
                                llvm::ArrayRef<const char *> names,
                                bool isPublic) {
  auto *type = llvm::FunctionType::get(result, parameters, false);
  Function *function = Function::Create(
      type, isPublic ? Function::ExternalLinkage : Function::InternalLinkage,
      plan.name + name, module);
  for (size_t i = 0; i < names.size(); ++i)
    function->getArg(i)->setName(names[i]);
  builder.SetInsertPoint(BasicBlock::Create(context, "entry", function));
  return function;
}

llvm::FunctionCallee
ModuleBuilder::runtime(llvm::StringRef name, llvm::Type *result,
                       llvm::ArrayRef<llvm::Type *> parameters) {
  return module.getOrInsertFunction(
      name, llvm::FunctionType::get(result, parameters, false));
}

Value *ModuleBuilder::localArray(llvm::Type *type, uint64_t count,
                                 const llvm::Twine &name, unsigned alignment) {
  // In the entry block, where it is part of the frame.
  llvm::IRBuilderBase::InsertPointGuard guard(builder);
  BasicBlock &entry = builder.GetInsertBlock()->getParent()->getEntryBlock();
  builder.SetInsertPoint(&entry, entry.getFirstInsertionPt());
  auto *array = builder.CreateAlloca(
      llvm::ArrayType::get(type, std::max<uint64_t>(count, 1)), nullptr, name);
  array->setAlignment(llvm::Align(alignment));
  return array;
}

Value *ModuleBuilder::constants(llvm::ArrayRef<int64_t> numbers,
                                const llvm::Twine &name) {
  auto *data = llvm::ConstantDataArray::get(context, numbers);
  auto *global =
      new llvm::GlobalVariable(module, data->getType(), true,
                               llvm::GlobalValue::PrivateLinkage, data, name);
  global->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  return global;
}

void ModuleBuilder::returnIf(Value *condition, Value *result) {
  Function *function = builder.GetInsertBlock()->getParent();
  auto *failure = BasicBlock::Create(context, "return", function);
  auto *next = BasicBlock::Create(context, "next", function);
  builder.CreateCondBr(condition, failure, next);
  builder.SetInsertPoint(failure);
  builder.CreateRet(result);
  builder.SetInsertPoint(next);
}

Value *ModuleBuilder::evaluateExtents(Value *given, Value *failure) {
  if (!extents.function())
    return nullptr;
  Value *array = localArray(i64, extents.valueCount(), "values");
  Value *code = builder.CreateCall(extents.function(), {given, array}, "code");
  Value *status = builder.CreateAnd(code, builder.getInt32(0xff), "status");
  returnIf(builder.CreateICmpNE(status, builder.getInt32(0)),
           failure ? failure : status);
  return array;
}

Value *ModuleBuilder::gatherExtents(Value *inputs) {
  Value *array = localArray(i64, plan.extents.size(), "extents");
  std::vector<InputField> fields = inputFields(plan);
  for (size_t i = 0; i < fields.size(); ++i)
    if (fields[i].isExtent)
      builder.CreateStore(builder.CreateLoad(i64, element(inputs, i)),
                          element(array, fields[i].index));
  return array;
}

Value *ModuleBuilder::gatherInputs(Value *inputs) {
  Value *array = localArray(pointer, plan.inputs.size(), "pointers");
  std::vector<InputField> fields = inputFields(plan);
  for (size_t i = 0; i < fields.size(); ++i)
    if (!fields[i].isExtent)
      builder.CreateStore(loadPointer(inputs, i),
                          element(array, fields[i].index));
  return array;
}

//===----------------------------------------------------------------------===//
// run
//===----------------------------------------------------------------------===//

void ModuleBuilder::checkProcessor() {
  if (!requiredFeatures)
    return;
  Value *supported =
      builder.CreateCall(runtime("upconv_rt_cpu_supports", i32, {i32}),
                         {builder.getInt32(requiredFeatures)});
  returnIf(builder.CreateICmpEQ(supported, builder.getInt32(0)),
           UPCONV_RT_UNSUPPORTED_CPU);
}

void ModuleBuilder::checkPorts(Value *array, size_t count, int64_t alignment) {
  for (size_t i = 0; i < count; ++i) {
    Value *port = loadPointer(array, i);
    Value *misaligned = builder.CreateAnd(builder.CreatePtrToInt(port, i64),
                                          builder.getInt64(alignment - 1));
    returnIf(
        builder.CreateOr(isNull(port),
                         builder.CreateICmpNE(misaligned, builder.getInt64(0))),
        UPCONV_RT_INVALID_ARGUMENT);
  }
}

void ModuleBuilder::buildCore() {
  core = define("_core", i32, {pointer, pointer, pointer, pointer},
                {"inputs", "extents", "outputs", "options"}, false);
  Value *inputs = core->getArg(0), *given = core->getArg(1),
        *outputs = core->getArg(2), *options = core->getArg(3);
  checkProcessor();
  returnIf(isNull(inputs), UPCONV_RT_INVALID_ARGUMENT);
  returnIf(isNull(outputs), UPCONV_RT_INVALID_ARGUMENT);
  if (extents.function())
    returnIf(isNull(given), UPCONV_RT_INVALID_ARGUMENT);
  checkPorts(inputs, plan.inputs.size());
  checkPorts(outputs, plan.outputs.size());

  // What steps finds in it: inputs, outputs, values, weights from outside or on
  // the device, and the options if it traces.
  Value *frame = localArray(pointer, plan.tracesSteps ? 5 : 4, "frame");
  if (plan.tracesSteps)
    builder.CreateStore(options, element(frame, 4));
  if (takesWeights(plan)) {
    Value *status = builder.CreateCall(
        runtime("upconv_rt_find_weights", i32, {pointer, pointer, pointer}),
        {options, stamp(), element(frame, 3)});
    returnIf(builder.CreateICmpNE(status, builder.getInt32(0)), status);
  }
  Value *results = evaluateExtents(given);
  builder.CreateStore(inputs, element(frame, 0));
  builder.CreateStore(outputs, element(frame, 1));
  builder.CreateStore(
      results ? results : llvm::ConstantPointerNull::get(builder.getPtrTy()),
      element(frame, 2));
  if (onDevice())
    return executeOnDevice(frame, results);
  Value *status = builder.CreateCall(
      runtime("upconv_rt_execute", i32,
              {pointer, i64, i64, i64, pointer, pointer}),
      {options, extents.getWorkspaceSize(builder, results),
       extents.getTotalWork(builder, results),
       builder.getInt64(plan.threadMacs), steps, frame});
  builder.CreateRet(status);
}

void ModuleBuilder::buildRun() {
  Function *run = define("_run", i32, {pointer, pointer, pointer},
                         {"inputs", "outputs", "options"}, /*isPublic=*/true);
  Value *inputs = run->getArg(0);
  returnIf(isNull(inputs), UPCONV_RT_INVALID_ARGUMENT);
  Value *pointers = gatherInputs(inputs);
  Value *given = gatherExtents(inputs);
  // <name>_outputs is an array of pointers already.
  builder.CreateRet(builder.CreateCall(
      core, {pointers, given, run->getArg(1), run->getArg(2)}));
}

/// The expected upconv_rt_stamp.
llvm::Constant *ModuleBuilder::stamp() {
  if (!stampData) {
    upconv_rt_stamp expected = expectedStamp(plan);
    auto *data = llvm::ConstantDataArray::get(
        context, llvm::ArrayRef(reinterpret_cast<const uint64_t *>(&expected),
                                sizeof expected / sizeof(uint64_t)));
    stampData = new llvm::GlobalVariable(module, data->getType(), true,
                                         llvm::GlobalValue::PrivateLinkage,
                                         data, "stamp");
  }
  return stampData;
}

/// Of the processor for generic hosts; for users, of their weights too.
void ModuleBuilder::buildPrepare() {
  prepare = define(takesWeights(plan) ? "_prepare_processor" : "_prepare", i32,
                   {}, {}, /*isPublic=*/!takesWeights(plan));
  if (onDevice())
    builder.CreateRet(builder.CreateCall(
        runtime("upconv_rt_device_prepare", i32, {pointer, i64}),
        {deviceDriver(), builder.getInt64(deviceKernels())}));
  else
    builder.CreateRet(
        builder.CreateCall(runtime("upconv_rt_prepare", i32, {i32}),
                           {builder.getInt32(requiredFeatures)}));
}

void ModuleBuilder::buildCheckWeights() {
  checkWeights = define("_check_weights", i32, {pointer, i64},
                        {"packed", "size"}, /*isPublic=*/false);
  builder.CreateRet(builder.CreateCall(
      runtime("upconv_rt_check_weights", i32, {pointer, i64, pointer}),
      {checkWeights->getArg(0), checkWeights->getArg(1), stamp()}));

  Function *both = define("_prepare", i32, {pointer, i64},
                          {"weights", "weights_size"}, /*isPublic=*/true);
  Value *status = builder.CreateCall(prepare, {});
  returnIf(builder.CreateICmpNE(status, builder.getInt32(0)), status);
  returnIf(isNull(both->getArg(0)), UPCONV_RT_OK);
  builder.CreateRet(
      builder.CreateCall(checkWeights, {both->getArg(0), both->getArg(1)}));
}

/// <name>_weights is an array of pointers.
void ModuleBuilder::buildPack() {
  pack = define("_pack", i32, {pointer, pointer}, {"weights", "packed"},
                /*isPublic=*/true);
  builder.CreateRet(builder.CreateCall(
      runtime("upconv_rt_pack", i32, {pointer, pointer, pointer, pointer}),
      {constants(plan.packWords, "pack"), stamp(), pack->getArg(0),
       pack->getArg(1)}));
}

void ModuleBuilder::buildStatusString() {
  statusString = define("_status_string", pointer, {i32}, {"status"}, true);
  Value *status = statusString->getArg(0);
  if (onDevice())
    builder.CreateRet(builder.CreateCall(
        runtime("upconv_rt_device_status_string", pointer, {pointer, i32}),
        {deviceDriver(), status}));
  else
    builder.CreateRet(builder.CreateCall(
        runtime("upconv_rt_status_string", pointer, {i32}), {status}));
}

void ModuleBuilder::run() {
  buildSteps();
  buildCore();
  buildPrepare();
  if (takesWeights(plan))
    buildCheckWeights();
  if (takesWeights(plan) && plan.weightsMode == WeightsMode::Argument)
    buildPack();
  buildRun();
  buildStatusString();
  buildSizes();
  buildExtentsError();
  if (extents.function()) {
    buildWorkspaceSize();
    buildOutputShape();
  }
  if (onDevice()) {
    declareDeviceFunctions();
    buildRelease();
  }
  if (hasHandle(plan))
    buildHandle();
  buildDescribe();
}

llvm::Expected<std::unique_ptr<llvm::Module>>
upconv::buildCallingSequence(const LibraryPlan &plan,
                             llvm::LLVMContext &context) {
  if (llvm::Error error = validatePlan(plan))
    return std::move(error);
  if (!plan.parts.empty())
    return buildDispatch(plan, context);
  llvm::Expected<uint32_t> features = requiredFeatureBits(plan);
  if (!features)
    return features.takeError();
  auto module = std::make_unique<llvm::Module>(plan.name, context);
  module->setSourceFileName(plan.name);
  module->setTargetTriple(llvm::Triple(plan.triple));
  ModuleBuilder(plan, *module, *features).run();
  return module;
}
