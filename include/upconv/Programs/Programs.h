//===- Programs.h - Programs for other machines, as objects ---------------===//

#ifndef UPCONV_PROGRAMS_PROGRAMS_H
#define UPCONV_PROGRAMS_PROGRAMS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/TargetParser/Triple.h"

namespace upconv {

/// A `main` of lib/Programs; its file says what it reads and writes.
enum class Program { RunOnce, TimeByTurns };

/// The program as a relocatable object for Linux on a triple's architecture,
/// which lacks the table of libraries (lib/Programs/Libraries.h); empty if
/// there is none. Lives as long as this process.
llvm::StringRef programObject(Program program, const llvm::Triple &triple);

} // namespace upconv

#endif // UPCONV_PROGRAMS_PROGRAMS_H
