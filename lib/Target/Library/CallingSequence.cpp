//===- CallingSequence.cpp - A LibraryPlan as an LLVM module --------------===//
//
// run gathers the caller's structures into arrays and calls the core, which
// checks, evaluates the extents and hands `steps` to the runtime; steps is the
// plan's list, one call after another. docs/RationaleCallingSequence.md says
// why this is built straight with IRBuilder.
//
//===----------------------------------------------------------------------===//

#include "CallingSequence.h"

#include "ExtentFunction.h"

#include "upconv/Runtime/Runtime.h"

#include "llvm/IR/IRBuilder.h"

using namespace upconv;
using llvm::BasicBlock;
using llvm::Function;
using llvm::Value;
using mlir::AffineExpr;

namespace {

/// halide_buffer_t: 56 bytes, of which kernels read the pointer at byte 16.
constexpr unsigned bufferBytes = 56, hostOffset = 16;

class ModuleBuilder {
public:
  ModuleBuilder(const LibraryPlan &plan, llvm::Module &module,
                uint32_t requiredFeatures)
      : plan(plan), module(module), context(module.getContext()),
        builder(context), requiredFeatures(requiredFeatures),
        pointer(builder.getPtrTy()), i32(builder.getInt32Ty()),
        i64(builder.getInt64Ty()), extents(plan, module) {}

  void run();

private:
  Function *define(llvm::StringRef name, llvm::Type *result,
                   llvm::ArrayRef<llvm::Type *> parameters,
                   llvm::ArrayRef<const char *> names, bool isPublic);
  llvm::FunctionCallee runtime(llvm::StringRef name, llvm::Type *result,
                               llvm::ArrayRef<llvm::Type *> parameters);
  Value *element(Value *array, uint64_t index) {
    return builder.CreateConstInBoundsGEP1_64(i64, array, index);
  }
  Value *loadPointer(Value *array, uint64_t index) {
    return builder.CreateLoad(pointer, element(array, index));
  }
  Value *localArray(llvm::Type *type, uint64_t count, const llvm::Twine &name,
                    unsigned alignment = 8);
  Value *constants(llvm::ArrayRef<int64_t> values, const llvm::Twine &name);
  void returnIf(Value *condition, Value *result);
  void returnIf(Value *condition, int status) {
    returnIf(condition, builder.getInt32(status));
  }
  Value *isNull(Value *address) { return builder.CreateIsNull(address); }
  /// Calls the extent function; returns the array of values (null if static).
  Value *evaluateExtents(Value *given, Value *failure = nullptr);
  /// The extents of `<name>_inputs`, in the plan's order.
  Value *gatherExtents(Value *inputs);

  void buildSteps();
  Value *address(const Place &place);
  void buildLaunch(const KernelLaunch &launch);
  void buildZeroMargins(const ZeroMargins &zero);
  void buildCore();
  void buildRun();
  void buildPrepare();
  void buildCheckWeights();
  void buildPack();
  llvm::Constant *stamp();
  void buildStatusString();
  void buildSizes();
  void buildExtentsError();
  void buildWorkspaceSize();
  void buildOutputShape();
  void buildDescribe();

  const LibraryPlan &plan;
  llvm::Module &module;
  llvm::LLVMContext &context;
  llvm::IRBuilder<> builder;
  uint32_t requiredFeatures;
  llvm::Type *pointer, *i32, *i64;
  ExtentFunction extents;

  Function *steps = nullptr, *core = nullptr, *prepare = nullptr,
           *statusString = nullptr, *sizes = nullptr, *extentsError = nullptr,
           *checkWeights = nullptr, *pack = nullptr;
  llvm::GlobalVariable *stampData = nullptr;
  // Within steps: the bases of places and the arrays that launches share.
  std::vector<Value *> inputBases, outputBases, slotBases;
  Value *weights = nullptr, *values = nullptr, *buffers = nullptr,
        *scalars = nullptr, *arguments = nullptr;
};

} // namespace

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

//===----------------------------------------------------------------------===//
// The steps
//===----------------------------------------------------------------------===//

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

