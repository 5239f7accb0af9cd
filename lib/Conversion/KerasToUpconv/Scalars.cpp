//===- Scalars.cpp - Functions of elements in arith and math --------------===//

#include "Scalars.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace upconv;

Value Scalars::sigmoid(Value x) {
  Scalars &s = *this;
  return div(s(1), add(s(1), make<math::ExpOp>(neg(x))));
}

// log(1 + exp(x)) without an overflow: max(x, 0) + log1p(exp(-|x|)).
Value Scalars::softplus(Value x) {
  Value small = make<math::ExpOp>(neg(make<math::AbsFOp>(x)));
  return add(max(x, (*this)(0)), make<math::Log1pOp>(small));
}

// x tanh(log(1 + n)), n = exp(x), is x (n^2 + 2n) / (n^2 + 2n + 2). Above 20
// the quotient is 1.
Value Scalars::mish(Value x) {
  Scalars &s = *this;
  Value n = make<math::ExpOp>(min(x, s(20)));
  Value square = mul(n, add(n, s(2)));
  return mul(x, div(square, add(square, s(2))));
}

Value Scalars::hardSigmoid(Value x) {
  Scalars &s = *this;
  return div(clip(add(x, s(3)), 0, 6), s(6));
}

Value Scalars::elu(Value x, double alpha) {
  Scalars &s = *this;
  Value below = make<math::ExpM1Op>(x);
  if (alpha != 1)
    below = mul(below, s(alpha));
  return selectGreater(x, s(0), x, below);
}

// Zero between -1/2 and 1/2; a NaN, which is neither, comes through the
// product.
Value Scalars::shrink(StringRef name, Value x) {
  Scalars &s = *this;
  Value zero = mul(x, s(0));
  if (name == "hard_shrink")
    return selectGreater(make<math::AbsFOp>(x), s(0.5), x, zero);
  Value below = selectGreater(s(-0.5), x, add(x, s(0.5)), zero);
  return selectGreater(x, s(0.5), sub(x, s(0.5)), below);
}

Value Scalars::sign(Value x) {
  Scalars &s = *this;
  return selectGreater(x, s(0), s(1), selectGreater(s(0), x, s(-1), x));
}

Value Scalars::activation(StringRef name, Value x) {
  Scalars &s = *this;
  if (name == "linear")
    return x;
  if (name == "elu" || name == "celu")
    return elu(x, 1);
  if (name == "exponential")
    return make<math::ExpOp>(x);
  if (name == "gelu") {
    Value erf = make<math::ErfOp>(mul(x, s(llvm::numbers::sqrt2 / 2)));
    return mul(mul(s(0.5), x), add(s(1), erf));
  }
  if (name == "hard_shrink" || name == "soft_shrink")
    return shrink(name, x);
  if (name == "hard_sigmoid")
    return hardSigmoid(x);
  if (name == "hard_sigmoid_v2") // Keras 2's
    return clip(add(mul(x, s(0.2)), s(0.5)), 0, 1);
  if (name == "hard_silu")
    return mul(x, hardSigmoid(x));
  if (name == "hard_tanh")
    return clip(x, -1, 1);
  if (name == "leaky_relu") // the function; the layer's slope is 0.3
    return leakyReLU(x, 0.2);
  if (name == "log_sigmoid")
    return neg(softplus(neg(x)));
  if (name == "mish")
    return mish(x);
  if (name == "relu")
    return max(x, s(0));
  if (name == "relu6")
    return clip(x, 0, 6);
  if (name == "selu")
    return mul(elu(x, 1.6732632423543772), s(1.0507009873554805));
  if (name == "sigmoid")
    return sigmoid(x);
  if (name == "silu")
    return mul(x, sigmoid(x));
  if (name == "softplus")
    return softplus(x);
  if (name == "softsign")
    return div(x, add(s(1), make<math::AbsFOp>(x)));
  if (name == "sparse_plus") {
    Value shifted = max(add(x, s(1)), s(0));
    return selectGreater(s(1), x, mul(mul(shifted, shifted), s(0.25)), x);
  }
  if (name == "sparse_sigmoid")
    return clip(mul(add(x, s(1)), s(0.5)), 0, 1);
  if (name == "squareplus")
    return mul(add(x, make<math::SqrtOp>(add(mul(x, x), s(4)))), s(0.5));
  if (name == "tanh")
    return make<math::TanhOp>(x);
  if (name == "tanh_shrink")
    return sub(x, make<math::TanhOp>(x));
  return {};
}

Value Scalars::unary(StringRef name, Value x) {
  Scalars &s = *this;
  if (Value value = activation(name, x))
    return value;
  if (name == "abs")
    return make<math::AbsFOp>(x);
  if (name == "ceil")
    return neg(make<math::FloorOp>(neg(x)));
  if (name == "cos")
    return make<math::CosOp>(x);
  if (name == "erf")
    return make<math::ErfOp>(x);
  if (name == "expm1")
    return make<math::ExpM1Op>(x);
  if (name == "floor")
    return make<math::FloorOp>(x);
  if (name == "gelu_tanh") {
    Value cube = mul(mul(x, x), mul(x, s(0.044715)));
    Value inner = mul(add(x, cube), s(std::sqrt(2 / llvm::numbers::pi)));
    return mul(mul(s(0.5), x), add(s(1), make<math::TanhOp>(inner)));
  }
  if (name == "log")
    return make<math::LogOp>(x);
  if (name == "log1p")
    return make<math::Log1pOp>(x);
  if (name == "negative")
    return neg(x);
  if (name == "reciprocal")
    return div(s(1), x);
  if (name == "round")
    return make<math::RoundEvenOp>(x);
  if (name == "rsqrt")
    return div(s(1), make<math::SqrtOp>(x));
  if (name == "sign")
    return sign(x);
  if (name == "sin")
    return make<math::SinOp>(x);
  if (name == "sqrt")
    return make<math::SqrtOp>(x);
  if (name == "square")
    return mul(x, x);
  return {};
}

Value Scalars::binary(StringRef name, Value x, Value y) {
  if (name == "squared_difference") {
    Value difference = sub(x, y);
    return mul(difference, difference);
  }
  using Make = Value (Scalars::*)(Value, Value);
  Make function = llvm::StringSwitch<Make>(name)
                      .Case("add", &Scalars::add)
                      .Case("subtract", &Scalars::sub)
                      .Case("multiply", &Scalars::mul)
                      .Case("divide", &Scalars::div)
                      .Case("maximum", &Scalars::max)
                      .Case("minimum", &Scalars::min)
                      .Default(nullptr);
  return function ? (this->*function)(x, y) : Value();
}
