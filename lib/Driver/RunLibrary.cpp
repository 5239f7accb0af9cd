//===- RunLibrary.cpp - upconv run on a library compiled before -----------===//

#include "Commands.h"
#include "Data.h"
#include "Workers.h"

#include "upconv/Support/Npy.h"

#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace upconv;

bool upconv::isLibraryFile(const std::string &path) {
  llvm::file_magic magic;
  return path != "-" && !llvm::identify_magic(path, magic) &&
         (magic == llvm::file_magic::elf_shared_object ||
          magic == llvm::file_magic::archive || magic == llvm::file_magic::elf);
}

// The packed weights that `compile` wrote beside a library.
static std::string besides(llvm::StringRef library, llvm::StringRef name) {
  llvm::SmallString<128> path = llvm::sys::path::parent_path(library);
  llvm::sys::path::append(path, name + ".weights");
  return path.str().str();
}

// The variables of a library by their Keras paths.
static ExitStatus readVariables(const std::string &path,
                                const std::vector<Variable> &variables,
                                RunSubject &subject) {
  llvm::Expected<std::map<std::string, Tensor64>> file = readNpz(path);
  if (!file) {
    printError(file.takeError());
    return ExitInvalid;
  }
  for (const Variable &variable : variables) {
    auto found = file->find(variable.path);
    bool fits = found != file->end() && found->second.shape == variable.shape;
    if (variable.used && !fits) {
      llvm::errs() << path << ": error: the library wants variable '"
                   << variable.path << "' of shape "
                   << shapeText(variable.shape) << ", got "
                   << (found == file->end() ? "none"
                                            : shapeText(found->second.shape))
                   << "\n";
      return ExitInvalid;
    }
    Tensor values;
    if (fits)
      values.values.assign(found->second.values.begin(),
                           found->second.values.end());
    subject.variables.push_back(std::move(values));
  }
  return ExitOk;
}

static ExitStatus findWeights(const Options &options,
                              const LibraryAccount &account,
                              RunSubject &subject) {
  if (!account.takesWeights)
    return ExitOk;
  const std::string &given = options.import.weightsPath;
  bool isZip = !given.empty() && llvm::sys::path::extension(given) == ".npz";
  if (isZip && !account.variables.empty())
    return readVariables(given, account.variables, subject);
  subject.weightsFile =
      given.empty() ? besides(options.import.path, account.name) : given;
  if (!given.empty() || llvm::sys::fs::exists(subject.weightsFile))
    return ExitOk;
  llvm::errs() << options.import.path
               << ": error: the library holds no weights and there is no '"
               << subject.weightsFile << "': give them with --weights FILE ("
               << (account.variables.empty() ? "packed"
                                             : "packed, or .npz by Keras path")
               << ")\n";
  return ExitInvalid;
}

static std::vector<PortShape> portsOf(const std::vector<LoadedPort> &ports) {
  std::vector<PortShape> result;
  for (const LoadedPort &port : ports) {
    result.push_back({port.name, port.layerName, port.shape});
    // A description says -1 where the size is an extent of the run.
    for (int64_t &size : result.back().shape)
      size = size < 0 ? ShapedType::kDynamic : size;
  }
  return result;
}

ExitStatus upconv::runLibrary(const Options &options) {
  TemporaryFolder folder;
  if (!folder.valid())
    return ExitInternal;
  RunSubject subject;
  subject.shownAs = options.import.path;
  std::string linked = folder.file("lib.so");
  LibraryAccount account;
  if (ExitStatus status = inspectInWorker(options.import.path, linked, account);
      status != ExitOk)
    return status;
  subject.library =
      llvm::sys::fs::exists(linked) ? linked : options.import.path;
  if (ExitStatus status = findWeights(options, account, subject);
      status != ExitOk)
    return status;
  std::vector<Tensor> values, results;
  if (ExitStatus status = readInputs(options, portsOf(account.inputs), values);
      status != ExitOk)
    return status;
  if (ExitStatus status =
          runInWorker(subject, values, options.threads, results);
      status != ExitOk)
    return status;
  return writeOutputs(options, portsOf(account.outputs), results);
}
