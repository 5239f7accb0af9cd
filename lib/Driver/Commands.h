//===- Commands.h - One function per subcommand ---------------------------===//

#ifndef UPCONV_LIB_DRIVER_COMMANDS_H
#define UPCONV_LIB_DRIVER_COMMANDS_H

#include "Session.h"

namespace upconv {

ExitStatus compileCommand(const Options &options);
ExitStatus inspectCommand(const Options &options);
ExitStatus runCommand(const Options &options);
ExitStatus verifyCommand(const Options &options);
ExitStatus benchCommand(const Options &options);
/// `bench --mca`.
ExitStatus rateCommand(const Options &options);
ExitStatus tuneCommand(const Options &options);

/// `run` on an archive or a shared library that was compiled before.
ExitStatus runLibrary(const Options &options);
/// By its first bytes.
bool isLibraryFile(const std::string &path);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_COMMANDS_H
