//===- DataKernelTest.cpp - Kernels without weights -----------------------===//
//
// Pools, elementwise kernels, softmax, transposes and copies against plain
// loops.
//
//===----------------------------------------------------------------------===//

#include "KernelRunner.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace upconv;
using namespace upconv::test;

namespace {

void expectEqual(const Tensor &actual, const Tensor &expected,
                 float tolerance = 0) {
  ASSERT_EQ(actual.values.size(), expected.values.size());
  for (size_t i = 0; i < actual.values.size(); ++i)
    ASSERT_NEAR(actual.values[i], expected.values[i], tolerance)
        << "at element " << i;
}

} // namespace

TEST(Pool, SkipsWhatLiesOutside) {
  for (Anchor anchor : {Anchor::MaxPool, Anchor::AveragePool})
    for (bool dynamic : {false, true})
      for (int64_t channels : {1, 3, 16, 21}) {
        Problem problem = problemOf(anchor, "pool", dynamic);
        KernelSpec &spec = problem.spec;
        spec.window = {3, 2};
        spec.strides = {2, 1};
        spec.dilations = {1, 1};
        spec.low = {Size::of(1), Size::of(0)};
        spec.input = problem.argument({2, 7, 5, channels}, {}, {});
        spec.output = problem.argument({2, 4, 5, channels}, {}, {}, 2);
        Tensor input = integers({2, 7, 5, channels}, 1);
        Tensor expected({2, 4, 5, channels});
        for (int64_t i = 0; i < expected.count(); ++i) {
          int64_t c = i % channels, x = i / channels % 5,
                  y = i / channels / 5 % 4, n = i / channels / 20;
          float most = -std::numeric_limits<float>::infinity(), sum = 0;
          int count = 0;
          for (int64_t ky = 0; ky < 3; ++ky)
            for (int64_t kx = 0; kx < 2; ++kx) {
              int64_t iy = 2 * y + ky - 1, ix = x + kx;
              if (iy < 0 || iy >= 7 || ix >= 5)
                continue;
              float value =
                  input.values[((n * 7 + iy) * 5 + ix) * channels + c];
              most = std::max(most, value);
              sum += value;
              ++count;
            }
          expected.values[i] = anchor == Anchor::MaxPool ? most : sum / count;
        }
        expectEqual(
            run(problem, input, Tensor(), Tensor(), {}, {2, 4, 5, channels}, 2),
            expected);
      }
}

TEST(Elementwise, BroadcastsItsOperands) {
  using Kind = ScalarNode::Kind;
  for (bool dynamic : {false, true})
    for (int64_t channels : {1, 3, 8, 16, 19}) {
      Problem problem = problemOf(Anchor::Elementwise, "elementwise", dynamic);
      KernelSpec &spec = problem.spec;
      std::vector<int64_t> shape = {2, 3, 5, channels};
      spec.input = problem.argument(shape, {}, {});
      spec.output = problem.argument(shape, {0, 1, 1, 0}, {0, 1, 2, 0});
      spec.output.haloLow = spec.output.haloHigh = {0, 0, 0, 0};
      spec.operands = {problem.argument(shape, {}, {}),
                       problem.argument({channels}, {}, {})};
      spec.operands.push_back(spec.operands[0]);
      spec.operands[2].shape[1] = spec.operands[2].shape[2] = Size::of(1);
      spec.operands[2].strides = {Size::of(channels), Size::of(channels),
                                  Size::of(channels), Size::of(1)};
      // input * channel + full - image
      spec.epilogue = {{Kind::Anchor, {}, 0, 0},  {Kind::Operand, {}, 0, 0},
                       {Kind::Operand, {}, 0, 1}, {Kind::Operand, {}, 0, 2},
                       {Kind::Mul, {0, 2}, 0, 0}, {Kind::Add, {4, 1}, 0, 0},
                       {Kind::Sub, {5, 3}, 0, 0}};
      Tensor input = integers(shape, 1), full = integers(shape, 2),
             channel = integers({channels}, 3),
             image = integers({2, 1, 1, channels}, 4);
      Tensor expected(shape);
      for (int64_t i = 0; i < expected.count(); ++i)
        expected.values[i] =
            input.values[i] * channel.values[i % channels] + full.values[i] -
            image.values[i / (15 * channels) * channels + i % channels];
      expectEqual(run(problem, input, Tensor(), Tensor(),
                      {full, channel, image}, shape, 3),
                  expected);
    }
}

