//===- Pairs.h - Products of bfloat16 numbers -----------------------------===//
//
// With `--precision bf16` an element of a contraction's input, and a packed
// weight, is a pair of neighbouring channels as bfloat16, the even one in the
// lower half of 32 bits. A multiply-add then is a dot product of two pairs with
// a float32 sum, and everything else about a tile is as with float32 elements.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_PAIRS_H
#define UPCONV_LIB_TARGET_HALIDE_PAIRS_H

#include <Halide.h>

#include <string>

namespace upconv {

/// Two float32 values rounded to bfloat16 (to nearest, ties to even; NaN stays
/// a quiet NaN) as one element, whose bits no arithmetic may touch.
Halide::Expr roundedPair(Halide::Expr even, Halide::Expr odd);

/// sum + even * even + odd * odd of two elements; a call that LowerPairs
/// replaces. A product of two bfloat16 numbers is exact in float32.
Halide::Expr pairDot(Halide::Expr sum, Halide::Expr a, Halide::Expr b);

/// Calls of pairDot become the instruction of the target's, vdpbf16ps, where it
/// has one for their width, and else shifts and float32 multiply-adds.
class LowerPairs : public Halide::Internal::IRMutator {
public:
  explicit LowerPairs(const Halide::Target &target);

private:
  using IRMutator::visit;
  Halide::Expr visit(const Halide::Internal::Call *op) override;

  bool hasDotProduct;
};

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_PAIRS_H
