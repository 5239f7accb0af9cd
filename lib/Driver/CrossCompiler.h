//===- CrossCompiler.h - Programs for another machine ---------------------===//
//
// A program of lib/Programs and the libraries that it runs, linked statically
// by a cross compiler: it then needs nothing of the machine but its kernel.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DRIVER_CROSSCOMPILER_H
#define UPCONV_LIB_DRIVER_CROSSCOMPILER_H

#include "upconv/Driver/Driver.h"
#include "upconv/Programs/Programs.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace upconv {

/// The first of `names` that is on PATH. The error says that it would take the
/// first one.
llvm::Expected<std::string> findTool(llvm::ArrayRef<std::string> names);

/// A compiler that makes programs for Linux on the triple's architecture, e.g.
/// "aarch64-linux-gnu-gcc".
llvm::Expected<std::string> findCrossCompiler(llvm::StringRef triple);

/// An archive, and the name of the library in it.
struct ProgramLibrary {
  std::string name, archive;
};

/// Links `program` with `libraries`, whose names must differ, to the file
/// `output`; other files are put beside it. What fails has been reported.
ExitStatus linkProgram(const std::string &compiler, Program program,
                       llvm::StringRef triple,
                       llvm::ArrayRef<ProgramLibrary> libraries,
                       const std::string &output);

/// Runs a command with standard input and output in files; empty: nowhere.
/// Standard error is the tool's. False if it failed, which has been reported.
bool runTool(llvm::ArrayRef<llvm::StringRef> command, llvm::StringRef input,
             llvm::StringRef output, unsigned seconds);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_CROSSCOMPILER_H
