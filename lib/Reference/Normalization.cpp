//===- Normalization.cpp - Batch normalization as it is at inference ------===//

#include "upconv/Reference/Layers.h"

#include <cmath>

using namespace llvm;

namespace upconv::reference {

Expected<Tensor64> batchNormalization(const Tensor64 &input, int64_t axis,
                                      double epsilon, const Tensor64 *gamma,
                                      const Tensor64 *beta,
                                      const Tensor64 &mean,
                                      const Tensor64 &variance) {
  Expected<int64_t> front = axisFromFront(axis, input.shape.size());
  if (!front)
    return front.takeError();
  if (*front == 0)
    return failure("batch normalization must not run along the batch axis");
  if (epsilon < 0)
    return failure("'epsilon' must not be negative");
  std::vector<int64_t> expected = {input.shape[*front]};
  for (const Tensor64 *variable : {gamma, beta, &mean, &variance})
    if (variable && variable->shape != expected)
      return failure("a variable of the normalization must have shape " +
                     shapeText(expected) + ", got " +
                     shapeText(variable->shape));

  Tensor64 output = input;
  size_t next = 0;
  forEachIndex(input.shape, [&](ArrayRef<int64_t> index) {
    int64_t c = index[*front];
    double &x = output.values[next++];
    x = (x - mean.values[c]) / std::sqrt(variance.values[c] + epsilon);
    if (gamma)
      x *= gamma->values[c];
    if (beta)
      x += beta->values[c];
  });
  return output;
}

} // namespace upconv::reference
