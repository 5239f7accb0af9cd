//===- Driver.cpp - main of the upconv tool -------------------------------===//

#include "upconv/Driver/Driver.h"

#include "Commands.h"
#include "Interrupt.h"
#include "WorkerEntries.h"
#include "Workers.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/raw_ostream.h"

#include <unistd.h>

using namespace upconv;

static std::string readStandardInput() {
  std::string text;
  char buffer[65536];
  ssize_t count;
  while ((count = read(STDIN_FILENO, buffer, sizeof buffer)) > 0)
    text.append(buffer, count);
  return text;
}

int upconv::workerMain(llvm::StringRef kind) {
  int (*worker)(llvm::StringRef) =
      llvm::StringSwitch<int (*)(llvm::StringRef)>(kind)
          .Case("import", importWorker)
          .Case("kernel", kernelWorker)
          .Case("library", libraryWorker)
          .Case("run", runWorker)
          .Case("bench", benchWorker)
          .Case("candidate", candidateWorker)
          .Default(nullptr);
  return worker ? worker(readStandardInput()) : ExitUsage;
}

int upconv::driverMain(int argc, char **argv) {
  if (argc == 2 && llvm::StringRef(argv[1]).starts_with("--worker="))
    return workerMain(llvm::StringRef(argv[1]).drop_front(strlen("--worker=")));

  handleInterrupts();
  int status;
  std::optional<Options> options = parseOptions(argc, argv, status);
  if (!options)
    return status;
  switch (options->command) {
  case Command::Compile:
    return compileCommand(*options);
  case Command::Inspect:
    return inspectCommand(*options);
  case Command::Run:
    return runCommand(*options);
  case Command::Verify:
    return verifyCommand(*options);
  case Command::Bench:
    return benchCommand(*options);
  case Command::Tune:
    return tuneCommand(*options);
  }
  return ExitInternal;
}
