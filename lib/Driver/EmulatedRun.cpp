//===- EmulatedRun.cpp - Libraries for another processor ------------------===//

#include "EmulatedRun.h"

#include "CrossCompiler.h"

#include "upconv/Support/Worker.h"
#include "upconv/Target/Library/EmitLibrary.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Triple.h"

#include <cstring>

using namespace upconv;

llvm::Expected<EmulatorTools> upconv::findEmulator(llvm::StringRef triple) {
  llvm::Triple parsed(triple);
  if (!parsed.isOSLinux() || parsed.isAndroid())
    return llvm::createStringError("only programs for Linux run here");
  llvm::Expected<std::string> compiler = findCrossCompiler(triple);
  if (!compiler)
    return compiler.takeError();
  std::string name = ("qemu-" + parsed.getArchName()).str();
  llvm::Expected<std::string> emulator = findTool({name, name + "-static"});
  if (!emulator)
    return emulator.takeError();
  return EmulatorTools{*compiler, *emulator};
}

static ExitStatus link(const Session &session, const EmulatorTools &tools,
                       const TemporaryFolder &folder,
                       const std::string &program) {
  const LibraryPlan &plan = session.built.library;
  ProgramLibrary library{plan.name, folder.file("lib.a")};
  if (ExitStatus status = session.writeArchive(library.archive);
      status != ExitOk)
    return status;
  return linkProgram(tools.compiler, Program::RunOnce, plan.triple, library,
                     program);
}

static llvm::StringRef bytesOf(const std::vector<float> &values) {
  return {reinterpret_cast<const char *>(values.data()),
          values.size() * sizeof(float)};
}

static std::string requestOf(const LibraryPlan &plan,
                             llvm::ArrayRef<Tensor> variables,
                             llvm::ArrayRef<Tensor> inputs, int threads) {
  FieldWriter writer;
  writer.add(static_cast<int64_t>(threads)).add(plan.extents.size());
  for (const RuntimeExtent &extent : plan.extents)
    writer.add(inputs[extent.input].shape[extent.dimension]);
  writer.add(inputs.size());
  for (const Tensor &input : inputs)
    writer.add(bytesOf(input.values));
  writer.add(plan.outputs.size());
  for (const Port &port : plan.outputs)
    writer.add(port.shape.size());
  bool inFile = takesWeights(plan) && variables.empty();
  writer.add(inFile ? emitPackedWeights(plan) : std::string());
  writer.add(variables.size());
  for (const Tensor &variable : variables)
    writer.add(bytesOf(variable.values));
  return writer.take();
}

static bool readResponse(const LibraryPlan &plan, llvm::StringRef response,
                         std::string &message, std::vector<Tensor> &outputs) {
  FieldReader reader(response);
  message = reader.bytes().str();
  if (reader.failed || !message.empty())
    return !reader.failed;
  for (const Port &port : plan.outputs) {
    Tensor output;
    for (size_t d = 0; d < port.shape.size(); ++d)
      output.shape.push_back(reader.integer());
    llvm::StringRef bytes = reader.bytes();
    output.values.resize(bytes.size() / sizeof(float));
    std::memcpy(output.values.data(), bytes.data(), bytes.size());
    outputs.push_back(std::move(output));
  }
  return !reader.failed;
}

ExitStatus upconv::runEmulated(const Session &session,
                               const EmulatorTools &tools,
                               llvm::ArrayRef<Tensor> variables,
                               llvm::ArrayRef<Tensor> inputs, int threads,
                               std::vector<Tensor> &outputs) {
  const LibraryPlan &plan = session.built.library;
  TemporaryFolder folder;
  if (!folder.valid())
    return ExitInternal;
  std::string program = folder.file("run");
  if (ExitStatus status = link(session, tools, folder, program);
      status != ExitOk)
    return status;
  OutputFiles files;
  std::string request = folder.file("request"),
              response = folder.file("response");
  if (!files.add(request, requestOf(plan, variables, inputs, threads)) ||
      !files.commit())
    return ExitInvalid;
  if (!runTool({tools.emulator, program}, request, response, /*seconds=*/3600))
    return ExitInternal;
  auto buffer = llvm::MemoryBuffer::getFile(response);
  std::string message;
  if (!buffer ||
      !readResponse(plan, (*buffer)->getBuffer(), message, outputs)) {
    printError("the generated library said nothing under '" + tools.emulator +
               "'");
    return ExitInternal;
  }
  if (!message.empty()) {
    printError(message);
    return ExitInvalid;
  }
  return ExitOk;
}
