//===- LibraryWorker.cpp - What is in this file? --------------------------===//
//
// An archive or a shared library may be damaged, or made by someone else:
// linking and loading it belong into a process of their own.
//
//===----------------------------------------------------------------------===//

#include "WorkerEntries.h"

#include "Diagnostics.h"
#include "Workers.h"

#include "upconv/Support/Worker.h"
#include "upconv/Target/Library/LoadedLibrary.h"

#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

using namespace upconv;

static void writeShape(FieldWriter &writer, const std::vector<int64_t> &shape) {
  writer.add(shape.size());
  for (int64_t size : shape)
    writer.add(size);
}

static std::vector<int64_t> readShape(FieldReader &reader) {
  std::vector<int64_t> shape;
  for (int64_t i = 0, rank = reader.integer(); i < rank && !reader.failed; ++i)
    shape.push_back(reader.integer());
  return shape;
}

static std::string writeAccount(const LoadedLibrary &library) {
  FieldWriter writer;
  writer.add(library.name()).add(library.packedSize() != 0);
  for (llvm::ArrayRef<LoadedPort> ports :
       {library.inputs(), library.outputs()}) {
    writer.add(ports.size());
    for (const LoadedPort &port : ports) {
      writer.add(port.name).add(port.layerName);
      writeShape(writer, port.shape);
    }
  }
  writer.add(library.variables().size());
  for (const Variable &variable : library.variables()) {
    writer.add(variable.path).add(variable.used);
    writeShape(writer, variable.shape);
  }
  return writer.take();
}

static bool readAccount(llvm::StringRef response, LibraryAccount &account) {
  FieldReader reader(response);
  account.name = reader.bytes().str();
  account.takesWeights = reader.integer();
  for (std::vector<LoadedPort> *ports : {&account.inputs, &account.outputs})
    for (int64_t i = 0, count = reader.integer(); i < count && !reader.failed;
         ++i) {
      LoadedPort port;
      port.name = reader.bytes().str();
      port.layerName = reader.bytes().str();
      port.shape = readShape(reader);
      ports->push_back(std::move(port));
    }
  for (int64_t i = 0, count = reader.integer(); i < count && !reader.failed;
       ++i) {
    Variable variable;
    variable.path = reader.bytes().str();
    variable.used = reader.integer();
    variable.shape = readShape(reader);
    account.variables.push_back(std::move(variable));
  }
  return !reader.failed;
}

static int fail(llvm::Error error) {
  printError(std::move(error));
  return ExitInvalid;
}

int upconv::libraryWorker(llvm::StringRef request) {
  FieldReader reader(request);
  std::string path = reader.bytes().str(), linked = reader.bytes().str();
  if (reader.failed)
    return ExitInternal;
  llvm::Expected<llvm::Triple::ArchType> machine = architectureOfLibrary(path);
  if (!machine)
    return fail(machine.takeError());
  llvm::Triple host(llvm::sys::getProcessTriple());
  if (*machine != host.getArch()) {
    llvm::errs() << path << ": error: this library is for "
                 << llvm::Triple::getArchTypeName(*machine)
                 << ", and this machine is " << host.getArchName()
                 << ": run it there, or compile the model for this one\n";
    return ExitUnsupported;
  }
  llvm::file_magic magic;
  bool isArchive =
      !llvm::identify_magic(path, magic) && magic == llvm::file_magic::archive;
  if (isArchive)
    if (llvm::Error error = linkArchive(path, linked))
      return fail(std::move(error));
  llvm::Expected<LoadedLibrary> library =
      LoadedLibrary::open(isArchive ? linked : path, "", path);
  if (!library)
    return fail(library.takeError());
  if (!library->runsHere()) {
    printError(library->prepare());
    return ExitUnsupported;
  }
  llvm::outs() << writeAccount(*library);
  llvm::outs().flush();
  return ExitOk;
}

ExitStatus upconv::inspectInWorker(const std::string &path,
                                   const std::string &linked,
                                   LibraryAccount &account) {
  FieldWriter writer;
  writer.add(path).add(linked);
  WorkerJob job{libraryWorker, writer.take(), {/*cpuSeconds=*/120, 0}};
  WorkerResult result = runWorkers(job, 1).front();
  if (result.exitStatus == ExitInvalid || result.exitStatus == ExitUnsupported)
    return static_cast<ExitStatus>(result.exitStatus);
  if (!result.ok() || !readAccount(result.response, account)) {
    llvm::errs() << path << ": error: the library cannot be loaded: "
                 << result.describe() << "\n";
    return ExitInvalid;
  }
  return ExitOk;
}