void ModuleBuilder::buildLaunch(const KernelLaunch &launch) {
  unsigned next = 0, buffer = 0;
  auto pass = [&](Value *argument) {
    builder.CreateStore(argument, element(arguments, next++));
  };
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
                {pointer, pointer, pointer, i32, i32, i64, i64, i64});
    status = builder.CreateCall(
        helper, {steps->getArg(2), kernel, arguments, builder.getInt32(next),
                 builder.getInt32(window),
                 extents.get(builder, values, launch.taskExtent),
                 builder.getInt64(launch.taskGrain),
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
  if (takesWeights(plan)) {
    weights = loadPointer(steps->getArg(0), 3);
  } else if (!plan.weights.values.empty()) {
    auto *section = new llvm::GlobalVariable(
        module,
        llvm::ArrayType::get(builder.getFloatTy(), plan.weights.values.size()),
        true, llvm::GlobalValue::ExternalLinkage, nullptr, weightsSymbol(plan));
    section->setVisibility(llvm::GlobalValue::HiddenVisibility);
    section->setDSOLocal(true);
    section->setAlignment(llvm::Align(64));
    weights = section;
  }
  for (const Step &step : plan.steps)
    step.kind == Step::Kind::Launch ? buildLaunch(step.launch)
                                    : buildZeroMargins(step.zero);
  builder.CreateRet(builder.getInt32(UPCONV_RT_OK));
}

//===----------------------------------------------------------------------===//
// run
//===----------------------------------------------------------------------===//

void ModuleBuilder::buildCore() {
  core = define("_core", i32, {pointer, pointer, pointer, pointer},
                {"inputs", "extents", "outputs", "options"}, false);
  Value *inputs = core->getArg(0), *given = core->getArg(1),
        *outputs = core->getArg(2), *options = core->getArg(3);
  if (requiredFeatures) {
    Value *supported =
        builder.CreateCall(runtime("upconv_rt_cpu_supports", i32, {i32}),
                           {builder.getInt32(requiredFeatures)});
    returnIf(builder.CreateICmpEQ(supported, builder.getInt32(0)),
             UPCONV_RT_UNSUPPORTED_CPU);
  }
  returnIf(isNull(inputs), UPCONV_RT_INVALID_ARGUMENT);
  returnIf(isNull(outputs), UPCONV_RT_INVALID_ARGUMENT);
  if (extents.function())
    returnIf(isNull(given), UPCONV_RT_INVALID_ARGUMENT);
  auto checkPorts = [&](Value *array, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      Value *port = loadPointer(array, i);
      Value *misaligned = builder.CreateAnd(builder.CreatePtrToInt(port, i64),
                                            builder.getInt64(3));
      returnIf(builder.CreateOr(
                   isNull(port),
                   builder.CreateICmpNE(misaligned, builder.getInt64(0))),
               UPCONV_RT_INVALID_ARGUMENT);
    }
  };
  checkPorts(inputs, plan.inputs.size());
  checkPorts(outputs, plan.outputs.size());

  // What steps finds in it: inputs, outputs, values, and weights from outside.
  Value *frame = localArray(pointer, 4, "frame");
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
  Value *status = builder.CreateCall(
      runtime("upconv_rt_execute", i32, {pointer, i64, i64, pointer, pointer}),
      {options, extents.getWorkspaceSize(builder, results),
       extents.getTotalWork(builder, results), steps, frame});
  builder.CreateRet(status);
}

