//===- KernelCache.h - Compiled kernels, kept between runs ----------------===//
//
// A worker's answer is a function of its request and of the tool's own code
// (docs/RationaleWorkers.md), so it may be kept under the hash of both. The
// folder may be shared by any number of processes and deleted at any time.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DRIVER_KERNELCACHE_H
#define UPCONV_LIB_DRIVER_KERNELCACHE_H

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace upconv {

class KernelCache {
public:
  /// A folder that prepareCacheFolder() has seen; empty: nothing is found and
  /// nothing kept.
  explicit KernelCache(std::string folder) : folder(std::move(folder)) {}

  bool isUsed() const { return !folder.empty(); }
  /// The answer that was kept for this request; nothing if there is none or the
  /// entry is damaged. What is found counts as used today.
  std::optional<std::string> find(llvm::StringRef request) const;
  /// Keeps an answer. One that cannot be written is not kept, and that is all.
  void keep(llvm::StringRef request, llvm::StringRef answer) const;

private:
  std::string pathOf(llvm::StringRef request) const;

  std::string folder;
};

/// Makes the folder. Warns on stderr, once per command, if nothing can be kept
/// in it, or if it cannot be used at all; returns the folder to use, empty for
/// none.
std::string prepareCacheFolder(const std::string &folder);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_KERNELCACHE_H
