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

/// Programs that the driver has built, one per kernel: all zero at first.
llvm::GlobalVariable *ModuleBuilder::devicePrograms() {
  if (programs)
    return programs;
  auto *type = llvm::ArrayType::get(pointer, 2 * deviceKernels());
  programs = new llvm::GlobalVariable(
      module, type, false, llvm::GlobalValue::InternalLinkage,
      llvm::ConstantAggregateZero::get(type), plan.name + "_programs");
  return programs;
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

/// The end of the core: fills in an upconv_rt_device_run.
void ModuleBuilder::executeOnDevice(Value *frame, Value *results) {
  Value *inputs = core->getArg(0), *outputs = core->getArg(2),
        *options = core->getArg(3);
  Value *deviceInputs =
      localArray(pointer, plan.inputs.size(), "device_inputs");
  Value *deviceOutputs =
      localArray(pointer, plan.outputs.size(), "device_outputs");
  builder.CreateStore(deviceInputs, element(frame, 0));
  builder.CreateStore(deviceOutputs, element(frame, 1));
  auto [weightValues, weightsKey] = hostWeights(frame);
  Value *fields[] = {
      inputs,
      outputs,
      portSizes(plan.inputs, results, "input_sizes"),
      portSizes(plan.outputs, results, "output_sizes"),
      builder.getInt64(plan.inputs.size()),
      builder.getInt64(plan.outputs.size()),
      extents.getWorkspaceSize(builder, results),
      weightValues,
      builder.getInt64(plan.weights.values.size() * sizeof(float)),
      weightsKey,
      deviceInputs,
      deviceOutputs,
      frame,
      steps,
      devicePrograms(),
      builder.getInt64(deviceKernels()),
      deviceDriver()};
  static_assert(sizeof fields == sizeof(upconv_rt_device_run),
                "every field of the structure is here, in its order");
  Value *job = localArray(i64, std::size(fields), "run");
  for (auto [i, field] : llvm::enumerate(fields))
    builder.CreateStore(field, element(job, i));
  builder.CreateRet(builder.CreateCall(
      runtime("upconv_rt_device_execute", i32, {pointer, pointer}),
      {options, job}));
}

void ModuleBuilder::buildRelease() {
  define("_release", builder.getVoidTy(), {}, {}, /*isPublic=*/true);
  builder.CreateCall(
      runtime("upconv_rt_device_release", builder.getVoidTy(),
              {pointer, pointer, i64}),
      {deviceDriver(), devicePrograms(), builder.getInt64(deviceKernels())});
  builder.CreateRetVoid();
}
