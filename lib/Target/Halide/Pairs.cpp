//===- Pairs.cpp - Products of bfloat16 numbers ---------------------------===//
//
// See the header. Halide's own bfloat16 type is not used: its rounding turns a
// NaN whose upper bits are all ones into a zero, and its matcher wants a
// reduction over the pair inside the vector, which would rule how tiles are
// written.
//
//===----------------------------------------------------------------------===//

#include "Pairs.h"

using Halide::Expr;
using Halide::Target;
using namespace Halide::Internal; // IR node names, throughout this file

namespace upconv {

static const char *const dotName = "upconv_pair_dot";

/// bfloat16 in the upper half, the lower half undefined.
static Expr roundedBits(const Expr &value) {
  Expr bits = Halide::reinterpret<uint32_t>(value);
  Expr infinity(uint32_t(0x7f800000)), quiet(uint32_t(0x00400000)),
      almostHalf(uint32_t(0x7fff));
  Expr isNan = (bits & Expr(uint32_t(0x7fffffff))) > infinity;
  return Halide::select(isNan, bits | quiet,
                        bits + almostHalf + ((bits >> 16) & Expr(uint32_t(1))));
}

Expr roundedPair(Expr even, Expr odd) {
  return Halide::reinterpret<float>(
      (roundedBits(even) >> 16) |
      (roundedBits(odd) & Expr(uint32_t(0xffff0000))));
}

Expr pairDot(Expr sum, Expr a, Expr b) {
  return Call::make(Halide::Float(32), dotName,
                    {std::move(sum), Halide::reinterpret<uint32_t>(a),
                     Halide::reinterpret<uint32_t>(b)},
                    Call::PureIntrinsic);
}

LowerPairs::LowerPairs(const Target &target)
    : hasDotProduct(target.has_feature(Target::AVX512_Zen4) ||
                    target.has_feature(Target::AVX512_SapphireRapids)) {}

static Expr even(const Expr &pair) {
  Halide::Type type = pair.type();
  return Reinterpret::make(type.with_code(Halide::Type::Float),
                           pair << make_const(type, 16));
}

static Expr odd(const Expr &pair) {
  Halide::Type type = pair.type();
  return Reinterpret::make(type.with_code(Halide::Type::Float),
                           pair & make_const(type, 0xffff0000u));
}

Expr LowerPairs::visit(const Call *op) {
  if (op->name != dotName)
    return IRMutator::visit(op);
  Expr sum = mutate(op->args[0]), a = mutate(op->args[1]),
       b = mutate(op->args[2]);
  int lanes = op->type.lanes();
  if (hasDotProduct && (lanes == 4 || lanes == 8 || lanes == 16)) {
    Halide::Type pairs = Halide::BFloat(16, 2 * lanes);
    return Call::make(
        op->type, "dot_product",
        {sum, Reinterpret::make(pairs, a), Reinterpret::make(pairs, b)},
        Call::PureIntrinsic);
  }
  // The instruction's order: odd first.
  return sum + odd(a) * odd(b) + even(a) * even(b);
}

} // namespace upconv
