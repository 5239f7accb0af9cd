//===- MovementTest.cpp - Reindexing, resampling, reductions --------------===//
//
// Against plain loops, with known and with run-time sizes, whole and cut into
// tasks.
//
//===----------------------------------------------------------------------===//

#include "KernelRunner.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace upconv;
using namespace upconv::test;

namespace {

using Index = std::vector<int64_t>;

/// Calls `visit` with every index of `shape` in row-major order.
template <typename Visit> void forEach(const Index &shape, Visit visit) {
  Index index(shape.size(), 0);
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  for (int64_t i = 0; i < count; ++i) {
    int64_t rest = i;
    for (size_t d = shape.size(); d-- > 0; rest /= shape[d])
      index[d] = rest % shape[d];
    visit(i, index);
  }
}

float at(const Tensor &tensor, const Index &index) {
  int64_t flat = 0;
  for (size_t d = 0; d < index.size(); ++d)
    flat = flat * tensor.shape[d] + index[d];
  return tensor.values[flat];
}

void expectNear(const Tensor &actual, const Tensor &expected, float tolerance) {
  ASSERT_EQ(actual.values.size(), expected.values.size());
  for (size_t i = 0; i < actual.values.size(); ++i)
    ASSERT_NEAR(actual.values[i], expected.values[i], tolerance)
        << "at element " << i;
}

struct Reindexing {
  Index in, out, start, step, repeat;
  Border border;
};

/// The input position of output position `o`, or -1 for the fill value.
int64_t source(const Reindexing &r, size_t d, int64_t o) {
  int64_t p = o * r.step[d] + r.start[d], n = r.in[d];
  p = p >= 0 ? p / r.repeat[d] : -((-p + r.repeat[d] - 1) / r.repeat[d]);
  if (p >= 0 && p < n)
    return p;
  switch (r.border) {
  case Border::Edge:
    return p < 0 ? 0 : n - 1;
  case Border::Reflect:
    return p < 0 ? -p : 2 * (n - 1) - p;
  case Border::Symmetric:
    return p < 0 ? -1 - p : 2 * n - 1 - p;
  default:
    return -1;
  }
}

void checkReindexing(const Reindexing &r, bool dynamic, int64_t gap) {
  Problem problem = problemOf(Anchor::Reindex, "reindex", dynamic);
  KernelSpec &spec = problem.spec;
  spec.border = r.border;
  spec.fill = 7;
  spec.input = problem.argument(r.in, {}, {}, gap);
  spec.output = problem.argument(r.out, {}, {}, gap);
  for (size_t d = 0; d < r.in.size(); ++d)
    spec.indices.push_back({Size::of(r.start[d]), r.step[d], r.repeat[d]});
  Tensor input = integers(r.in, 1), expected(r.out);
  forEach(r.out, [&](int64_t i, const Index &index) {
    Index from;
    bool inside = true;
    for (size_t d = 0; d < index.size(); ++d) {
      from.push_back(source(r, d, index[d]));
      inside &= from.back() >= 0;
    }
    expected.values[i] = inside ? at(input, from) : 7;
  });
  expectNear(run(problem, input, Tensor(), Tensor(), {}, r.out, 3), expected,
             0);
}

} // namespace

TEST(Reindex, PadsCropsSlicesReversesRepeats) {
  const Index one = {1, 1, 1, 1};
  for (bool dynamic : {false, true})
    for (int64_t c : {1, 3, 16, 19})
      for (const Reindexing &r :
           std::initializer_list<Reindexing>{{{2, 4, 5, c},
                                              {2, 7, 9, c},
                                              {0, -1, -3, 0},
                                              one,
                                              one,
                                              Border::Fill},
                                             {{2, 6, 7, c},
                                              {2, 3, 4, c},
                                              {0, 2, 1, 0},
                                              one,
                                              one,
                                              Border::None},
                                             {{1, 5, 6, c},
                                              {1, 9, 12, c},
                                              {0, -2, -3, 0},
                                              one,
                                              one,
                                              Border::Reflect},
                                             {{1, 5, 6, c},
                                              {1, 9, 12, c},
                                              {0, -2, -3, 0},
                                              one,
                                              one,
                                              Border::Symmetric},
                                             {{1, 5, 6, c},
                                              {1, 9, 12, c},
                                              {0, -2, -3, 0},
                                              one,
                                              one,
                                              Border::Edge},
                                             {{2, 3, 4, c},
                                              {2, 6, 12, c},
                                              {0, 0, 0, 0},
                                              one,
                                              {1, 2, 3, 1},
                                              Border::None},
                                             {{2, 7, 8, c},
                                              {2, 3, 8, c},
                                              {0, 1, 7, 0},
                                              {1, 2, -1, 1},
                                              one,
                                              Border::None},
                                             {{2, 3, 4, c},
                                              {2, 5, 4, c + 3},
                                              {0, -1, 0, -2},
                                              one,
                                              one,
                                              Border::Fill},
                                             {{2, 3, 4, c},
                                              {2, 3, 4, 2 * c},
                                              {0, 0, 0, 0},
                                              one,
                                              {1, 1, 1, 2},
                                              Border::None}})
        for (int64_t gap : {0, 2})
          checkReindexing(r, dynamic, gap);
}

