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

namespace {
/// e^x = 2^n (1 + tail).
struct Reduced {
  Expr n, tail;
};
} // namespace

// x = n ln 2 + r, |r| <= ln 2 / 2, by Cody and Waite's two-part ln 2, whose
// high part has 9 bits so that n times it is exact; e^r by the degree-7
// polynomial of SLEEF's expf_u10.
static Reduced reduceExp(Expr x, float low, float high) {
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
  return {n, r * r * series + r};
}

// 2^n is applied in two halves so that denormal results and the overflow to inf
// come out of the multiplication itself.
Expr polynomialExp(Expr x) {
  Reduced e = reduceExp(x, -104.0f, 89.0f);
  Expr half = e.n >> 1;
  return (e.tail + 1.0f) * powerOfTwo(half) * powerOfTwo(e.n - half);
}

// 2^n tail + (2^n - 1), of which the bracket is exact up to 2^24. At -18 the
// result is -1 already. The halves of 2^n are as for exp.
Expr polynomialExpm1(Expr x) {
  Reduced e = reduceExp(x, -18.0f, 89.0f);
  Expr half = e.n >> 1;
  Expr first = powerOfTwo(half), second = powerOfTwo(e.n - half);
  Expr one = powerOfTwo(half - e.n); // 1 in units of the second half
  Expr result = (first * e.tail + (first - one)) * second;
  // Tiny arguments keep their sign of zero and their denormals.
  return select(x > -1e-8f && x < 1e-8f, x, result);
}