void ModuleBuilder::buildRun() {
  Function *run = define("_run", i32, {pointer, pointer, pointer},
                         {"inputs", "outputs", "options"}, /*isPublic=*/true);
  Value *inputs = run->getArg(0);
  returnIf(isNull(inputs), UPCONV_RT_INVALID_ARGUMENT);
  Value *pointers = localArray(pointer, plan.inputs.size(), "pointers");
  std::vector<InputField> fields = inputFields(plan);
  for (size_t i = 0; i < fields.size(); ++i)
    if (!fields[i].isExtent)
      builder.CreateStore(loadPointer(inputs, i),
                          element(pointers, fields[i].index));
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
  builder.CreateRet(builder.CreateCall(runtime("upconv_rt_prepare", i32, {i32}),
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
  builder.CreateRet(
      builder.CreateCall(runtime("upconv_rt_status_string", pointer, {i32}),
                         {statusString->getArg(0)}));
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

/// For generic hosts: both results are optional.
void ModuleBuilder::buildSizes() {
  sizes =
      define("_sizes", i32, {pointer, i32, pointer, pointer},
             {"extents", "threads", "workspace_size", "output_shapes"}, false);
  if (extents.function())
    returnIf(isNull(sizes->getArg(0)), UPCONV_RT_INVALID_ARGUMENT);
  Value *results = evaluateExtents(sizes->getArg(0));
  auto storeIfWanted = [&](Value *target, llvm::function_ref<void()> store) {
    auto *wanted = BasicBlock::Create(context, "wanted", sizes);
    auto *next = BasicBlock::Create(context, "next", sizes);
    builder.CreateCondBr(isNull(target), next, wanted);
    builder.SetInsertPoint(wanted);
    store();
    builder.CreateBr(next);
    builder.SetInsertPoint(next);
  };
  storeIfWanted(sizes->getArg(2), [&] {
    builder.CreateStore(extents.getWorkspaceSize(builder, results),
                        sizes->getArg(2));
  });
  storeIfWanted(sizes->getArg(3), [&] {
    unsigned at = 0;
    for (const Port &port : plan.outputs)
      for (AffineExpr dimension : port.shape)
        builder.CreateStore(extents.get(builder, results, dimension),
                            element(sizes->getArg(3), at++));
  });
  builder.CreateRet(builder.getInt32(UPCONV_RT_OK));
}

void ModuleBuilder::buildExtentsError() {
  extentsError =
      define("_extents_error", pointer, {pointer}, {"extents"}, false);
  auto *none = llvm::ConstantPointerNull::get(builder.getPtrTy());
  if (!extents.function()) {
    builder.CreateRet(none);
    return;
  }
  Value *array = localArray(i64, extents.valueCount(), "values");
  Value *code =
      builder.CreateCall(extents.function(), {extentsError->getArg(0), array});
  auto *good = BasicBlock::Create(context, "good", extentsError);
  auto *choice = llvm::SwitchInst::Create(builder.CreateLShr(code, 8), good,
                                          extents.messages().size(),
                                          builder.GetInsertBlock());
  builder.SetInsertPoint(good);
  builder.CreateRet(none);
  for (size_t i = 0; i < extents.messages().size(); ++i) {
    auto *block = BasicBlock::Create(context, "rule", extentsError);
    choice->addCase(builder.getInt32(i + 1), block);
    builder.SetInsertPoint(block);
    builder.CreateRet(builder.CreateGlobalString(extents.messages()[i]));
  }
}

void ModuleBuilder::buildWorkspaceSize() {
  Function *function = define("_workspace_size", i64, {pointer, i32},
                              {"inputs", "threads"}, true);
  returnIf(isNull(function->getArg(0)), builder.getInt64(-1));
  Value *given = gatherExtents(function->getArg(0));
  Value *results = evaluateExtents(given, builder.getInt64(-1));
  builder.CreateRet(extents.getWorkspaceSize(builder, results));
}

void ModuleBuilder::buildOutputShape() {
  Function *function = define("_output_shape", i32, {pointer, pointer},
                              {"inputs", "shapes"}, true);
  returnIf(isNull(function->getArg(0)), UPCONV_RT_INVALID_ARGUMENT);
  returnIf(isNull(function->getArg(1)), UPCONV_RT_INVALID_ARGUMENT);
  Value *given = gatherExtents(function->getArg(0));
  Value *results = evaluateExtents(given);
  unsigned at = 0;
  auto put = [&](Value *value) {
    builder.CreateStore(value, element(function->getArg(1), at++));
  };
  for (size_t i = 0; i < plan.outputs.size(); ++i) {
    for (AffineExpr dimension : plan.outputs[i].shape)
      put(extents.get(builder, results, dimension));
    put(extents.getOutputCount(builder, results, i));
  }
  builder.CreateRet(builder.getInt32(UPCONV_RT_OK));
}

/// The structure is upconv_rt_info.
void ModuleBuilder::buildDescribe() {
  define("_describe", pointer, {}, {}, true);
  auto string = [&](llvm::StringRef text) -> llvm::Constant * {
    return builder.CreateGlobalString(text, "", 0, &module);
  };
  auto orNull = [&](Function *function) -> llvm::Constant * {
    if (function)
      return function;
    return llvm::ConstantPointerNull::get(builder.getPtrTy());
  };
  std::vector<llvm::Constant *> fields = {
      builder.getInt64(sizeof(upconv_rt_info)),
      string(UPCONV_VERSION),
      string(plan.modelName),
      string(emitDescription(plan)),
      prepare,
      core,
      sizes,
      extentsError,
      statusString,
      builder.getInt64(takesWeights(plan) ? packedSize(plan) : 0),
      orNull(checkWeights),
      orNull(pack)};
  llvm::Constant *data = llvm::ConstantStruct::getAnon(context, fields);
  auto *global = new llvm::GlobalVariable(module, data->getType(), true,
                                          llvm::GlobalValue::InternalLinkage,
                                          data, plan.name + "_info_data");
  builder.CreateRet(global);
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
  buildDescribe();
}

llvm::Expected<std::unique_ptr<llvm::Module>>
upconv::buildCallingSequence(const LibraryPlan &plan,
                             llvm::LLVMContext &context) {
  if (llvm::Error error = validatePlan(plan))
    return std::move(error);
  llvm::Expected<uint32_t> features = requiredFeatureBits(plan);
  if (!features)
    return features.takeError();
  auto module = std::make_unique<llvm::Module>(plan.name, context);
  module->setSourceFileName(plan.name);
  module->setTargetTriple(llvm::Triple(plan.triple));
  ModuleBuilder(plan, *module, *features).run();
  return module;
}
