//===- Driver.h - The tool as a library -----------------------------------===//

#ifndef UPCONV_DRIVER_DRIVER_H
#define UPCONV_DRIVER_DRIVER_H

namespace upconv {

/// The exit statuses of every subcommand (design: docs/Diagnostics.md).
enum ExitStatus : int {
  ExitOk = 0,
  ExitInvalid = 1, ///< the model or its data is wrong
  ExitUsage = 2,
  ExitVerification = 3,
  ExitUnsupported = 4, ///< valid Keras that this version does not support
  ExitInternal = 70,
  ExitInterrupted = 130,
};

/// `main` of the upconv tool.
int driverMain(int argc, char **argv);

} // namespace upconv

#endif // UPCONV_DRIVER_DRIVER_H
