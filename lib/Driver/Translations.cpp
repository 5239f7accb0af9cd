//===- Translations.cpp - What upconv-translate offers --------------------===//

#include "upconv/Driver/Translations.h"

#include "upconv/Conversion/KernelSpecText.h"
#include "upconv/Conversion/UpconvToLibraryPlan.h"
#include "upconv/Import/Keras/ImportKeras.h"
#include "upconv/Pipelines/Pipelines.h"
#include "upconv/Schedule/Schedule.h"
#include "upconv/Target/Library/EmitLibrary.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace upconv;

static OwningOpRef<Operation *> importKeras(llvm::SourceMgr &sources,
                                            MLIRContext *context) {
  DialectRegistry registry;
  registerDialects(registry);
  context->appendDialectRegistry(registry);
  context->loadAllAvailableDialects();
  ImportOptions options;
  options.path = sources.getMemoryBuffer(sources.getMainFileID())
                     ->getBufferIdentifier()
                     .str();
  ImportedModel model;
  if (importKerasModel(*context, options, model) != ImportStatus::Ok)
    return nullptr;
  return model.module.release().getOperation();
}

// The plan of the first function, scheduled text in, for `target`.
static FailureOr<BuiltPlan> planOf(Operation *op, StringRef target) {
  auto module = dyn_cast<ModuleOp>(op);
  if (!module || module.getOps<func::FuncOp>().empty())
    return op->emitError("expected a module with a function"), failure();
  llvm::Expected<ScheduleTables> tables = ScheduleTables::load("");
  if (!tables)
    return op->emitError(llvm::toString(tables.takeError())), failure();
  llvm::Expected<TargetInfo> info = tables->target(target.str());
  if (!info)
    return op->emitError(llvm::toString(info.takeError())), failure();
  auto function = *module.getOps<func::FuncOp>().begin();
  PlanOptions options;
  options.name = function.getName().str();
  return buildLibraryPlan(function, *info, options);
}

void upconv::registerTranslations() {
  static llvm::cl::opt<std::string> target(
      "target", llvm::cl::init("host"),
      llvm::cl::desc("target of the kernels"));
  auto dialects = [](DialectRegistry &registry) { registerDialects(registry); };
  static TranslateToMLIRRegistration import(
      "import-keras", "Keras JSON or .keras to the keras dialect",
      [](llvm::SourceMgr &sources, MLIRContext *context) {
        return importKeras(sources, context);
      });
  static TranslateFromMLIRRegistration kernels(
      "kernels-to-json", "scheduled kernels to their JSON, one per line",
      [](Operation *op, llvm::raw_ostream &os) -> LogicalResult {
        FailureOr<BuiltPlan> plan = planOf(op, target);
        if (failed(plan))
          return failure();
        for (const KernelSpec &spec : plan->kernels)
          os << printKernelSpec(spec) << "\n";
        return success();
      },
      dialects);
  static TranslateFromMLIRRegistration header(
      "upconv-to-header", "a planned function to its C header",
      [](Operation *op, llvm::raw_ostream &os) -> LogicalResult {
        FailureOr<BuiltPlan> plan = planOf(op, target);
        if (failed(plan))
          return failure();
        os << emitHeader(plan->library);
        return success();
      },
      dialects);
}
