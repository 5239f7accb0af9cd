//===- ModuleBuilder.h - The functions of a library, one by one -----------===//
//
// What is built where: CallingSequence.cpp (run, prepare, weights from
// outside), DeviceRun.cpp (what is different for a GPU), Steps.cpp (the plan's
// steps), SizeFunctions.cpp (what can be asked).
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_LIBRARY_MODULEBUILDER_H
#define UPCONV_LIB_TARGET_LIBRARY_MODULEBUILDER_H

#include "ExtentFunction.h"
#include "PlanQueries.h"

#include "llvm/IR/IRBuilder.h"

#include <vector>

namespace upconv {

/// What an upconv_rt_device_run says beside what the plan does; null: nothing.
struct DeviceRun {
  llvm::Value *inputs = nullptr, *outputs = nullptr, *inputSizes = nullptr,
              *outputSizes = nullptr, *weights = nullptr, *weightsKey = nullptr,
              *workspaceSize = nullptr, *deviceInputs = nullptr,
              *deviceOutputs = nullptr, *frame = nullptr;
};

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
  llvm::Function *define(llvm::StringRef name, llvm::Type *result,
                         llvm::ArrayRef<llvm::Type *> parameters,
                         llvm::ArrayRef<const char *> names, bool isPublic);
  llvm::FunctionCallee runtime(llvm::StringRef name, llvm::Type *result,
                               llvm::ArrayRef<llvm::Type *> parameters);
  llvm::Value *element(llvm::Value *array, uint64_t index) {
    return builder.CreateConstInBoundsGEP1_64(i64, array, index);
  }
  llvm::Value *loadPointer(llvm::Value *array, uint64_t index) {
    return builder.CreateLoad(pointer, element(array, index));
  }
  llvm::Value *localArray(llvm::Type *type, uint64_t count,
                          const llvm::Twine &name, unsigned alignment = 8);
  llvm::Value *constants(llvm::ArrayRef<int64_t> values,
                         const llvm::Twine &name);
  void returnIf(llvm::Value *condition, llvm::Value *result);
  void returnIf(llvm::Value *condition, int status) {
    returnIf(condition, builder.getInt32(status));
  }
  llvm::Value *isNull(llvm::Value *address) {
    return builder.CreateIsNull(address);
  }
  /// Calls the extent function; returns the array of values (null if static).
  llvm::Value *evaluateExtents(llvm::Value *given,
                               llvm::Value *failure = nullptr);
  /// The extents of `<name>_inputs`, in the plan's order, and its pointers.
  llvm::Value *gatherExtents(llvm::Value *inputs);
  llvm::Value *gatherInputs(llvm::Value *inputs);
  /// Returns a status if one of the pointers is null or misaligned, or if the
  /// processor lacks something.
  void checkPorts(llvm::Value *array, size_t count,
                  int64_t alignment = sizeof(float));
  void checkProcessor();

  void buildSteps();
  llvm::Value *address(const Place &place);
  llvm::GlobalVariable *weightsSection();
  void buildLaunch(const KernelLaunch &launch);
  void buildZeroMargins(const ZeroMargins &zero);
  void buildTrace(size_t step);
  void buildCore();
  void buildRun();
  void buildPrepare();
  void buildCheckWeights();
  void buildPack();
  llvm::Constant *stamp();
  void buildStatusString();
  llvm::Value *hostWorkspaceSize(llvm::Value *results);
  void buildSizes();
  void buildExtentsError();
  void buildWorkspaceSize();
  void buildOutputShape();
  void buildDescribe();

  // Of a library for a GPU (DeviceRun.cpp).
  bool onDevice() const { return !plan.device.empty(); }
  void declareDeviceFunctions();
  int64_t deviceKernels() const;
  llvm::Constant *deviceDriver();
  llvm::Value *portSizes(llvm::ArrayRef<Port> ports, llvm::Value *results,
                         const llvm::Twine &name);
  std::pair<llvm::Value *, llvm::Value *> hostWeights(llvm::Value *frame);
  llvm::Value *deviceRun(const DeviceRun &run);
  llvm::Value *deviceFrame(llvm::Value *inputs, llvm::Value *outputs,
                           llvm::Value *results);
  void executeOnDevice(llvm::Value *frame, llvm::Value *results);
  void buildRelease();
  DeviceRun buildingRun(llvm::Value *results, llvm::Value *workspaceSize);
  void buildHandleOpen();
  void buildHandleReserve();
  void buildHandleRun();
  void buildHandle();

  const LibraryPlan &plan;
  llvm::Module &module;
  llvm::LLVMContext &context;
  llvm::IRBuilder<> builder;
  uint32_t requiredFeatures;
  llvm::Type *pointer, *i32, *i64;
  ExtentFunction extents;

  llvm::Function *steps = nullptr, *core = nullptr, *prepare = nullptr,
                 *statusString = nullptr, *sizes = nullptr,
                 *extentsError = nullptr, *checkWeights = nullptr,
                 *pack = nullptr;
  llvm::GlobalVariable *section = nullptr, *stampData = nullptr;
  // Within steps: the bases of places and the arrays that launches share.
  std::vector<llvm::Value *> inputBases, outputBases, slotBases;
  llvm::Value *weights = nullptr, *values = nullptr, *buffers = nullptr,
              *scalars = nullptr, *arguments = nullptr, *runPlace = nullptr;
};

} // namespace upconv

#endif // UPCONV_LIB_TARGET_LIBRARY_MODULEBUILDER_H
