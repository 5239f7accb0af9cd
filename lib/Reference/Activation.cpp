//===- Activation.cpp - Rectifiers and softmax ----------------------------===//

#include "upconv/Reference/Layers.h"

#include <cmath>

using namespace llvm;

namespace upconv::reference {

Tensor64 relu(const Tensor64 &input, std::optional<double> maximum,
              double slope, double threshold) {
  return mapElements(input, [&](double x) {
    if (std::isnan(x))
      return x;
    if (maximum && x >= *maximum)
      return *maximum;
    if (x > threshold)
      return x;
    return slope == 0 ? 0.0
                      : slope * (x - threshold); // 0 at minus infinity too
  });
}

Expected<Tensor64> preluByElement(const Tensor64 &input,
                                  const Tensor64 &alpha) {
  Tensor64 slopes = alpha;
  slopes.shape.insert(slopes.shape.begin(), 1);
  if (slopes.shape.size() != input.shape.size())
    return failure("alpha of shape " + shapeText(alpha.shape) +
                   " does not fit an input of shape " + shapeText(input.shape));
  return combine({input, slopes}, Alignment::Front,
                 [](double x, double slope) { return x > 0 ? x : slope * x; });
}

Expected<Tensor64> softmax(const Tensor64 &input, ArrayRef<int64_t> axes) {
  std::vector<int64_t> lines = input.shape, along(input.shape.size(), 1);
  for (int64_t axis : axes) {
    Expected<int64_t> front = axisFromFront(axis, input.shape.size());
    if (!front)
      return front.takeError();
    along[*front] = input.shape[*front];
    lines[*front] = 1;
  }
  if (is_contained(input.shape, 0))
    return input;
  Tensor64 output = input;
  forEachIndex(lines, [&](ArrayRef<int64_t> index) {
    std::vector<double *> line;
    forEachIndex(along, [&](ArrayRef<int64_t> offset) {
      std::vector<int64_t> place = index.vec();
      for (size_t axis = 0; axis < place.size(); ++axis)
        place[axis] += offset[axis];
      line.push_back(&output.values[flatIndex(place, input.shape)]);
    });
    double largest = *line.front(), sum = 0;
    for (double *y : line)
      largest = std::fmax(largest, *y);
    for (double *y : line)
      sum += *y = std::exp(*y - largest);
    for (double *y : line)
      *y /= sum;
  });
  return output;
}

/// x - log(sum(exp(x))) along the last axis.
static Expected<Tensor64> logSoftmax(const Tensor64 &input) {
  Tensor64 output = input;
  int64_t length = input.shape.empty() ? 0 : input.shape.back();
  for (size_t first = 0; first < output.values.size(); first += length) {
    double *y = output.values.data() + first;
    double largest = y[0], sum = 0;
    for (int64_t i = 0; i < length; ++i)
      largest = std::fmax(largest, y[i]);
    for (int64_t i = 0; i < length; ++i)
      sum += std::exp(y[i] - largest);
    for (int64_t i = 0; i < length; ++i)
      y[i] = y[i] - largest - std::log(sum);
  }
  return output;
}

Expected<Tensor64> activation(const Tensor64 &input, StringRef name) {
  if (name == "softmax")
    return softmax(input, {-1});
  if (name == "log_softmax")
    return logSoftmax(input);
  return unary(input, name);
}

} // namespace upconv::reference