TEST(Interpolate, WeighsNeighbours) {
  // Bilinear by 2 and by 3, half-pixel centres.
  struct Form {
    Index first;
    std::vector<double> weights;
  };
  const Form forms[] = {{{-1, 0}, {0.25, 0.75, 0.75, 0.25}},
                        {{-1, -1, 0}, {1. / 3, 2. / 3, 0, 1, 2. / 3, 1. / 3}}};
  for (const Form &form : forms)
    for (Border border : {Border::Edge, Border::Renormalize})
      for (bool dynamic : {false, true})
        for (int64_t axis : {1, 2})
          for (int64_t c : {1, 5, 16, 21}) {
            int64_t factor = form.first.size();
            int64_t taps = form.weights.size() / factor;
            Index in = {2, 3, 4, c}, out = in;
            out[axis] *= factor;
            Problem problem =
                problemOf(Anchor::Interpolate, "interpolate", dynamic);
            KernelSpec &spec = problem.spec;
            spec.axis = axis;
            spec.border = border;
            spec.firstTap = form.first;
            spec.tapWeights = form.weights;
            spec.input = problem.argument(in, {}, {});
            spec.output = problem.argument(out, {}, {}, 1);
            Tensor input = integers(in, 1), expected(out);
            forEach(out, [&](int64_t i, const Index &index) {
              int64_t r = index[axis] % factor;
              double sum = 0, total = 0;
              for (int64_t t = 0; t < taps; ++t) {
                Index from = index;
                from[axis] = index[axis] / factor + form.first[r] + t;
                double weight = form.weights[r * taps + t];
                bool inside = from[axis] >= 0 && from[axis] < in[axis];
                if (!inside && border == Border::Renormalize)
                  continue;
                from[axis] = std::clamp<int64_t>(from[axis], 0, in[axis] - 1);
                sum += weight * at(input, from);
                total += weight;
              }
              expected.values[i] =
                  border == Border::Renormalize ? sum / total : sum;
            });
            expectNear(run(problem, input, Tensor(), Tensor(), {}, out, 2),
                       expected, 1e-6f);
          }
}

TEST(Reduce, CombinesAlongAnyAxis) {
  using Kind = ScalarNode::Kind;
  for (Reduction reduction :
       {Reduction::Sum, Reduction::Mean, Reduction::Product, Reduction::Max,
        Reduction::Min})
    for (bool dynamic : {false, true})
      for (int64_t axis : {1, 2, 3})
        for (int64_t c : {1, 5, 16, 35}) {
          Index in = {2, 3, 4, c}, out = in;
          out[axis] = 1;
          Problem problem = problemOf(Anchor::Reduce, "reduce", dynamic);
          KernelSpec &spec = problem.spec;
          spec.axis = axis;
          spec.reduction = reduction;
          spec.input = problem.argument(in, {}, {});
          spec.output = problem.argument(out, {}, {});
          spec.output.shape[axis] = Size::of(1);
          spec.reducedExtent = spec.input.shape[axis];
          // (x - mean)^2, the mean broadcast along the axis
          spec.operands = {problem.argument(out, {}, {})};
          spec.operands[0].shape[axis] = Size::of(1);
          spec.epilogue = {{Kind::Anchor, {}, 0, 0},
                           {Kind::Operand, {}, 0, 0},
                           {Kind::Sub, {0, 1}, 0, 0},
                           {Kind::Mul, {2, 2}, 0, 0}};
          Tensor input = integers(in, 1), mean = integers(out, 2);
          Tensor expected(out);
          forEach(out, [&](int64_t i, const Index &index) {
            double sum = 0, product = 1,
                   most = -std::numeric_limits<double>::infinity(),
                   least = -most;
            for (int64_t r = 0; r < in[axis]; ++r) {
              Index from = index;
              from[axis] = r;
              double x = std::pow(at(input, from) - at(mean, index), 2);
              sum += x;
              product *= x;
              most = std::max(most, x);
              least = std::min(least, x);
            }
            expected.values[i] = reduction == Reduction::Sum    ? sum
                                 : reduction == Reduction::Mean ? sum / in[axis]
                                 : reduction == Reduction::Product ? product
                                 : reduction == Reduction::Max     ? most
                                                                   : least;
          });
          Tensor actual =
              run(problem, input, Tensor(), Tensor(), {mean}, out, 2);
          ASSERT_EQ(actual.values.size(), expected.values.size());
          for (size_t i = 0; i < actual.values.size(); ++i)
            ASSERT_FLOAT_EQ(actual.values[i], expected.values[i])
                << "axis " << axis << ", channels " << c;
        }
}

TEST(Lookup, TakesTheNearestRow) {
  for (bool dynamic : {false, true})
    for (int64_t width : {1, 5, 16, 19}) {
      Problem problem = problemOf(Anchor::Lookup, "lookup", dynamic);
      KernelSpec &spec = problem.spec;
      Index in = {2, 3}, out = {2, 3, width};
      spec.input = problem.argument(in, {}, {});
      spec.output = problem.argument(out, {}, {});
      spec.operands = {problem.argument({4, width}, {}, {})};
      spec.epilogue = {{ScalarNode::Kind::Operand, {}, 0, 0}};
      Tensor input(in), table = integers({4, width}, 3), expected(out);
      input.values = {0, 3, 1.75f, -1, 1e30f, std::nanf("")};
      const int64_t rows[] = {0, 3, 1, 0, 3, 0};
      for (int64_t i = 0; i < expected.count(); ++i)
        expected.values[i] = table.values[rows[i / width] * width + i % width];
      expectNear(run(problem, input, Tensor(), Tensor(), {table}, out, 2),
                 expected, 0);
    }
}
