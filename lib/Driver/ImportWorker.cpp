//===- ImportWorker.cpp - Reading untrusted files in a worker -------------===//

#include "WorkerEntries.h"

#include "Diagnostics.h"
#include "Workers.h"

#include "upconv/Pipelines/Pipelines.h"
#include "upconv/Support/Worker.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

#include <signal.h>

using namespace mlir;
using namespace upconv;

static ExitStatus toExitStatus(ImportStatus status) {
  switch (status) {
  case ImportStatus::Ok:
    return ExitOk;
  case ImportStatus::Invalid:
    return ExitInvalid;
  case ImportStatus::Unsupported:
    return ExitUnsupported;
  }
  return ExitInternal;
}

static std::string writeRequest(const ImportOptions &options) {
  FieldWriter writer;
  writer.add(options.path)
      .add(options.weightsPath)
      .add(options.customLayersPath);
  writer.add(options.initSeed.has_value()).add(options.initSeed.value_or(0));
  writer.add(options.inputShapes.size());
  for (const auto &[name, shape] : options.inputShapes) {
    writer.add(name).add(shape.size());
    for (int64_t size : shape)
      writer.add(size);
  }
  return writer.take();
}

static ImportOptions readRequest(FieldReader &reader) {
  ImportOptions options;
  options.path = reader.bytes().str();
  options.weightsPath = reader.bytes().str();
  options.customLayersPath = reader.bytes().str();
  bool hasSeed = reader.integer();
  uint64_t seed = reader.integer();
  if (hasSeed)
    options.initSeed = seed;
  for (int64_t i = 0, count = reader.integer(); i < count && !reader.failed;
       ++i) {
    std::string name = reader.bytes().str();
    std::vector<int64_t> shape(reader.integer());
    for (int64_t &size : shape)
      size = reader.integer();
    options.inputShapes.push_back({name, shape});
  }
  return options;
}

static std::string writeResponse(ImportedModel &model) {
  std::string bytecode;
  llvm::raw_string_ostream os(bytecode);
  if (failed(writeBytecodeToFile(*model.module, os)))
    return {};
  FieldWriter writer;
  writer.add(os.str()).add(model.weights.tensors.size());
  for (const auto &entry : model.weights.tensors) {
    const Tensor &tensor = entry.getValue();
    writer.add(entry.getKey()).add(tensor.shape.size());
    for (int64_t size : tensor.shape)
      writer.add(size);
    writer.add(StringRef(reinterpret_cast<const char *>(tensor.values.data()),
                         tensor.values.size() * sizeof(float)));
  }
  return writer.take();
}

static bool readResponse(MLIRContext &context, StringRef response,
                         ImportedModel &model) {
  FieldReader reader(response);
  StringRef bytecode = reader.bytes();
  if (reader.failed)
    return false;
  model.module = parseSourceString<ModuleOp>(bytecode, &context);
  for (int64_t i = 0, count = reader.integer(); i < count && !reader.failed;
       ++i) {
    Tensor &tensor = model.weights.tensors[reader.bytes()];
    tensor.shape.resize(reader.integer());
    for (int64_t &size : tensor.shape)
      size = reader.integer();
    StringRef bytes = reader.bytes();
    tensor.values.resize(bytes.size() / sizeof(float));
    std::copy(bytes.begin(), bytes.end(),
              reinterpret_cast<char *>(tensor.values.data()));
  }
  return model.module && !reader.failed;
}

int upconv::importWorker(StringRef request) {
  FieldReader reader(request);
  ImportOptions options = readRequest(reader);
  if (reader.failed)
    return ExitInternal;
  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  DiagnosticPrinter printer(context, /*remarks=*/false);
  ImportedModel model;
  ImportStatus status = importKerasModel(context, options, model);
  if (status == ImportStatus::Ok)
    llvm::outs() << writeResponse(model);
  llvm::outs().flush();
  return toExitStatus(status);
}

ExitStatus upconv::importInWorker(MLIRContext &context,
                                  const ImportOptions &options,
                                  ImportedModel &model) {
  // Standard input belongs to the worker's request; what comes through it is
  // read here.
  if (options.path == "-")
    return toExitStatus(importKerasModel(context, options, model));

  WorkerJob job{importWorker,
                writeRequest(options),
                {/*cpuSeconds=*/120,
                 /*addressSpaceBytes=*/int64_t(16) << 30}};
  WorkerResult result = runWorkers(job, 1).front();
  if (result.signal == 0 && result.exitStatus != ExitOk &&
      result.exitStatus != 127)
    return static_cast<ExitStatus>(result.exitStatus);
  if (result.signal == SIGXCPU || result.signal == SIGKILL) {
    llvm::errs()
        << options.path
        << ": error: reading it exceeded the limit of 120 s or 16 GiB\n";
    return ExitInvalid;
  }
  if (!result.ok() || !readResponse(context, result.response, model)) {
    printError("the import worker failed with " + result.describe());
    return ExitInternal;
  }
  return ExitOk;
}
