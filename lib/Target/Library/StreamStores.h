//===- StreamStores.h - Stores that go past the caches --------------------===//

#ifndef UPCONV_LIB_TARGET_LIBRARY_STREAMSTORES_H
#define UPCONV_LIB_TARGET_LIBRARY_STREAMSTORES_H

#include "llvm/IR/Module.h"

namespace upconv {

/// Where the output of `kernel`, its last argument, lies on a cache line, its
/// whole vectors are stored past the caches: an ordinary store of a line first
/// reads it, half of the traffic of a large output. Elsewhere the kernel stays
/// as it is. A kernel none of whose stores has a known place on its line, for
/// want of known strides, stays as it is too.
void streamStores(llvm::Module &module, llvm::StringRef kernel);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_LIBRARY_STREAMSTORES_H
