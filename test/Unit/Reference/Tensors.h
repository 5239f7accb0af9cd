//===- Tensors.h - Writing tensors down in tests --------------------------===//

#ifndef UPCONV_TEST_UNIT_REFERENCE_TENSORS_H
#define UPCONV_TEST_UNIT_REFERENCE_TENSORS_H

#include "upconv/Reference/Layers.h"

#include "gtest/gtest.h"

#include <numeric>

namespace upconv::reference {

using Shape = std::vector<int64_t>;
using Values = std::vector<double>;

/// first, first + 1, ... in row-major order.
inline Tensor64 counting(Shape shape, double first = 1) {
  Tensor64 tensor = llvm::cantFail(zeros(shape));
  std::iota(tensor.values.begin(), tensor.values.end(), first);
  return tensor;
}

inline Tensor64 filled(Shape shape, double value) {
  Tensor64 tensor = llvm::cantFail(zeros(shape));
  std::fill(tensor.values.begin(), tensor.values.end(), value);
  return tensor;
}

/// The message of a result that must have failed.
inline std::string messageOf(llvm::Expected<Tensor64> result) {
  if (result) {
    ADD_FAILURE() << "expected an error, got shape "
                  << shapeText(result->shape);
    return "";
  }
  return llvm::toString(result.takeError());
}

/// The result of a call that must have succeeded.
inline Tensor64 valueOf(llvm::Expected<Tensor64> result) {
  if (!result) {
    ADD_FAILURE() << llvm::toString(result.takeError());
    return {};
  }
  return std::move(*result);
}

} // namespace upconv::reference

#endif // UPCONV_TEST_UNIT_REFERENCE_TENSORS_H
