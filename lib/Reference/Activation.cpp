//===- Activation.cpp - Elementwise functions and softmax -----------------===//
//
// TensorFlow's semantics: a NaN goes through every function, the rectifiers
// included.
//
//===----------------------------------------------------------------------===//

#include "upconv/Reference/Layers.h"

#include <cmath>

using namespace llvm;

namespace upconv::reference {

static Tensor64 map(const Tensor64 &input,
                    function_ref<double(double)> function) {
  Tensor64 output = input;
  for (double &x : output.values)
    x = function(x);
  return output;
}

Tensor64 relu(const Tensor64 &input, std::optional<double> maximum,
              double slope, double threshold) {
  return map(input, [&](double x) {
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

Expected<Tensor64> softmax(const Tensor64 &input, int64_t axis) {
  Expected<int64_t> front = axisFromFront(axis, input.shape.size());
  if (!front)
    return front.takeError();
  int64_t length = input.shape[*front], stride = 1;
  if (length == 0)
    return input;
  for (int64_t extent : ArrayRef(input.shape).drop_front(*front + 1))
    stride *= extent;

  std::vector<int64_t> lines = input.shape;
  lines[*front] = 1;
  Tensor64 output = input;
  forEachIndex(lines, [&](ArrayRef<int64_t> index) {
    double *y = output.values.data() + flatIndex(index, input.shape);
    double largest = y[0], sum = 0;
    for (int64_t i = 0; i < length; ++i)
      largest = std::fmax(largest, y[i * stride]);
    for (int64_t i = 0; i < length; ++i)
      sum += y[i * stride] = std::exp(y[i * stride] - largest);
    for (int64_t i = 0; i < length; ++i)
      y[i * stride] /= sum;
  });
  return output;
}

Expected<Tensor64> activation(const Tensor64 &input, StringRef name) {
  if (name == "linear")
    return input;
  if (name == "relu")
    return relu(input, std::nullopt, 0.0, 0.0);
  if (name == "leaky_relu") // the function's slope; the layer's default is 0.3
    return relu(input, std::nullopt, 0.2, 0.0);
  if (name == "sigmoid")
    return map(input, [](double x) { return 1 / (1 + std::exp(-x)); });
  if (name == "tanh")
    return map(input, [](double x) { return std::tanh(x); });
  if (name == "softmax")
    return softmax(input, -1);
  return failure("unknown activation '" + name + "'");
}

} // namespace upconv::reference
