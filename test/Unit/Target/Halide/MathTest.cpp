//===- MathTest.cpp - Bounds of the transcendentals -----------------------===//
//
// Ulp distances to the double-precision functions of libm, over a dense sample
// of all float32 values; all 2^32 with UPCONV_TEST_EXHAUSTIVE=1. Vector bodies
// and masked tails must agree bit for bit.
//
//===----------------------------------------------------------------------===//

#include "KernelRunner.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

using namespace upconv;
using namespace upconv::test;

namespace {

float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// Distance in units of the last place of the exact result's float.
double ulps(float actual, double exact) {
  float rounded = static_cast<float>(exact);
  if (std::isnan(rounded) || std::isnan(actual))
    return std::isnan(rounded) == std::isnan(actual) ? 0 : INFINITY;
  if (actual == rounded)
    return 0;
  if (std::isinf(rounded) || std::isinf(actual)) {
    // The last finite value and inf are neighbours.
    float other = std::isinf(rounded) ? actual : rounded;
    return std::fabs(other) > 3.4028e38f ? 1 : INFINITY;
  }
  int exponent;
  std::frexp(rounded, &exponent);
  double ulp = std::ldexp(1.0, std::max(exponent - 24, -149));
  return std::fabs(actual - exact) / ulp;
}

Problem elementwiseProblem() {
  Problem problem;
  KernelSpec &spec = problem.spec;
  spec.name = "kernel";
  spec.anchor = Anchor::Elementwise;
  spec.schedule.strategy = "elementwise";
  spec.target = target(hostLevel());
  return problem;
}

void checkFunction(ScalarNode::Kind kind, double (*exact)(double),
                   double bound) {
  const uint64_t chunk = 1 << 22;
  bool exhaustive = std::getenv("UPCONV_TEST_EXHAUSTIVE") != nullptr;
  uint64_t step = exhaustive ? 1 : 1021;
  Problem problem = elementwiseProblem();
  KernelSpec &spec = problem.spec;
  spec.epilogue = {{ScalarNode::Kind::Anchor, {}, 0, 0}, {kind, {0}, 0, 0}};
  double worst = 0;
  float where = 0;
  for (uint64_t first = 0; first < (1ull << 32); first += chunk * step) {
    int64_t count =
        std::min<uint64_t>(chunk, ((1ull << 32) - first + step - 1) / step);
    Tensor input({1, count});
    for (int64_t i = 0; i < count; ++i)
      input.values[i] = fromBits(static_cast<uint32_t>(first + i * step));
    spec.input = spec.output = problem.argument({1, count}, {}, {});
    Tensor output = run(problem, input, Tensor(), Tensor(), {}, {1, count});
    for (int64_t i = 0; i < count; ++i) {
      double error = ulps(output.values[i], exact(input.values[i]));
      if (error > worst) {
        worst = error;
        where = input.values[i];
      }
    }
  }
  EXPECT_LE(worst, bound) << "at " << where;
  std::printf("worst %.3f ulp at %g\n", worst, where);
}

} // namespace

TEST(Math, Exp) { checkFunction(ScalarNode::Kind::Exp, std::exp, 2); }
TEST(Math, Log1p) { checkFunction(ScalarNode::Kind::Log1p, std::log1p, 3); }
TEST(Math, Expm1) { checkFunction(ScalarNode::Kind::Expm1, std::expm1, 3); }
TEST(Math, Log) { checkFunction(ScalarNode::Kind::Log, std::log, 2); }
TEST(Math, Erf) { checkFunction(ScalarNode::Kind::Erf, std::erf, 3); }
TEST(Math, Sin) { checkFunction(ScalarNode::Kind::Sin, std::sin, 3); }
TEST(Math, Cos) { checkFunction(ScalarNode::Kind::Cos, std::cos, 3); }
TEST(Math, Floor) { checkFunction(ScalarNode::Kind::Floor, std::floor, 0); }
TEST(Math, RoundEven) {
  checkFunction(ScalarNode::Kind::RoundEven, std::nearbyint, 0);
}
TEST(Math, Tanh) { checkFunction(ScalarNode::Kind::Tanh, std::tanh, 3); }

TEST(Math, TailsHaveTheBitsOfBodies) {
  Problem problem = elementwiseProblem();
  KernelSpec &spec = problem.spec;
  spec.epilogue = {{ScalarNode::Kind::Anchor, {}, 0, 0},
                   {ScalarNode::Kind::Tanh, {0}, 0, 0},
                   {ScalarNode::Kind::Exp, {1}, 0, 0}};
  const int64_t count = 31;
  spec.input = spec.output = problem.argument({1, count}, {}, {});
  Tensor input({1, count});
  for (int64_t i = 0; i < count; ++i)
    input.values[i] = 0.37f * static_cast<float>(i % 15) - 2.0f;
  Tensor output = run(problem, input, Tensor(), Tensor(), {}, {1, count});
  for (int64_t i = 0; i + 15 < count; ++i)
    EXPECT_EQ(output.values[i], output.values[i + 15]);
}
