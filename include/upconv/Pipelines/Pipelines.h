//===- Pipelines.h - One populate function per stage ----------------------===//

#ifndef UPCONV_PIPELINES_PIPELINES_H
#define UPCONV_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"

#include <string>

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace upconv {

/// What the scheduling stage needs to know.
struct ScheduleOptions {
  std::string target = "host";   ///< a name of targets.yaml, or "host"
  std::string schedules;         ///< folder of tables looked at first, or empty
  std::string precision = "f32"; ///< what contractions may multiply
};

/// Stage 1: Keras's layers to channels-last operations with explicit shapes.
void populateKerasToUpconv(mlir::OpPassManager &manager);

/// Stage 2: folds, fusions, and an anchor with its epilogue per kernel.
void populateKernels(mlir::OpPassManager &manager);

/// Stage 3: a schedule, a layout and a place for every kernel.
void populateSchedules(mlir::OpPassManager &manager,
                       const ScheduleOptions &options);

/// All dialects of the project and those they lean on.
void registerDialects(mlir::DialectRegistry &registry);

/// All passes, and the stages as pipelines, for upconv-opt.
void registerPasses();

} // namespace upconv

#endif // UPCONV_PIPELINES_PIPELINES_H
