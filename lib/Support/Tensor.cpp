//===- Tensor.cpp - Dense float32 tensors on the host ---------------------===//

#include "upconv/Support/Tensor.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

std::string upconv::hashOf(const Tensor &tensor) {
  llvm::StringRef bytes(reinterpret_cast<const char *>(tensor.values.data()),
                        tensor.values.size() * sizeof(float));
  return llvm::utohexstr(llvm::xxHash64(bytes), /*LowerCase=*/true,
                         /*Width=*/16);
}