TEST(Elementwise, PassesNaNThroughMaximum) {
  using Kind = ScalarNode::Kind;
  for (const char *level : {"x86-64", "x86-64-v3", "x86-64-v4"}) {
    if (std::string(level) > hostLevel())
      continue;
    Problem problem = problemOf(Anchor::Elementwise, "elementwise", false);
    KernelSpec &spec = problem.spec;
    spec.target = target(level);
    spec.input = problem.argument({1, 37}, {}, {});
    spec.output = problem.argument({1, 37}, {}, {});
    spec.epilogue = {{Kind::Anchor, {}, 0, 0},
                     {Kind::Constant, {}, 0, 0},
                     {Kind::Max, {0, 1}, 0, 0},
                     {Kind::Constant, {}, 6, 0},
                     {Kind::Min, {2, 3}, 0, 0}};
    Tensor input({1, 37});
    const float infinity = std::numeric_limits<float>::infinity();
    for (size_t i = 0; i < 37; ++i)
      input.values[i] = i % 5 == 0   ? std::nanf("")
                        : i % 5 == 1 ? infinity
                        : i % 5 == 2 ? -infinity
                                     : static_cast<float>(i) - 4;
    Tensor actual = run(problem, input, Tensor(), Tensor(), {}, {1, 37});
    for (size_t i = 0; i < 37; ++i) {
      float x = input.values[i];
      if (std::isnan(x))
        EXPECT_TRUE(std::isnan(actual.values[i])) << i << " " << level;
      else
        EXPECT_EQ(actual.values[i], std::min(std::max(x, 0.0f), 6.0f));
    }
  }
}

TEST(Elementwise, ComparisonsAreFalseOnNaN) {
  using Kind = ScalarNode::Kind;
  for (Kind kind : {Kind::Less, Kind::LessEqual}) {
    Problem problem = problemOf(Anchor::Elementwise, "elementwise", false);
    KernelSpec &spec = problem.spec;
    spec.input = problem.argument({1, 20}, {}, {});
    spec.output = problem.argument({1, 20}, {}, {});
    spec.epilogue = {{Kind::Anchor, {}, 0, 0},
                     {Kind::Constant, {}, 0, 0},
                     {kind, {0, 1}, 0, 0},
                     {Kind::Constant, {}, 1, 0},
                     {Kind::Select, {2, 3, 1}, 0, 0}};
    Tensor input({1, 20});
    for (size_t i = 0; i < 20; ++i)
      input.values[i] = i % 3 == 0 ? std::nanf("") : static_cast<float>(i) - 9;
    Tensor actual = run(problem, input, Tensor(), Tensor(), {}, {1, 20});
    for (size_t i = 0; i < 20; ++i) {
      float x = input.values[i];
      bool expected = kind == Kind::Less ? x < 0 : x <= 0;
      EXPECT_EQ(actual.values[i], expected ? 1.0f : 0.0f) << i;
    }
  }
}

TEST(Softmax, SumsToOne) {
  for (bool dynamic : {false, true})
    for (int64_t channels : {1, 2, 7, 16, 35}) {
      Problem problem = problemOf(Anchor::Softmax, "softmax", dynamic);
      KernelSpec &spec = problem.spec;
      std::vector<int64_t> shape = {2, 3, channels};
      spec.input = problem.argument(shape, {}, {});
      spec.output = problem.argument(shape, {}, {}, 1);
      Tensor input = integers(shape, 5), expected(shape);
      input.values[0] = 200; // exp overflows without the maximum
      for (int64_t row = 0; row < 6; ++row) {
        double sum = 0, most = -1e9;
        for (int64_t c = 0; c < channels; ++c)
          most = std::max<double>(most, input.values[row * channels + c]);
        for (int64_t c = 0; c < channels; ++c)
          sum += std::exp(input.values[row * channels + c] - most);
        for (int64_t c = 0; c < channels; ++c)
          expected.values[row * channels + c] = static_cast<float>(
              std::exp(input.values[row * channels + c] - most) / sum);
      }
      expectEqual(run(problem, input, Tensor(), Tensor(), {}, shape, 2),
                  expected, 3e-7f);
    }
}

TEST(Transpose, AnyPermutation) {
  std::vector<std::vector<int64_t>> permutations = {
      {0, 1, 2, 3}, {0, 3, 1, 2}, {0, 2, 3, 1}, {0, 2, 1, 3}};
  for (bool dynamic : {false, true})
    for (const auto &permutation : permutations) {
      Problem problem = problemOf(Anchor::Transpose, "transpose", dynamic);
      KernelSpec &spec = problem.spec;
      spec.permutation = permutation;
      std::vector<int64_t> in = {2, 5, 7, 19}, out;
      for (int64_t d : permutation)
        out.push_back(in[d]);
      spec.input = problem.argument(in, {}, {});
      spec.output = problem.argument(out, {}, {});
      Tensor input = integers(in, 6), expected(out);
      for (int64_t i = 0; i < expected.count(); ++i) {
        int64_t rest = i, at[4];
        for (int d = 3; d >= 0; --d) {
          at[permutation[d]] = rest % out[d];
          rest /= out[d];
        }
        expected.values[i] =
            input.values[((at[0] * in[1] + at[1]) * in[2] + at[2]) * in[3] +
                         at[3]];
      }
      expectEqual(run(problem, input, Tensor(), Tensor(), {}, out, 2),
                  expected);
    }
}

TEST(Copy, DenseToHalo) {
  for (bool dynamic : {false, true}) {
    Problem problem = problemOf(Anchor::Copy, "copy", dynamic);
    KernelSpec &spec = problem.spec;
    std::vector<int64_t> shape = {2, 5, 7, 3};
    spec.input = problem.argument(shape, {}, {});
    spec.output = problem.argument(shape, {}, {}, 5);
    Tensor input = integers(shape, 7);
    expectEqual(run(problem, input, Tensor(), Tensor(), {}, shape, 2), input);
  }
}
