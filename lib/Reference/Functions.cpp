//===- Functions.cpp - Functions of one and of two elements ---------------===//
//
// TensorFlow's semantics: a NaN goes through every function, the rectifiers
// included.
//
//===----------------------------------------------------------------------===//

#include "upconv/Reference/Layers.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace llvm;

namespace upconv::reference {
namespace {

using Unary = double (*)(double);
using Binary = double (*)(double, double);

/// x limited to [low, high]; a NaN stays.
double clip(double x, double low, double high) {
  return x < low ? low : x > high ? high : x;
}
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) {
  return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))) +
         (std::isnan(x) ? x : 0);
}
double elu(double x) { return x > 0 ? x : std::expm1(x); }
double hardSigmoid(double x) { return clip(x + 3, 0, 6) / 6; }
double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

/// Keras's activations of one element.
Unary activationFunction(StringRef name) {
  return StringSwitch<Unary>(name)
      .Case("linear", [](double x) { return x; })
      .Cases({"elu", "celu"}, elu) // the same at alpha 1
      .Case("exponential", [](double x) { return std::exp(x); })
      .Case(
          "gelu",
          [](double x) { return x * 0.5 * std::erfc(-x * numbers::sqrt2 / 2); })
      .Case("hard_shrink", [](double x) { return std::fabs(x) <= 0.5 ? 0 : x; })
      .Case("hard_sigmoid", hardSigmoid)
      .Case("hard_sigmoid_v2",
            [](double x) { return clip(0.2 * x + 0.5, 0, 1); })
      .Case("hard_silu", [](double x) { return x * hardSigmoid(x); })
      .Case("hard_tanh", [](double x) { return clip(x, -1, 1); })
      // The function's slope; the layer's default is 0.3.
      .Case("leaky_relu", [](double x) { return x > 0 ? x : 0.2 * x; })
      .Case("log_sigmoid", [](double x) { return -softplus(-x); })
      .Case("mish", [](double x) { return x * std::tanh(softplus(x)); })
      .Case("relu", [](double x) { return x < 0 ? 0 : x; })
      .Case("relu6", [](double x) { return clip(x, 0, 6); })
      .Case("selu",
            [](double x) {
              return 1.0507009873554805 *
                     (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
            })
      .Case("sigmoid", sigmoid)
      .Case("silu", [](double x) { return x * sigmoid(x); })
      .Case("soft_shrink",
            [](double x) {
              return x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : x * 0;
            })
      .Case("softplus", softplus)
      .Case("softsign", [](double x) { return x / (1 + std::fabs(x)); })
      .Case("sparse_plus",
            [](double x) {
              return x <= -1 ? 0 : x < 1 ? (x + 1) * (x + 1) / 4 : x;
            })
      .Case("sparse_sigmoid", [](double x) { return clip((x + 1) / 2, 0, 1); })
      .Case("squareplus",
            [](double x) { return (x + std::sqrt(x * x + 4)) / 2; })
      .Case("tanh", [](double x) { return std::tanh(x); })
      .Case("tanh_shrink", [](double x) { return x - std::tanh(x); })
      .Default(nullptr);
}

/// Numpy's functions of one element.
Unary numpyFunction(StringRef name) {
  return StringSwitch<Unary>(name)
      .Case("abs", [](double x) { return std::fabs(x); })
      .Case("ceil", [](double x) { return std::ceil(x); })
      .Case("cos", [](double x) { return std::cos(x); })
      .Case("erf", [](double x) { return std::erf(x); })
      .Case("expm1", [](double x) { return std::expm1(x); })
      .Case("floor", [](double x) { return std::floor(x); })
      .Case("gelu_tanh",
            [](double x) {
              return 0.5 * x *
                     (1 + std::tanh(std::sqrt(2 / numbers::pi) *
                                    (x + 0.044715 * x * x * x)));
            })
      .Case("log", [](double x) { return std::log(x); })
      .Case("log1p", [](double x) { return std::log1p(x); })
      .Case("negative", [](double x) { return -x; })
      .Case("reciprocal", [](double x) { return 1 / x; })
      .Case("round", [](double x) { return std::nearbyint(x); }) // half to even
      .Case("rsqrt", [](double x) { return 1 / std::sqrt(x); })
      .Case("sign", sign)
      .Case("sin", [](double x) { return std::sin(x); })
      .Case("sqrt", [](double x) { return std::sqrt(x); })
      .Case("square", [](double x) { return x * x; })
      .Default(nullptr);
}

} // namespace

Binary binaryFunction(StringRef name) {
  return StringSwitch<Binary>(name)
      .Case("add", [](double x, double y) { return x + y; })
      .Case("subtract", [](double x, double y) { return x - y; })
      .Case("multiply", [](double x, double y) { return x * y; })
      .Case("divide", [](double x, double y) { return x / y; })
      .Case("maximum",
            [](double x, double y) { return x > y || std::isnan(x) ? x : y; })
      .Case("minimum",
            [](double x, double y) { return x < y || std::isnan(x) ? x : y; })
      .Case("power", [](double x, double y) { return std::pow(x, y); })
      .Case("squared_difference",
            [](double x, double y) { return (x - y) * (x - y); })
      .Default(nullptr);
}

Tensor64 mapElements(const Tensor64 &input,
                     function_ref<double(double)> function) {
  Tensor64 output = input;
  for (double &x : output.values)
    x = function(x);
  return output;
}

Expected<Tensor64> unary(const Tensor64 &input, StringRef name) {
  Unary function = activationFunction(name);
  if (!function)
    function = numpyFunction(name);
  if (!function)
    return failure("unknown function '" + name + "'");
  return mapElements(input, function);
}

} // namespace upconv::reference
