//===- DeviceRun.cpp - The calling sequence of a library for a GPU --------===//
//
// The same steps as on a CPU, with addresses on the device: what differs is who
// makes the bases of inputs, outputs, workspace and weights
// (upconv/Runtime/Device.h), and that kernels call functions of the library.
//
//===----------------------------------------------------------------------===//

#include "DeviceRun.h"

#include "ModuleBuilder.h"

#include "upconv/Runtime/Device.h"

#include "llvm/ADT/StringSet.h"

using namespace upconv;
using llvm::Function;
using llvm::Value;
using mlir::AffineExpr;

std::vector<DeviceFunction> upconv::deviceFunctions(const LibraryPlan &plan) {
  if (plan.device.empty())
    return {};
  std::string prefix = "halide_" + plan.device + "_";
  return {{prefix + "initialize_kernels", "upconv_rt_initialize_kernels"},
          {prefix + "run", "upconv_rt_run_kernel"},
          {prefix + "finalize_kernels", "upconv_rt_finalize_kernels"},
          {prefix + "device_interface", "upconv_rt_device_interface"},
          {"halide_copy_to_device", "upconv_rt_copy_to_device"}};
}

std::string upconv::deviceSymbol(const LibraryPlan &plan,
                                 const DeviceFunction &function) {
  return plan.name + "_" +
         function.ours.drop_front(llvm::StringRef("upconv_rt_").size()).str();
}

/// Kernels refer to these, not the sequence itself: with a declaration of each
/// the runtime's are linked in.
void ModuleBuilder::declareDeviceFunctions() {
  for (const DeviceFunction &function : deviceFunctions(plan))
    runtime(function.ours, i32, {});
}

/// The driver's table in lib/Runtime, which reads what is defined here.
llvm::Constant *ModuleBuilder::deviceDriver() {
  llvm::StringRef capability = "upconv_rt_cuda_capability";
  if (plan.capability > 0 && !module.getGlobalVariable(capability))
    new llvm::GlobalVariable(module, builder.getInt32Ty(), true,
                             llvm::GlobalValue::ExternalLinkage,
                             builder.getInt32(plan.capability), capability);
  return module.getOrInsertGlobal("upconv_rt_" + plan.device + "_driver",
                                  builder.getInt8Ty());
}

int64_t ModuleBuilder::deviceKernels() const {
  llvm::StringSet<> symbols;
  for (const Step &step : plan.steps)
    if (step.kind == Step::Kind::Launch)
      symbols.insert(step.launch.symbol);
  return symbols.size();
}

/// The sizes of ports in bytes, as an array.
Value *ModuleBuilder::portSizes(llvm::ArrayRef<Port> ports, Value *results,
                                const llvm::Twine &name) {
  Value *array = localArray(i64, ports.size(), name);
  for (auto [i, port] : llvm::enumerate(ports)) {
    Value *bytes = builder.getInt64(sizeof(float));
    for (AffineExpr dimension : port.shape)
      bytes =
          builder.CreateMul(bytes, extents.get(builder, results, dimension));
    builder.CreateStore(bytes, element(array, i));
  }
  return array;
}

/// The weights on the host, and what tells them from others: of those from
/// outside the hash in their stamp.
std::pair<Value *, Value *> ModuleBuilder::hostWeights(Value *frame) {
  if (plan.weights.values.empty())
    return {llvm::ConstantPointerNull::get(builder.getPtrTy()),
            builder.getInt64(0)};
  if (!takesWeights(plan))
    return {weightsSection(), builder.getInt64(1)};
  Value *values = loadPointer(frame, 3);
  int64_t stampBytes = sizeof(upconv_rt_stamp);
  Value *hash = builder.CreateConstInBoundsGEP1_64(
      builder.getInt8Ty(), values,
      int64_t(offsetof(upconv_rt_stamp, content)) - stampBytes);
  return {values, builder.CreateLoad(i64, hash)};
}

/// An upconv_rt_device_run; what the caller leaves out is null.
Value *ModuleBuilder::deviceRun(const DeviceRun &run) {
  Value *none = llvm::ConstantPointerNull::get(builder.getPtrTy());
  auto orNull = [&](Value *value) { return value ? value : none; };
  Value *fields[] = {
      orNull(run.inputs),
      orNull(run.outputs),
      orNull(run.inputSizes),
      orNull(run.outputSizes),
      orNull(run.weights),
      builder.getInt64(plan.weights.values.size() * sizeof(float)),
      run.weightsKey ? run.weightsKey : builder.getInt64(0),
      run.workspaceSize,
      builder.getInt64(plan.inputs.size()),
      builder.getInt64(plan.outputs.size()),
      orNull(run.deviceInputs),
      orNull(run.deviceOutputs),
      run.frame,
      steps,
      builder.getInt64(deviceKernels()),
      deviceDriver()};
  static_assert(sizeof fields == sizeof(upconv_rt_device_run),
                "every field of the structure is here, in its order");
  Value *job = localArray(i64, std::size(fields), "run");
  for (auto [i, field] : llvm::enumerate(fields))
    builder.CreateStore(field, element(job, i));
  return job;
}

/// A frame of steps, but for the weights.
Value *ModuleBuilder::deviceFrame(Value *inputs, Value *outputs,
                                  Value *results) {
  Value *frame = localArray(pointer, 4, "frame");
  builder.CreateStore(inputs, element(frame, 0));
  builder.CreateStore(outputs, element(frame, 1));
  builder.CreateStore(
      results ? results : llvm::ConstantPointerNull::get(builder.getPtrTy()),
      element(frame, 2));
  return frame;
}

