//===- Math.cpp - Transcendentals without libm ----------------------------===//
//
// Bounds are checked over all float32 values by MathTest (opt-in exhaustive
// form). Nothing here relies on fused multiply-add.
//
//===----------------------------------------------------------------------===//

#include "Math.h"

#include <limits>

using Halide::cast;
using Halide::Expr;
using Halide::reinterpret;
using Halide::select;

namespace upconv {

static Expr bitsOf(Expr x) { return reinterpret<int32_t>(x); }
static Expr floatOf(Expr bits) { return reinterpret<float>(bits); }

/// Horner's rule, highest coefficient first.
static Expr polynomial(Expr x, std::initializer_list<float> coefficients) {
  Expr result;
  for (float coefficient : coefficients)
    result = result.defined() ? result * x + coefficient : Expr(coefficient);
  return result;
}

/// 2^n for n in [-126, 127].
static Expr powerOfTwo(Expr n) { return floatOf((n + 127) << 23); }

// x = n ln 2 + r, |r| <= ln 2 / 2, by Cody and Waite's two-part ln 2, whose
// high part has 9 bits so that n times it is exact; e^r by the degree-7
// polynomial of SLEEF's expf_u10. 2^n is applied in two halves so that denormal
// results and the overflow to inf come out of the multiplication itself.
Expr polynomialExp(Expr x) {
  Expr low = -104.0f, high = 89.0f;
  x = select(x < low, low, x); // a NaN fails both tests and stays
  x = select(x > high, high, x);
  const float magic = 12582912.0f; // 1.5 * 2^23: rounds to an integer
  Expr shifted = x * 1.442695041f + magic;
  Expr n = bitsOf(shifted) - bitsOf(Expr(magic));
  Expr whole = shifted - magic;
  Expr r = x - whole * 0.693359375f;
  r = r - whole * -2.12194440e-4f;
  Expr series = polynomial(
      r, {0.000198527617612853646278381f, 0.00139304355252534151077271f,
          0.00833336077630519866943359f, 0.0416664853692054748535156f,
          0.166666671633720397949219f, 0.5f});
  Expr result = (r * r * series + r) + 1.0f;
  Expr half = n >> 1;
  return result * powerOfTwo(half) * powerOfTwo(n - half);
}

// fdlibm's log1pf: 1 + x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), with the
// rounding error of 1 + x carried in c; log(1 + f) by its minimax series in
// s = f / (2 + f).
Expr polynomialLog1p(Expr x) {
  Expr u = 1.0f + x;
  Expr shifted = bitsOf(u) + (0x3f800000 - 0x3f3504f3);
  Expr k = (shifted >> 23) - 127;
  Expr rounding = select(k >= 2, 1.0f - (u - x), x - (u - 1.0f)) / u;
  Expr mantissa = floatOf((shifted & 0x007fffff) + 0x3f3504f3) - 1.0f;
  Expr near = x > -0.29289323f && x < 0.41421357f; // k = 0 and f = x exactly
  Expr f = select(near, x, mantissa);
  Expr c = select(near || k >= 25, 0.0f, rounding);
  Expr dk = select(near, 0.0f, cast<float>(k));
  Expr s = f / (2.0f + f);
  Expr z = s * s, w = z * z;
  Expr series = z * (0.66666662693f + w * 0.28498786688f) +
                w * (0.40000972152f + w * 0.24279078841f);
  Expr square = 0.5f * f * f;
  Expr result = s * (square + series) + (dk * 9.0580006145e-06f + c);
  result = result - square + f + dk * 6.9313812256e-01f;
  // Tiny arguments keep their sign of zero and their denormals.
  Expr tiny = x > -1e-8f && x < 1e-8f;
  result = select(tiny, x, result);
  // inf and NaN by their bits; strict comparisons decide the rest.
  Expr special = (bitsOf(x) & 0x7fffffff) >= 0x7f800000;
  result = select(special, x, result);
  result = select(bitsOf(x) == bitsOf(Expr(-1.0f)),
                  -std::numeric_limits<float>::infinity(), result);
  return select(x < -1.0f, std::numeric_limits<float>::quiet_NaN(), result);
}

// Cephes' tanhf: odd polynomial below 0.625, 1 - 2 / (e^2|x| + 1) above.
Expr polynomialTanh(Expr x) {
  Expr sign = bitsOf(x) & Expr(std::numeric_limits<int32_t>::min());
  Expr magnitude = floatOf(bitsOf(x) & 0x7fffffff);
  Expr z = x * x;
  Expr series =
      polynomial(z, {-5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f,
                     1.33314422036e-1f, -3.33332819422e-1f});
  Expr small = series * z * x + x;
  // Above 10 the quotient is below half an ulp of 1; a NaN stays.
  Expr clamped = select(magnitude > 10.0f, 10.0f, magnitude);
  Expr large = 1.0f - 2.0f / (polynomialExp(clamped + clamped) + 1.0f);
  large = floatOf(bitsOf(large) | sign);
  return select(magnitude < 0.625f, small, large);
}

Expr lessOrEqual(Expr a, Expr b) { return a < b || a == b; }

static Expr isNumber(const Expr &x) {
  return (bitsOf(x) & 0x7fffffff) <= 0x7f800000;
}

static bool isConstant(const Expr &x) {
  return x.as<Halide::Internal::FloatImm>() != nullptr;
}

Expr maximum(Expr a, Expr b) {
  if (isConstant(a))
    std::swap(a, b);
  if (isConstant(b))
    return select(a < b, b, a);
  return select(a < b, b, select(isNumber(b), a, b));
}

Expr minimum(Expr a, Expr b) {
  if (isConstant(a))
    std::swap(a, b);
  if (isConstant(b))
    return select(b < a, b, a);
  return select(b < a, b, select(isNumber(b), a, b));
}

} // namespace upconv
