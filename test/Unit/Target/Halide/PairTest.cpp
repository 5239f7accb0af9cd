//===- PairTest.cpp - Rounding to bfloat16 and what it costs --------------===//
//
// The rounding kernel bit by bit, and the error of contractions whose operands
// are rounded, against double precision.
//
//===----------------------------------------------------------------------===//

#include "KernelRunner.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace upconv;
using namespace upconv::test;

static uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

static float floatOf(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// bfloat16 is the upper half of float32.
static float rounded(float value) {
  Tensor one({1, 1});
  one.values[0] = value;
  return floatOf(bitsOf(roundedPairs(one).values[0]) << 16);
}

TEST(Rounding, GoesToTheNearestAndToTheEvenOne) {
  // 8 bits of significand: 1 + 2^-7 is the neighbour of 1.
  const float step = 0.0078125f;
  EXPECT_EQ(rounded(1 + step / 2), 1);                // a tie, to even
  EXPECT_EQ(rounded(1 + 3 * step / 2), 1 + 2 * step); // a tie, to even
  EXPECT_EQ(rounded(1 + step / 2 + step / 1024), 1 + step);
  EXPECT_EQ(rounded(-1 - step / 2 - step / 1024), -1 - step);
  EXPECT_EQ(bitsOf(rounded(-0.0f)), 0x80000000u);
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(rounded(infinity), infinity);
  EXPECT_EQ(rounded(-std::numeric_limits<float>::max()), -infinity);
  for (uint32_t nan : {0x7fffffffu, 0x7f800001u, 0xffff8000u, 0x7fc00000u})
    EXPECT_TRUE(std::isnan(rounded(floatOf(nan)))) << nan;
}

static Tensor anyBits(std::vector<int64_t> shape, unsigned seed) {
  Tensor result(std::move(shape));
  std::mt19937 random(seed);
  for (float &value : result.values)
    value = floatOf(random());
  return result;
}

TEST(Rounding, OfAKernelIsThatOfThePacker) {
  for (int64_t channels : {1, 2, 5, 8, 33})
    for (bool dynamic : {false, true})
      for (const char *level : {"x86-64", "x86-64-v3", "x86-64-v4"}) {
        Problem problem = problemOf(Anchor::Round, "round", dynamic);
        KernelSpec &spec = problem.spec;
        if (std::string(level) <= hostLevel())
          spec.target = target(level);
        std::vector<int64_t> shape = {2, 3, 7, channels}, pairs = shape;
        pairs.back() = (channels + 1) / 2;
        spec.input = problem.argument(shape, {}, {});
        spec.output = problem.argument(pairs, {0, 1, 1, 0}, {0, 1, 2, 0});
        Tensor input = anyBits(shape, channels);
        Tensor expected = roundedPairs(input);
        Tensor actual = run(problem, input, Tensor(), Tensor(), {}, pairs, 2);
        for (size_t i = 0; i < expected.values.size(); ++i)
          ASSERT_EQ(bitsOf(actual.values[i]), bitsOf(expected.values[i]))
              << "pair " << i << " of " << channels << " channels, " << level;
      }
}

static Tensor reals(std::vector<int64_t> shape, unsigned seed) {
  Tensor result(std::move(shape));
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> draw(-1, 1);
  for (float &value : result.values)
    value = draw(random);
  return result;
}

template <typename Function> static Tensor mapped(Tensor tensor, Function f) {
  for (float &value : tensor.values)
    value = f(value);
  return tensor;
}

/// A product of two rounded numbers is off by at most 2u + u^2 of itself, u =
/// 2^-8 (half a step of 8 bits), and a sum of n products in float32 by n 2^-24
/// of the sum of their magnitudes: both times the sum over |x| |w|, which the
/// reference gives for the magnitudes of the operands.
TEST(Rounding, CostsNoMoreThanItsBound) {
  for (auto [strategy, tx] : {std::pair{"phase", 6}, {"phase-gemm", 4}}) {
    Problem problem = problemOf(Anchor::ConvTranspose, strategy, false);
    KernelSpec &spec = problem.spec;
    const int64_t cin = 65, cout = 24;
    spec.window = {4};
    spec.strides = {2};
    spec.dilations = {1};
    spec.low = {Size::of(1)};
    spec.pairedChannels = cin;
    spec.schedule.knobs["tx"] = tx;
    std::vector<int64_t> in = {1, 33, cin}, pairs = {1, 33, (cin + 1) / 2},
                         out = {1, 66, cout};
    spec.output = problem.argument(out, {}, {});
    spec.input = problem.argument(pairs, {}, {});
    HaloRequirement halo = requiredHalo(spec);
    spec.input = problem.argument(pairs, halo.low, halo.high);
    Tensor x = reals(in, 1), w = reals({4, cout, cin}, 2);
    Tensor actual = run(problem, roundedPairs(x), w, Tensor(), {}, out);

    Problem wide = problem;
    wide.spec.pairedChannels = 0;
    auto magnitude = [](float value) { return std::abs(value); };
    auto exact = [&](const Tensor &x, const Tensor &w) {
      return reference(wide.spec, wide, x, w, Tensor(), out);
    };
    Tensor full = exact(x, w),
           sums = exact(mapped(x, magnitude), mapped(w, magnitude)),
           ofRounded = exact(mapped(x, rounded), mapped(w, rounded));
    const double u = std::ldexp(1, -8), terms = 2 * cin;
    const double products = 2 * u + u * u, additions = std::ldexp(terms, -24);
    double greatest = 0;
    for (size_t i = 0; i < full.values.size(); ++i) {
      double off = std::abs(double(actual.values[i]) - full.values[i]);
      EXPECT_LE(off, (products + additions) * sums.values[i]) << i;
      // Of the rounded operands only the additions are inexact.
      EXPECT_LE(std::abs(double(actual.values[i]) - ofRounded.values[i]),
                2 * additions * sums.values[i])
          << i;
      greatest = std::max(greatest, off / sums.values[i]);
    }
    EXPECT_GT(greatest, u / 16) << "were the operands rounded at all?";
  }
}
