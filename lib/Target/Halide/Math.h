//===- Math.h - Transcendentals without libm ------------------------------===//
//
// Transcendentals as float32 polynomials: the same operations on every target
// and in every lane, so the same bits. The caller wraps the result in
// strict_float, which forbids contraction and keeps NaN and inf.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_MATH_H
#define UPCONV_LIB_TARGET_HALIDE_MATH_H

#include <Halide.h>

namespace upconv {

/// At most 2 ulp, denormal results included; exp(-inf) = 0, exp(NaN) = NaN.
Halide::Expr polynomialExp(Halide::Expr x);
/// At most 3 ulp, also where exp(x) is near 1.
Halide::Expr polynomialExpm1(Halide::Expr x);
/// At most 2 ulp; log(0) = -inf, NaN below.
Halide::Expr polynomialLog(Halide::Expr x);
/// At most 3 ulp; log1p(-1) = -inf, NaN below -1.
Halide::Expr polynomialLog1p(Halide::Expr x);
/// At most 3 ulp; odd.
Halide::Expr polynomialTanh(Halide::Expr x);
/// At most 3 ulp; odd.
Halide::Expr polynomialErf(Halide::Expr x);
/// At most 3 ulp for every finite argument; NaN for inf.
Halide::Expr polynomialSin(Halide::Expr x);
Halide::Expr polynomialCos(Halide::Expr x);

/// The largest whole number that is not above x, and the nearest one with
/// halves to the even; exact, and the sign of zero is kept.
Halide::Expr roundDown(Halide::Expr x);
Halide::Expr roundToEven(Halide::Expr x);

/// a <= b, false when either is NaN.
Halide::Expr lessOrEqual(Halide::Expr a, Halide::Expr b);

/// IEEE maximum and minimum that pass a NaN of either operand on, as
/// TensorFlow's do.
Halide::Expr maximum(Halide::Expr a, Halide::Expr b);
Halide::Expr minimum(Halide::Expr a, Halide::Expr b);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_MATH_H
