//===- StandIns.h - The system's libraries, as far as a linker asks -------===//
//
// A shared library names the libraries whose functions it calls. Those of other
// systems are not at hand; what the linker reads of one is its name and the
// names of its functions, and that much is written here.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_LIBRARY_STANDINS_H
#define UPCONV_LIB_TARGET_LIBRARY_STANDINS_H

#include "upconv/Target/Library/EmitLibrary.h"

namespace upconv {

/// The linker's inputs, besides the members, of a shared library that leaves
/// the symbols `undefined`; written into `folder`. Returns their paths; none
/// for Linux, where a program brings its C library.
llvm::Expected<std::vector<std::string>>
writeStandIns(const LibraryPlan &plan, llvm::ArrayRef<std::string> undefined,
              llvm::StringRef folder);

/// What programs link with to use a DLL of this name: its functions `names`.
/// `path` is of the file to write.
llvm::Error writeImportLibrary(const LibraryPlan &plan,
                               const std::string &library,
                               llvm::ArrayRef<std::string> names,
                               llvm::StringRef path);

/// Writes a file as a whole.
llvm::Error writeBytes(llvm::StringRef path, llvm::StringRef bytes);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_LIBRARY_STANDINS_H
