//===- EmulatedRun.cpp - Libraries for another processor ------------------===//

#include "EmulatedRun.h"

#include "upconv/Support/Worker.h"
#include "upconv/Target/Library/EmitLibrary.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/TargetParser/Triple.h"

#include <cstring>

using namespace upconv;

// EmulatedProgram.c, as a byte array that the build makes.
extern "C" {
extern const unsigned char upconvEmulatedProgram[];
extern const unsigned long upconvEmulatedProgramSize;
}

llvm::Expected<EmulatorTools> upconv::findEmulator(llvm::StringRef triple) {
  llvm::Triple parsed(triple);
  if (!parsed.isOSLinux() || parsed.isAndroid())
    return llvm::createStringError("only programs for Linux run here");
  std::string architecture = parsed.getArchName().str();
  auto find = [&](std::initializer_list<std::string> names,
                  std::string &found) -> llvm::Error {
    for (const std::string &name : names)
      if (auto path = llvm::sys::findProgramByName(name)) {
        found = *path;
        return llvm::Error::success();
      }
    return llvm::createStringError("it would take '" + *names.begin() +
                                   "', which is not installed");
  };
  EmulatorTools tools;
  llvm::Error error = find({architecture + "-linux-gnu-gcc"}, tools.compiler);
  if (!error)
    error = find({"qemu-" + architecture, "qemu-" + architecture + "-static"},
                 tools.emulator);
  if (error)
    return std::move(error);
  return tools;
}

// Runs a program with standard input and output in files. Standard error is the
// tool's.
static bool execute(llvm::ArrayRef<llvm::StringRef> command,
                    llvm::StringRef input, llvm::StringRef output,
                    unsigned seconds) {
  std::optional<llvm::StringRef> streams[] = {input, output, std::nullopt};
  std::string complaint;
  int status = llvm::sys::ExecuteAndWait(command.front(), command, std::nullopt,
                                         streams, seconds, 0, &complaint);
  if (status != 0)
    printError("'" + command.front().str() + "' failed" +
               (complaint.empty()
                    ? " with exit status " + std::to_string(status)
                    : ": " + complaint));
  return status == 0;
}

static ExitStatus link(const Session &session, const EmulatorTools &tools,
                       const TemporaryFolder &folder) {
  const LibraryPlan &plan = session.built.library;
  llvm::Expected<std::string> archive = emitArchive(plan, session.members);
  if (!archive) {
    printError(archive.takeError());
    return ExitInternal;
  }
  OutputFiles files;
  llvm::StringRef text(reinterpret_cast<const char *>(upconvEmulatedProgram),
                       upconvEmulatedProgramSize);
  if (!files.add(folder.file("lib.a"), *archive) ||
      !files.add(folder.file("library.h"), emitHeader(plan)) ||
      !files.add(folder.file("program.c"), text) || !files.commit())
    return ExitInvalid;
  std::string source = folder.file("program.c"), program = folder.file("run"),
              library = folder.file("lib.a"),
              header = "-DHEADER=\"" + folder.file("library.h") + "\"",
              name = "-DNAME=" + plan.name;
  std::vector<llvm::StringRef> command = {
      tools.compiler, "-std=c11", "-O1",   "-static",  "-w", header,
      name,           source,     library, "-pthread", "-o", program};
  if (takesWeights(plan))
    command.push_back("-DTAKES_WEIGHTS");
  return execute(command, "", folder.file("compiler.out"), /*seconds=*/600)
             ? ExitOk
             : ExitInternal;
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
  if (ExitStatus status = link(session, tools, folder); status != ExitOk)
    return status;
  OutputFiles files;
  std::string request = folder.file("request"),
              response = folder.file("response"), program = folder.file("run");
  if (!files.add(request, requestOf(plan, variables, inputs, threads)) ||
      !files.commit())
    return ExitInvalid;
  if (!execute({tools.emulator, program}, request, response,
               /*seconds=*/3600))
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
