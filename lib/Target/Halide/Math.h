//===- Math.h - Transcendentals without libm ------------------------------===//
//
// exp, log1p and tanh as float32 polynomials: the same operations on every
// target and in every lane, so the same bits. The caller wraps the result in
// strict_float, which forbids contraction and keeps NaN and inf.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_MATH_H
#define UPCONV_LIB_TARGET_HALIDE_MATH_H

#include <Halide.h>

namespace upconv {

/// At most 2 ulp, denormal results included; exp(-inf) = 0, exp(NaN) = NaN.
Halide::Expr polynomialExp(Halide::Expr x);
/// At most 3 ulp; log1p(-1) = -inf, NaN below -1.
Halide::Expr polynomialLog1p(Halide::Expr x);
/// At most 3 ulp; odd.
Halide::Expr polynomialTanh(Halide::Expr x);

/// a <= b, false when either is NaN.
Halide::Expr lessOrEqual(Halide::Expr a, Halide::Expr b);

/// IEEE maximum and minimum that pass a NaN of either operand on, as
/// TensorFlow's do.
Halide::Expr maximum(Halide::Expr a, Halide::Expr b);
Halide::Expr minimum(Halide::Expr a, Halide::Expr b);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_MATH_H
