//===- Session.h - One model on its way through the stages ----------------===//
//
// What compile, inspect, run, verify and bench have in common: import in a
// worker, the pass pipelines, the plan, kernels compiled in workers, members.
// Each step returns an exit status; anything but ExitOk has been reported.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DRIVER_SESSION_H
#define UPCONV_LIB_DRIVER_SESSION_H

#include "Diagnostics.h"
#include "Options.h"

#include "upconv/Conversion/UpconvToLibraryPlan.h"
#include "upconv/Dialect/Keras/IR/KerasOps.h"
#include "upconv/Driver/Driver.h"
#include "upconv/Schedule/Schedule.h"
#include "upconv/Target/Halide/CompileKernel.h"
#include "upconv/Target/Library/EmitLibrary.h"

#include "upconv/Dialect/Upconv/IR/UpconvOps.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/JSON.h"

#include <optional>

namespace upconv {

/// Numbers of weights of one layer.
struct LayerParameters {
  int64_t total = 0, trainable = 0;
};
LayerParameters parametersOf(keras::LayerOpInterface layer);

/// The schedule tables and the target that `options` name.
ExitStatus loadTarget(const Options &options,
                      std::optional<ScheduleTables> &tables,
                      TargetInfo &target);

class Session {
  // First, so that everything that lives in the context goes before it.
  std::unique_ptr<mlir::MLIRContext> mlirContext;
  DiagnosticPrinter printer;

public:
  explicit Session(const Options &options);

  /// Target and tables, then the model into `model` (keras dialect, weights)
  /// and `parameters`; must come first.
  ExitStatus open();
  /// The same with the model of a session that has opened it.
  ExitStatus openLike(const Session &imported);
  /// Whether the target is the CPU's; reports that `command` is for no other.
  ExitStatus wantCpu(llvm::StringRef command) const;
  /// Draws small integers for every weight, for bit-exact comparison.
  void useIntegerWeights();

  /// The stages of `--ir`; each runs those before it that have not run.
  enum class Stage { Keras, Upconv, Kernels, Schedule };
  ExitStatus lowerTo(Stage stage);

  /// lowerTo(Schedule), then the plan. Without weights the image stays empty.
  ExitStatus plan(bool withWeights);
  /// plan(), then every kernel to an object (or to the listing asked for).
  ExitStatus compileKernels(KernelText text = KernelText::Object);
  /// Kernels, plan with weights and the members of the library. Weights are
  /// packed and the calling sequence is compiled while the kernels are.
  ExitStatus build();
  /// Writes the shared library to `path`, and external weights to
  /// `path`.weights; after build().
  ExitStatus writeSharedLibrary(const std::string &path);
  /// Writes the static library to `path`; after build().
  ExitStatus writeArchive(const std::string &path) const;

  /// Whether this machine executes code for the target.
  bool runsHere() const;
  /// Says that it does not, and ": " and why.
  ExitStatus refuseToRun(const std::string &why = "") const;

  mlir::MLIRContext &context() { return *mlirContext; }
  mlir::func::FuncOp function();

  const Options &options;
  std::optional<ScheduleTables> tables;
  TargetInfo target;
  ImportedModel model;                           ///< module is lowered in place
  mlir::OwningOpRef<mlir::ModuleOp> kerasModule; ///< as imported
  /// Numbers of weights; those of a shared layer count once.
  int64_t parameters = 0, trainableParameters = 0;
  BuiltPlan built;
  std::vector<CompiledKernel> kernels; ///< parallel to built.kernels
  std::vector<double> kernelSeconds;   ///< wall time of each kernel's worker
  std::vector<LibraryMember> members;

private:
  ExitStatus import();
  void countParameters();
  mlir::LogicalResult
  runPipeline(llvm::function_ref<void(mlir::OpPassManager &)> populate);

  Stage reached = Stage::Keras;
};

/// A folder under the system's temporary one, removed at the end.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string file(llvm::StringRef name) const;
  bool valid() const { return !path.empty(); }

private:
  std::string path;
};

/// Writes files so that either all of them appear or none: each under a
/// temporary name, then renamed. `-` is standard output.
class OutputFiles {
public:
  ~OutputFiles();
  bool add(const std::string &path, llvm::StringRef bytes);
  bool commit();

private:
  std::vector<std::pair<std::string, std::string>> pending;
};

/// One JSON document, indented, as a file that appears whole or not.
ExitStatus writeJsonFile(const std::string &path, llvm::json::Value document);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_SESSION_H
