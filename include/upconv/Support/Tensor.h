//===- Tensor.h - Dense float32 tensors on the host -----------------------===//

#ifndef UPCONV_SUPPORT_TENSOR_H
#define UPCONV_SUPPORT_TENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"

#include <cstdint>
#include <string>
#include <vector>

namespace upconv {

/// A dense, row-major tensor.
template <typename T> struct BasicTensor {
  std::vector<int64_t> shape;
  std::vector<T> values;
};
using Tensor = BasicTensor<float>;
using Tensor64 = BasicTensor<double>;

/// The number of elements of a tensor whose sizes are all known.
inline int64_t elementCount(llvm::ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

/// The weights of a model by key `<layer>/<variable>`. The IR refers to values
/// by key and never holds them.
struct WeightStore {
  llvm::StringMap<Tensor> tensors;

  const Tensor *find(llvm::StringRef key) const {
    auto it = tensors.find(key);
    return it == tensors.end() ? nullptr : &it->second;
  }
};

/// xxh64 of the values' bytes, as 16 hexadecimal digits.
std::string hashOf(const Tensor &tensor);

} // namespace upconv

#endif // UPCONV_SUPPORT_TENSOR_H