/// The end of the core.
void ModuleBuilder::executeOnDevice(Value *frame, Value *results) {
  DeviceRun run;
  run.frame = frame;
  run.inputs = core->getArg(0);
  run.outputs = core->getArg(2);
  run.inputSizes = portSizes(plan.inputs, results, "input_sizes");
  run.outputSizes = portSizes(plan.outputs, results, "output_sizes");
  std::tie(run.weights, run.weightsKey) = hostWeights(frame);
  run.workspaceSize = extents.getWorkspaceSize(builder, results);
  run.deviceInputs = localArray(pointer, plan.inputs.size(), "device_inputs");
  run.deviceOutputs =
      localArray(pointer, plan.outputs.size(), "device_outputs");
  builder.CreateStore(run.deviceInputs, element(frame, 0));
  builder.CreateStore(run.deviceOutputs, element(frame, 1));
  builder.CreateRet(builder.CreateCall(
      runtime("upconv_rt_device_execute", i32, {pointer, pointer}),
      {core->getArg(3), deviceRun(run)}));
}

void ModuleBuilder::buildRelease() {
  define("_release", builder.getVoidTy(), {}, {}, /*isPublic=*/true);
  builder.CreateCall(
      runtime("upconv_rt_device_release", builder.getVoidTy(), {}), {});
  builder.CreateRetVoid();
}

//===----------------------------------------------------------------------===//
// Handles on pointers of the device
//===----------------------------------------------------------------------===//

/// Of a run that only builds: somewhere to put addresses.
DeviceRun ModuleBuilder::buildingRun(Value *results, Value *workspaceSize) {
  DeviceRun run;
  run.workspaceSize = workspaceSize;
  run.deviceInputs = localArray(pointer, plan.inputs.size(), "device_inputs");
  run.deviceOutputs =
      localArray(pointer, plan.outputs.size(), "device_outputs");
  run.frame = deviceFrame(run.deviceInputs, run.deviceOutputs, results);
  return run;
}

/// With the packed weights and their size where the library has none.
void ModuleBuilder::buildHandleOpen() {
  std::vector<llvm::Type *> parameters = {pointer, i32};
  if (takesWeights(plan))
    parameters.insert(parameters.end(), {pointer, i64});
  Function *open = define("_cuda_open", i32, parameters,
                          llvm::ArrayRef<const char *>(
                              {"handle", "device", "weights", "weights_size"})
                              .take_front(parameters.size()),
                          /*isPublic=*/true);
  returnIf(isNull(open->getArg(0)), UPCONV_RT_INVALID_ARGUMENT);
  builder.CreateStore(llvm::ConstantPointerNull::get(builder.getPtrTy()),
                      open->getArg(0));
  checkProcessor();
  bool isStatic = !extents.function();
  DeviceRun run =
      buildingRun(nullptr, isStatic ? extents.getWorkspaceSize(builder, nullptr)
                                    : builder.getInt64(-1));
  if (takesWeights(plan)) {
    Value *status =
        builder.CreateCall(checkWeights, {open->getArg(2), open->getArg(3)});
    returnIf(builder.CreateICmpNE(status, builder.getInt32(0)), status);
    builder.CreateStore(
        builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), open->getArg(2),
                                           sizeof(upconv_rt_stamp)),
        element(run.frame, 3));
  }
  std::tie(run.weights, run.weightsKey) = hostWeights(run.frame);
  builder.CreateRet(builder.CreateCall(
      runtime("upconv_rt_handle_open", i32, {pointer, i32, pointer}),
      {open->getArg(0), open->getArg(1), deviceRun(run)}));
}

void ModuleBuilder::buildHandleReserve() {
  Function *reserve = define("_cuda_reserve", i32, {pointer, pointer},
                             {"handle", "inputs"}, /*isPublic=*/true);
  returnIf(isNull(reserve->getArg(1)), UPCONV_RT_INVALID_ARGUMENT);
  Value *results = evaluateExtents(gatherExtents(reserve->getArg(1)));
  DeviceRun run =
      buildingRun(results, extents.getWorkspaceSize(builder, results));
  builder.CreateRet(builder.CreateCall(
      runtime("upconv_rt_handle_reserve", i32, {pointer, pointer}),
      {reserve->getArg(0), deviceRun(run)}));
}

void ModuleBuilder::buildHandleRun() {
  Function *function =
      define("_cuda_run", i32, {pointer, pointer, pointer, pointer},
             {"handle", "inputs", "outputs", "stream"}, /*isPublic=*/true);
  Value *inputs = function->getArg(1), *outputs = function->getArg(2);
  returnIf(isNull(inputs), UPCONV_RT_INVALID_ARGUMENT);
  returnIf(isNull(outputs), UPCONV_RT_INVALID_ARGUMENT);
  Value *pointers = gatherInputs(inputs);
  checkPorts(pointers, plan.inputs.size(), UPCONV_RT_DEVICE_PORT_ALIGNMENT);
  checkPorts(outputs, plan.outputs.size(), UPCONV_RT_DEVICE_PORT_ALIGNMENT);
  Value *results = evaluateExtents(gatherExtents(inputs));
  DeviceRun run;
  run.workspaceSize = extents.getWorkspaceSize(builder, results);
  run.frame = deviceFrame(pointers, outputs, results);
  builder.CreateRet(builder.CreateCall(
      runtime("upconv_rt_handle_run", i32, {pointer, pointer, pointer}),
      {function->getArg(0), function->getArg(3), deviceRun(run)}));
}

void ModuleBuilder::buildHandle() {
  buildHandleOpen();
  if (extents.function())
    buildHandleReserve();
  buildHandleRun();
  Function *close =
      define("_cuda_close", i32, {pointer}, {"handle"}, /*isPublic=*/true);
  builder.CreateRet(builder.CreateCall(
      runtime("upconv_rt_handle_close", i32, {pointer}), {close->getArg(0)}));
}
