//===- Pipelines.cpp - One populate function per stage --------------------===//

#include "upconv/Pipelines/Pipelines.h"

#include "upconv/Conversion/Passes.h"
#include "upconv/Dialect/Keras/IR/KerasOps.h"
#include "upconv/Dialect/Upconv/IR/UpconvOps.h"
#include "upconv/Dialect/Upconv/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace upconv;

void upconv::populateKerasToUpconv(OpPassManager &manager) {
  manager.addPass(createConvertKerasToUpconv());
  manager.addPass(createCanonicalizerPass());
}

void upconv::populateKernels(OpPassManager &manager) {
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(createDropUnitAxes());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createFuseUpsampling());
  functions.addPass(createFoldPadding());
  functions.addPass(createFoldBatchNorm());
  functions.addPass(createCanonicalizerPass());
  functions.addPass(createFuseMaps());
  functions.addPass(createFormKernels());
}

void upconv::populateSchedules(OpPassManager &manager,
                               const ScheduleOptions &options) {
  OpPassManager &functions = manager.nest<func::FuncOp>();
  SelectSchedulesOptions select{options.target, options.schedules,
                                options.precision};
  functions.addPass(createSelectSchedules(select));
  functions.addPass(createAssignLayouts());
  functions.addPass(createSelectSchedules(select));
  functions.addPass(createPlanMemory());
}

void upconv::registerDialects(DialectRegistry &registry) {
  registry.insert<arith::ArithDialect, func::FuncDialect, keras::KerasDialect,
                  math::MathDialect, UpconvDialect>();
}

namespace {
struct StageOptions : PassPipelineOptions<StageOptions> {
  Option<std::string> target{*this, "target", llvm::cl::desc("target name"),
                             llvm::cl::init("host")};
  Option<std::string> schedules{*this, "schedules",
                                llvm::cl::desc("folder of schedule tables"),
                                llvm::cl::init("")};
  Option<std::string> precision{
      *this, "precision",
      llvm::cl::desc("what contractions may multiply: f32, or bf16 too"),
      llvm::cl::init("f32")};
};
} // namespace

void upconv::registerPasses() {
  registerUpconvConversionPasses();
  registerUpconvTransformsPasses();
  registerTransformsPasses();
  PassPipelineRegistration<>("keras-to-upconv",
                             "layers to channels-last operations",
                             populateKerasToUpconv);
  PassPipelineRegistration<>("upconv-kernels", "fold, fuse and form kernels",
                             populateKernels);
  PassPipelineRegistration<StageOptions>(
      "upconv-schedules", "a schedule, a layout and a place for every kernel",
      [](OpPassManager &manager, const StageOptions &options) {
        populateSchedules(
            manager, {options.target, options.schedules, options.precision});
      });
}
