//===- MinimalFilterTest.cpp - Winograd's matrices ------------------------===//

#include "MinimalFilter.h"

#include "gtest/gtest.h"

#include <cmath>
#include <set>

using namespace upconv;

namespace {

using Vector = std::vector<double>;

Vector product(const MinimalFilter::Matrix &matrix, const Vector &vector) {
  Vector result;
  for (const Vector &row : matrix) {
    EXPECT_EQ(row.size(), vector.size());
    double sum = 0;
    for (size_t i = 0; i < row.size(); ++i)
      sum += row[i] * vector[i];
    result.push_back(sum);
  }
  return result;
}

class MinimalFilterTest
    : public testing::TestWithParam<std::pair<int64_t, int64_t>> {};

// Every pair of unit vectors: the algorithm is bilinear, so that is all of it.
TEST_P(MinimalFilterTest, IsACorrelation) {
  auto [outputs, taps] = GetParam();
  MinimalFilter f = minimalFilter(outputs, taps);
  ASSERT_EQ(f.points(), outputs + taps - 1);
  for (int64_t input = 0; input < f.points(); ++input)
    for (int64_t tap = 0; tap < taps; ++tap) {
      Vector d(f.points()), g(taps);
      d[input] = g[tap] = 1;
      Vector products = product(f.filter, g), inputs = product(f.input, d);
      for (size_t i = 0; i < products.size(); ++i)
        products[i] *= inputs[i];
      Vector y = product(f.output, products);
      for (int64_t o = 0; o < outputs; ++o)
        EXPECT_EQ(y[o], o + tap == input ? 1 : 0)
            << "F(" << outputs << ", " << taps << "), output " << o
            << ", input " << input << ", tap " << tap;
    }
}

// What float32 multiplies exactly, and what needs no multiplication at run
// time.
TEST_P(MinimalFilterTest, HasSmallEntries) {
  auto [outputs, taps] = GetParam();
  MinimalFilter f = minimalFilter(outputs, taps);
  for (const MinimalFilter::Matrix *matrix : {&f.input, &f.output})
    for (const Vector &row : *matrix)
      for (double entry : row)
        EXPECT_TRUE(entry == 0 || std::abs(entry) == 1) << entry;
  for (const Vector &row : f.filter)
    for (double entry : row)
      EXPECT_TRUE(entry == 0 || std::abs(entry) == 1 || std::abs(entry) == 0.5)
          << entry;
}

INSTANTIATE_TEST_SUITE_P(All, MinimalFilterTest,
                         testing::Values(std::pair(1, 1), std::pair(2, 1),
                                         std::pair(1, 2), std::pair(2, 2),
                                         std::pair(2, 3), std::pair(3, 2),
                                         std::pair(1, 4), std::pair(4, 1)));

} // namespace
