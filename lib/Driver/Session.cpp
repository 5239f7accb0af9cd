//===- Session.cpp - One model on its way through the stages --------------===//

#include "Session.h"

#include "Interrupt.h"
#include "Workers.h"

#include "upconv/Dialect/Keras/IR/LayerLocation.h"
#include "upconv/Dialect/Keras/IR/Semantics.h"
#include "upconv/Pipelines/Pipelines.h"
#include "upconv/Support/Random.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;
using namespace upconv;

LayerParameters upconv::parametersOf(keras::LayerOpInterface layer) {
  auto flag = layer->getAttrOfType<BoolAttr>("trainable");
  bool isTrainable = !flag || flag.getValue();
  LayerParameters parameters;
  for (const keras::VariableSpec &variable : layer.getVariableSpecs()) {
    int64_t count = elementCount(variable.shape);
    parameters.total += count;
    parameters.trainable += variable.trainable && isTrainable ? count : 0;
  }
  return parameters;
}

static std::unique_ptr<MLIRContext> makeContext() {
  DialectRegistry registry;
  registerDialects(registry);
  // Threads would only make the order of diagnostics a matter of chance: the
  // expensive work is in workers.
  auto context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

Session::Session(const Options &options)
    : mlirContext(makeContext()),
      printer(*mlirContext, options.remarks, options.warnings),
      options(options) {}

func::FuncOp Session::function() {
  return *model.module->getOps<func::FuncOp>().begin();
}

ExitStatus upconv::loadTarget(const Options &options,
                              std::optional<ScheduleTables> &tables,
                              TargetInfo &target) {
  llvm::Expected<ScheduleTables> loaded =
      ScheduleTables::load(options.schedules);
  if (!loaded) {
    printError(loaded.takeError());
    return ExitUsage;
  }
  tables = std::move(*loaded);
  llvm::Expected<TargetInfo> info = tables->target(options.target);
  if (!info) {
    printError(info.takeError());
    return ExitUsage;
  }
  target = std::move(*info);
  return ExitOk;
}

ExitStatus Session::import() {
  ExitStatus status = importInWorker(context(), options.import, model);
  if (status != ExitOk)
    return status;
  if (options.semantics == keras::legacyTorchSemantics)
    (*model.module)
        ->setAttr(keras::semanticsAttrName,
                  StringAttr::get(&context(), options.semantics));
  kerasModule = model.module->clone();
  countParameters();
  return ExitOk;
}

ExitStatus Session::open() {
  ExitStatus status = loadTarget(options, tables, target);
  return status == ExitOk ? import() : status;
}

ExitStatus Session::openLike(const Session &imported) {
  if (ExitStatus status = loadTarget(options, tables, target); status != ExitOk)
    return status;
  // Contexts share no attributes; the model crosses as bytecode.
  std::string bytecode;
  llvm::raw_string_ostream stream(bytecode);
  if (succeeded(writeBytecodeToFile(*imported.kerasModule, stream)))
    model.module = parseSourceString<ModuleOp>(stream.str(), &context());
  if (!model.module) {
    printError("the model cannot be read once more");
    return ExitInternal;
  }
  model.weights = imported.model.weights;
  kerasModule = model.module->clone();
  countParameters();
  return ExitOk;
}

ExitStatus Session::wantCpu(llvm::StringRef command) const {
  if (!target.isGpu())
    return ExitOk;
  printError("'" + command.str() + "' for target '" + target.name +
             "' is not supported by this version: it is for CPUs");
  return ExitUnsupported;
}

void Session::countParameters() {
  llvm::StringSet<> counted;
  kerasModule->walk([&](keras::LayerOpInterface layer) {
    if (!counted.insert(keras::getLayerName(layer.getLoc())).second)
      return;
    LayerParameters own = parametersOf(layer);
    parameters += own.total;
    trainableParameters += own.trainable;
  });
}

void Session::useIntegerWeights() {
  SplitMix64 random(0);
  model.weights.tensors.clear();
  model.module->walk([&](keras::LayerOpInterface layer) {
    ArrayAttr variables = layer.getLayerWeights();
    if (!variables)
      return;
    for (auto variable : variables.getAsRange<keras::VariableAttr>()) {
      Tensor tensor;
      tensor.shape = variable.getType().getShape().vec();
      tensor.values.resize(variable.getType().getNumElements());
      for (float &value : tensor.values)
        value = static_cast<int>(random.next() % 5) - 2;
      model.weights.tensors[variable.getSource()] = std::move(tensor);
    }
  });
}

LogicalResult
Session::runPipeline(llvm::function_ref<void(OpPassManager &)> populate) {
  PassManager manager(&context());
  populate(manager);
  return manager.run(*model.module);
}

ExitStatus Session::lowerTo(Stage stage) {
  while (reached < stage) {
    Stage next = static_cast<Stage>(static_cast<int>(reached) + 1);
    LogicalResult result = runPipeline([&](OpPassManager &manager) {
      if (next == Stage::Upconv)
        populateKerasToUpconv(manager);
      else if (next == Stage::Kernels)
        populateKernels(manager);
      else
        populateSchedules(manager,
                          {target.name, options.schedules, options.precision});
    });
    // What Keras accepts and the conversion cannot express is no mistake of
    // ours; everything after it is.
    if (failed(result))
      return next == Stage::Upconv ? ExitUnsupported : ExitInternal;
    reached = next;
  }
  return ExitOk;
}

// The variables in the order of the layers; those of a shared layer once.
static std::vector<Variable> variablesOf(ModuleOp module) {
  llvm::StringSet<> seen;
  std::vector<Variable> variables;
  module.walk([&](keras::LayerOpInterface layer) {
    if (ArrayAttr weights = layer.getLayerWeights())
      for (auto variable : weights.getAsRange<keras::VariableAttr>())
        if (seen.insert(variable.getSource()).second)
          variables.push_back({"", variable.getSource().str(),
                               variable.getType().getShape().vec()});
  });
  return variables;
}

ExitStatus Session::plan(bool withWeights) {
  if (ExitStatus status = lowerTo(Stage::Schedule); status != ExitOk)
    return status;
  PlanOptions planOptions;
  std::string name =
      options.name.empty() ? function().getName().str() : options.name;
  planOptions.name = name;
  if (options.isPart) {
    planOptions.name += "_" + target.name;
    llvm::replace(planOptions.name, '-', '_');
  }
  planOptions.packAtRunTime = options.weightsMode == WeightsMode::Argument;
  if (planOptions.packAtRunTime)
    planOptions.variables = variablesOf(*kerasModule);
  else if (withWeights)
    planOptions.weights = &model.weights;
  FailureOr<BuiltPlan> result =
      buildLibraryPlan(function(), target, planOptions);
  if (failed(result))
    return ExitInvalid;
  built = std::move(*result);
  if (options.isPart)
    built.library.partOf = name;
  built.library.weightsMode = options.weightsMode;
  built.library.parameters = parameters;
  built.library.madeWith = madeWith();
  built.library.tracesSteps = options.byLayer;
  return ExitOk;
}

ExitStatus Session::compileKernels(KernelText text) {
  return compileInWorkers(built.kernels, text, options, kernels, kernelSeconds);
}

ExitStatus Session::build() {
  // No kernel depends on a weight's value.
  if (ExitStatus status = plan(/*withWeights=*/false); status != ExitOk)
    return status;
  std::vector<KernelSpec> specs = built.kernels;
  auto add = [&](llvm::Expected<std::vector<LibraryMember>> made) {
    if (!made) {
      printError(made.takeError());
      return ExitInternal;
    }
    llvm::move(*made, std::back_inserter(members));
    return ExitOk;
  };
  members.clear();
  ExitStatus status = compileInWorkers(
      specs, KernelText::Object, options, kernels, kernelSeconds, [&] {
        ExitStatus planned = plan(/*withWeights=*/true);
        return planned == ExitOk ? add(emitSequenceMembers(built.library))
                                 : planned;
      });
  if (status != ExitOk)
    return status;
  std::vector<KernelObject> objects;
  for (auto [spec, kernel] : llvm::zip(specs, kernels))
    objects.push_back({spec.name, kernel.object});
  return add(emitKernelMembers(built.library, objects));
}

bool Session::runsHere() const {
  // Whether it has the device that a GPU's kernels want, the library finds out.
  if (target.isGpu())
    return llvm::Triple(target.triple).getArch() ==
           llvm::Triple(llvm::sys::getProcessTriple()).getArch();
  llvm::Expected<TargetInfo> host = tables->target("host");
  if (!host) {
    llvm::consumeError(host.takeError());
    return false;
  }
  return host->name == target.name ||
         llvm::is_contained(host->fallback, target.name);
}

ExitStatus Session::refuseToRun(const std::string &why) const {
  printError("this machine cannot run code for '" + target.name + "'" +
             (why.empty() ? "" : ": " + why));
  return ExitUnsupported;
}

ExitStatus Session::writeSharedLibrary(const std::string &path) {
  llvm::Expected<std::string> bytes = emitSharedLibrary(built.library, members);
  if (!bytes) {
    printError(bytes.takeError());
    return ExitInternal;
  }
  OutputFiles files;
  if (!files.add(path, *bytes) ||
      (options.weightsMode == WeightsMode::External &&
       takesWeights(built.library) &&
       !files.add(path + ".weights", emitPackedWeights(built.library))))
    return ExitInvalid;
  return files.commit() ? ExitOk : ExitInvalid;
}

ExitStatus Session::writeArchive(const std::string &path) const {
  llvm::Expected<std::string> bytes = emitArchive(built.library, members);
  if (!bytes) {
    printError(bytes.takeError());
    return ExitInternal;
  }
  OutputFiles files;
  return files.add(path, *bytes) && files.commit() ? ExitOk : ExitInvalid;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

TemporaryFolder::TemporaryFolder() {
  llvm::SmallString<128> folder;
  if (std::error_code code =
          llvm::sys::fs::createUniqueDirectory("upconv", folder))
    printError("cannot make a temporary folder: " + code.message());
  else
    registerTemporary(path = folder.str().str());
}

TemporaryFolder::~TemporaryFolder() {
  if (path.empty())
    return;
  llvm::sys::fs::remove_directories(path);
  forgetTemporary(path);
}

std::string TemporaryFolder::file(llvm::StringRef name) const {
  return (path + "/" + name).str();
}

OutputFiles::~OutputFiles() {
  for (const auto &[temporary, path] : pending) {
    llvm::sys::fs::remove(temporary);
    forgetTemporary(temporary);
  }
}

bool OutputFiles::add(const std::string &path, llvm::StringRef bytes) {
  if (path == "-") {
    llvm::outs() << bytes;
    return true;
  }
  llvm::SmallString<128> temporary;
  int descriptor;
  std::error_code code =
      llvm::sys::fs::createUniqueFile(path + ".%%%%%%.tmp", descriptor,
                                      temporary, llvm::sys::fs::OF_None, 0644);
  if (!code) {
    pending.push_back({temporary.str().str(), path});
    registerTemporary(pending.back().first);
    llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/true);
    os << bytes;
    os.close();
    code = os.error();
    os.clear_error();
  }
  if (code)
    llvm::errs() << path << ": error: cannot write: " << code.message() << "\n";
  return !code;
}

bool OutputFiles::commit() {
  for (const auto &[temporary, path] : pending)
    if (std::error_code code = llvm::sys::fs::rename(temporary, path)) {
      llvm::errs() << path << ": error: cannot write: " << code.message()
                   << "\n";
      return false;
    }
  for (const auto &[temporary, path] : pending)
    forgetTemporary(temporary);
  pending.clear();
  return true;
}

ExitStatus upconv::writeJsonFile(const std::string &path,
                                 llvm::json::Value document) {
  OutputFiles files;
  std::string text = llvm::formatv("{0:2}\n", document).str();
  return files.add(path, text) && files.commit() ? ExitOk : ExitInvalid;
}
