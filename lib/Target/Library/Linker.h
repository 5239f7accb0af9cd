//===- Linker.h - lld in this process -------------------------------------===//

#ifndef UPCONV_LIB_TARGET_LIBRARY_LINKER_H
#define UPCONV_LIB_TARGET_LIBRARY_LINKER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/TargetParser/Triple.h"

#include <string>
#include <vector>

namespace upconv {

/// A shared library to be linked.
struct SharedLink {
  llvm::Triple triple;
  std::string name; ///< its soname, install name or DLL name, without a folder
  /// Object files, all members of archives (ELF only), and the libraries that
  /// it asks for when it is loaded.
  std::vector<std::string> files;
  /// What a DLL shows; elsewhere the symbols' visibility says it.
  std::vector<std::string> exports;
  std::string output; ///< path
};

/// Links with the lld of the triple's object format. Links of one process take
/// turns, and one that crashed is an error for all later ones.
llvm::Error linkShared(const SharedLink &link);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_LIBRARY_LINKER_H