// fdlibm's logf: x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), and log(1 + f)
// by its minimax series in s = f / (2 + f).
Expr polynomialLog(Expr x) {
  Expr tiny = x < 1.17549435e-38f;
  Expr normal = select(tiny, x * 33554432.0f, x); // 2^25
  Expr shifted = bitsOf(normal) + (0x3f800000 - 0x3f3504f3);
  Expr k = (shifted >> 23) - select(tiny, 127 + 25, 127);
  Expr f = floatOf((shifted & 0x007fffff) + 0x3f3504f3) - 1.0f;
  Expr dk = cast<float>(k);
  Expr s = f / (2.0f + f);
  Expr z = s * s, w = z * z;
  Expr series = z * (0.66666662693f + w * 0.28498786688f) +
                w * (0.40000972152f + w * 0.24279078841f);
  Expr square = 0.5f * f * f;
  Expr result = s * (square + series) + dk * 9.0580006145e-06f;
  result = result - square + f + dk * 6.9313812256e-01f;
  // inf and NaN by their bits; strict comparisons decide the rest.
  Expr special = (bitsOf(x) & 0x7fffffff) >= 0x7f800000;
  result = select(special, x, result);
  result = select((bitsOf(x) & 0x7fffffff) == 0,
                  -std::numeric_limits<float>::infinity(), result);
  return select(x < 0.0f, std::numeric_limits<float>::quiet_NaN(), result);
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

// An odd polynomial below 0.9, 1 - exp(Q(|x|)) above with Q fitted to log(erfc)
// so that the error of the difference is smallest. Above 4 erf is 1.
Expr polynomialErf(Expr x) {
  Expr sign = bitsOf(x) & Expr(std::numeric_limits<int32_t>::min());
  Expr magnitude = floatOf(bitsOf(x) & 0x7fffffff);
  Expr small =
      x * polynomial(x * x, {8.50320703e-05f, -0.000817395755f, 0.00520377335f,
                             -0.0268605015f, 0.112837155f, -0.376126351f,
                             1.12837917f});
  Expr clamped = select(magnitude > 4.0f, 4.0f, magnitude); // a NaN stays
  Expr exponent = polynomial(
      clamped, {1.11078153e-06f, -1.78625952e-05f, 0.000103408256f,
                -5.95329979e-05f, -0.00294059731f, 0.0231226322f, -0.106167312f,
                -0.634753579f, -1.12897972f, 8.59409414e-05f});
  Expr large = 1.0f - polynomialExp(exponent);
  large = floatOf(bitsOf(large) | sign);
  return select(magnitude < 0.9f, small, large);
}

namespace {
/// x = quadrant pi/2 + rest, |rest| <= pi/4.
struct Angle {
  Expr quadrant, rest;
};
} // namespace

static Expr wide(uint64_t value) {
  return Halide::Internal::UIntImm::make(Halide::UInt(64), value);
}

// Payne and Hanek: |x| = m 2^e with an integer m of 24 bits, and of x 2/pi only
// what is below 4 counts, that is m times the 96 bits of 2/pi from weight
// 2^(2-e) down. The worst float32 argument is 2^-30 away from a multiple of
// pi/2; the product is exact to 2^-62.
static Angle reduceAngle(Expr x) {
  static constexpr uint32_t twoOverPi[] = {0,          0xa2f9836e, 0x4e441529,
                                           0xfc2757d1, 0xf534ddc0, 0xdb629599,
                                           0x3c439041, 0xfe5163ab, 0xdebbc561};
  Expr bits = bitsOf(x) & 0x7fffffff;
  Expr m = cast<uint64_t>((bits & 0x007fffff) | 0x00800000);
  // 32 zero bits stand in front of the table for arguments near 1.
  Expr place = Halide::max((bits >> 23) - 150 - 2 + 32, 0);
  Expr word = place >> 5, shift = cast<uint64_t>(place & 31);
  auto table = [&](int offset) {
    Expr value = wide(twoOverPi[offset]);
    for (int i = 1; i <= 4; ++i)
      value = select(word == i, wide(twoOverPi[offset + i]), value);
    return value;
  };
  Expr thirtyTwo = wide(32), low = wide(0xffffffff);
  Expr high = (table(0) << thirtyTwo) | table(1);
  Expr next = (table(2) << thirtyTwo) | table(3);
  // A shift by 64 is none in hardware: two shifts by at most 63.
  Expr carried = (next >> wide(1)) >> (wide(63) - shift);
  Expr window = (high << shift) | carried;
  Expr tail = ((next << shift) >> thirtyTwo) & low;
  Expr product = m * window + ((m * tail) >> thirtyTwo);
  Expr rounded = product + wide(uint64_t(1) << 61);
  Expr quadrant = cast<int32_t>(rounded >> wide(62));
  Expr fraction = cast<int64_t>(product - ((rounded >> wide(62)) << wide(62)));
  // In units of 2^-62 quarter turns.
  Expr rest = cast<float>(fraction) * 3.4061215800e-19f;
  Expr negative = bitsOf(x) < 0;
  rest = select(negative, -rest, rest);
  quadrant = select(negative, -quadrant, quadrant);
  Expr near = bits < 0x3f490fdb; // pi/4
  Expr special = bits >= 0x7f800000;
  rest = select(near, x, rest);
  return {select(near, 0, quadrant),
          select(special, std::numeric_limits<float>::quiet_NaN(), rest)};
}

/// sin(x + turns pi/2)
static Expr sineOf(Expr x, int turns) {
  Angle angle = reduceAngle(x);
  Expr r = angle.rest, z = r * r;
  Expr sine = r + r * z *
                      polynomial(z, {2.71830861e-06f, -0.000198393345f,
                                     0.00833332938f, -0.166666666f});
  Expr cosine =
      1.0f - 0.5f * z +
      z * z * polynomial(z, {2.44384214e-05f, -0.00138873673f, 0.0416666469f});
  Expr quadrant = angle.quadrant + turns;
  Expr value = select((quadrant & 1) == 0, sine, cosine);
  return floatOf(bitsOf(value) ^ ((quadrant & 2) << 30));
}

Expr polynomialSin(Expr x) { return sineOf(x, 0); }
Expr polynomialCos(Expr x) { return sineOf(x, 1); }

/// `x` where it is whole anyway, inf or NaN; the sign of zero from `x`.
static Expr keepWhole(const Expr &x, const Expr &rounded) {
  Expr sign = bitsOf(x) & Expr(std::numeric_limits<int32_t>::min());
  Expr magnitude = bitsOf(x) & 0x7fffffff;
  Expr value = select(rounded == 0.0f, floatOf(sign), rounded);
  return select(magnitude >= 0x4b000000, x, value); // 2^23
}

Expr roundDown(Expr x) {
  Expr magnitude = bitsOf(x) & 0x7fffffff;
  Expr safe = select(magnitude >= 0x4b000000, 0.0f, x);
  Expr whole = cast<float>(cast<int32_t>(safe));
  return keepWhole(x, select(whole > safe, whole - 1.0f, whole));
}

Expr roundToEven(Expr x) {
  Expr sign = bitsOf(x) & Expr(std::numeric_limits<int32_t>::min());
  Expr magic = floatOf(bitsOf(Expr(8388608.0f)) | sign); // 2^23
  return keepWhole(x, (x + magic) - magic);
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
