//===- UpconvToLibraryPlan.h - A planned function to a LibraryPlan --------===//

#ifndef UPCONV_CONVERSION_UPCONVTOLIBRARYPLAN_H
#define UPCONV_CONVERSION_UPCONVTOLIBRARYPLAN_H

#include "upconv/Schedule/Schedule.h"
#include "upconv/Support/Tensor.h"
#include "upconv/Target/Halide/KernelSpec.h"
#include "upconv/Target/Library/LibraryPlan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace upconv {

/// One kernel call of the model, for reports.
struct KernelCall {
  unsigned kernel;         ///< index into BuiltPlan::kernels
  std::string layer;       ///< names of the layers in it, joined by " + "
  std::string schedule;    ///< "file:line"
  std::string anchorLayer; ///< the one among them that its anchor is of
};

/// The plan, and the distinct kernels that its steps call.
struct BuiltPlan {
  LibraryPlan library;
  std::vector<KernelSpec> kernels; ///< named, each compiled once
  std::vector<KernelCall> calls;   ///< one per launch, in order
};

struct PlanOptions {
  std::string name; ///< the library's C identifier
  const WeightStore *weights =
      nullptr; ///< null: leave the image empty (inspect)
  /// Say how the variables are packed instead of packing them.
  bool packAtRunTime = false;
  std::vector<Variable> variables; ///< of the model: path and shape
};

/// Turns a function that went through plan-memory into a plan: names of ports
/// and extents, places, launches, the packed weight image. Fails with a
/// diagnostic if a weight is missing or has the wrong number of elements.
mlir::FailureOr<BuiltPlan> buildLibraryPlan(mlir::func::FuncOp function,
                                            const TargetInfo &target,
                                            const PlanOptions &options);

/// What a library knows of its target.
void describeTarget(const TargetInfo &target, LibraryPlan &library);

/// Makes `name` a C identifier; empty and auto-numbered Keras names
/// (`input_layer_1`, `conv1d_transpose_3`, `keras_tensor_8`) become
/// `otherwise`.
std::string portName(llvm::StringRef name, llvm::StringRef otherwise);

/// C identifiers for variables "<layer>/<variable>", all different; layers with
/// automatic names are numbered by position.
std::vector<std::string> variableFields(llvm::ArrayRef<std::string> paths);

/// Evaluates a weights recipe in double precision and rounds once.
mlir::FailureOr<std::vector<float>> evaluateWeights(mlir::Operation *weightsOp,
                                                    const WeightStore &store);

} // namespace upconv

#endif // UPCONV_CONVERSION_UPCONVTOLIBRARYPLAN_H
