//===- Merging.cpp - Layers of several inputs -----------------------------===//

#include "upconv/Reference/Layers.h"

#include <algorithm>

using namespace llvm;

namespace upconv::reference {

/// The operand's shape at `rank`: ones go behind the batch axis.
static std::vector<int64_t> atRank(ArrayRef<int64_t> shape, size_t rank) {
  std::vector<int64_t> result = shape.vec();
  result.insert(result.begin() + 1, rank - shape.size(), 1);
  return result;
}

Expected<Tensor64> add(ArrayRef<Tensor64> inputs) {
  if (inputs.empty())
    return failure("there is nothing to add");
  size_t rank = 0;
  for (const Tensor64 &input : inputs) {
    if (input.shape.empty())
      return failure("a tensor to add needs a batch axis");
    rank = std::max(rank, input.shape.size());
  }
  std::vector<int64_t> shape(rank, 1);
  shape.front() = inputs.front().shape.front();
  for (const Tensor64 &input : inputs)
    for (auto [axis, extent] : enumerate(atRank(input.shape, rank))) {
      if (axis > 0 && shape[axis] == 1)
        shape[axis] = extent;
      if (extent != shape[axis] && (axis == 0 || extent != 1))
        return failure("shapes " + shapeText(inputs.front().shape) + " and " +
                       shapeText(input.shape) + " do not broadcast");
    }

  Expected<Tensor64> output = zeros(shape);
  if (!output)
    return output.takeError();
  for (const Tensor64 &input : inputs) {
    std::vector<int64_t> own = atRank(input.shape, rank), source(rank);
    size_t next = 0;
    forEachIndex(shape, [&](ArrayRef<int64_t> index) {
      for (size_t axis = 0; axis < rank; ++axis)
        source[axis] = own[axis] == 1 ? 0 : index[axis];
      output->values[next++] += input.values[flatIndex(source, own)];
    });
  }
  return output;
}

} // namespace upconv::reference
