//===- CrossCompiler.cpp - Programs for another machine -------------------===//

#include "CrossCompiler.h"

#include "Session.h"

#include "llvm/Support/Program.h"
#include "llvm/TargetParser/Host.h"

using namespace upconv;

llvm::Expected<std::string>
upconv::findTool(llvm::ArrayRef<std::string> names) {
  for (const std::string &name : names)
    if (auto path = llvm::sys::findProgramByName(name))
      return *path;
  return llvm::createStringError("it would take '" + names.front() +
                                 "', which is not installed");
}

llvm::Expected<std::string> upconv::findCrossCompiler(llvm::StringRef triple) {
  llvm::Triple parsed(triple);
  std::string name = parsed.getArchName().str() + "-linux-gnu-gcc";
  llvm::Triple own(llvm::sys::getProcessTriple());
  if (parsed.getArch() == own.getArch())
    return findTool({name, "gcc", "cc"});
  return findTool({name});
}

bool upconv::runTool(llvm::ArrayRef<llvm::StringRef> command,
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

/// lib/Programs/Libraries.h: its table, for these libraries.
static std::string tableOfLibraries(llvm::ArrayRef<ProgramLibrary> libraries) {
  std::string declarations, entries;
  for (const ProgramLibrary &library : libraries) {
    declarations += "const void *" + library.name + "_describe(void);\n";
    entries += "  " + library.name + "_describe,\n";
  }
  return declarations + "const void *(*const upconv_libraries[])(void) = {\n" +
         entries + "};\nconst int upconv_library_count = " +
         std::to_string(libraries.size()) + ";\n";
}

ExitStatus upconv::linkProgram(const std::string &compiler, Program program,
                               llvm::StringRef triple,
                               llvm::ArrayRef<ProgramLibrary> libraries,
                               const std::string &output) {
  std::string table = output + ".c", object = output + ".o";
  OutputFiles files;
  if (!files.add(object, programObject(program, llvm::Triple(triple))) ||
      !files.add(table, tableOfLibraries(libraries)) || !files.commit())
    return ExitInvalid;
  std::vector<llvm::StringRef> command = {compiler,  "-std=c11", "-O1",
                                          "-static", table,      object};
  for (const ProgramLibrary &library : libraries)
    command.push_back(library.archive);
  command.insert(command.end(), {"-pthread", "-o", output});
  return runTool(command, "", "", /*seconds=*/600) ? ExitOk : ExitInternal;
}
