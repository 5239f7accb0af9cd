//===- Linker.h - lld in this process -------------------------------------===//

#ifndef UPCONV_LIB_TARGET_LIBRARY_LINKER_H
#define UPCONV_LIB_TARGET_LIBRARY_LINKER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/TargetParser/Triple.h"

#include <string>

namespace upconv {

/// Links object files, and all members of archives, into a shared library at
/// `output`; shared libraries among them are what it asks for when it is loaded.
/// Links of one process take turns, and one that crashed is an error
/// for all later ones.
llvm::Error linkShared(llvm::Triple::ArchType machine,
                       const std::string &soname,
                       llvm::ArrayRef<std::string> files,
                       const std::string &output);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_LIBRARY_LINKER_H
