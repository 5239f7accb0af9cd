//===- Driver.cpp - main of the upconv tool -------------------------------===//

#include "upconv/Driver/Driver.h"

#include "Commands.h"
#include "Interrupt.h"
#include "KernelCache.h"

using namespace upconv;

int upconv::driverMain(int argc, char **argv) {
  handleInterrupts();
  int status;
  std::optional<Options> options = parseOptions(argc, argv, status);
  if (!options)
    return status;
  options->cache = prepareCacheFolder(options->cache);
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
