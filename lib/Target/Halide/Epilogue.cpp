//===- Epilogue.cpp - ScalarNode list to a Halide expression --------------===//
//
// The whole epilogue is evaluated under strict floating-point rules: Halide's
// default lets LLVM assume that no NaN or inf exists, which would undo the
// NaN-passing maximum and the range reductions of Math.cpp.
//
//===----------------------------------------------------------------------===//

#include "Builder.h"
#include "Math.h"

#include <stdexcept>

using Halide::Expr;

namespace upconv {

static Expr flipSign(const Expr &x) {
  Expr sign = std::numeric_limits<int32_t>::min();
  return Halide::reinterpret<float>(Halide::reinterpret<int32_t>(x) ^ sign);
}

static Expr clearSign(const Expr &x) {
  return Halide::reinterpret<float>(Halide::reinterpret<int32_t>(x) &
                                    0x7fffffff);
}

static Expr nodeExpr(const ScalarNode &node, const Expr &anchor,
                     const std::vector<Expr> &operandValues,
                     const std::vector<Expr> &earlier) {
  using Kind = ScalarNode::Kind;
  auto arg = [&](size_t i) { return earlier.at(node.operands.at(i)); };
  switch (node.kind) {
  case Kind::Anchor:
    return anchor;
  case Kind::Operand:
    return operandValues.at(node.index);
  case Kind::Constant:
    return Expr(static_cast<float>(node.value));
  case Kind::Add:
    return arg(0) + arg(1);
  case Kind::Sub:
    return arg(0) - arg(1);
  case Kind::Mul:
    return arg(0) * arg(1);
  case Kind::Div:
    return arg(0) / arg(1);
  case Kind::Max:
    return maximum(arg(0), arg(1));
  case Kind::Min:
    return minimum(arg(0), arg(1));
  case Kind::Neg:
    return flipSign(arg(0));
  case Kind::Abs:
    return clearSign(arg(0));
  case Kind::Sqrt:
    return Halide::sqrt(arg(0));
  case Kind::Exp:
    return polynomialExp(arg(0));
  case Kind::Expm1:
    return polynomialExpm1(arg(0));
  case Kind::Log:
    return polynomialLog(arg(0));
  case Kind::Erf:
    return polynomialErf(arg(0));
  case Kind::Sin:
    return polynomialSin(arg(0));
  case Kind::Cos:
    return polynomialCos(arg(0));
  case Kind::Floor:
    return roundDown(arg(0));
  case Kind::RoundEven:
    return roundToEven(arg(0));
  case Kind::Log1p:
    return polynomialLog1p(arg(0));
  case Kind::Tanh:
    return polynomialTanh(arg(0));
  case Kind::Less:
    return arg(0) < arg(1);
  case Kind::LessEqual:
    return lessOrEqual(arg(0), arg(1));
  case Kind::Select:
    return Halide::select(arg(0), arg(1), arg(2));
  }
  throw std::runtime_error("unknown node in epilogue");
}

Expr epilogueExpr(const std::vector<ScalarNode> &nodes, Expr anchor,
                  const std::vector<Expr> &operandValues) {
  // Halide walks expressions as trees, and a transcendental names its argument
  // many times: nested ones need names for what is inside.
  std::vector<Expr> values;
  std::vector<std::pair<std::string, Expr>> named;
  for (const ScalarNode &node : nodes) {
    Expr value = nodeExpr(node, anchor, operandValues, values);
    if (!node.operands.empty() && value.type().is_float()) {
      std::string name = "node" + std::to_string(values.size());
      named.emplace_back(name, Halide::strict_float(value));
      value = Halide::Internal::Variable::make(value.type(), name);
    }
    values.push_back(value);
  }
  Expr result = values.back();
  for (auto it = named.rbegin(); it != named.rend(); ++it)
    result = Halide::Internal::Let::make(it->first, it->second, result);
  return Halide::strict_float(result);
}

} // namespace upconv
