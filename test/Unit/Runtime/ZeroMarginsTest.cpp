//===- ZeroMarginsTest.cpp - Only the margins, and all of them ------------===//

#include "upconv/Runtime/Runtime.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <vector>

namespace {

struct Tensor {
  std::vector<int64_t> shape, low, high;
  int64_t gap = 0; ///< unused elements after each innermost row
};

/// Fills memory with ones, zeroes the margins, and compares every element with
/// the definition.
void check(const Tensor &tensor) {
  size_t rank = tensor.shape.size();
  std::vector<int64_t> strides(rank), padded(rank);
  int64_t size = 1;
  for (size_t d = rank; d-- > 0;) {
    padded[d] = tensor.low[d] + tensor.shape[d] + tensor.high[d];
    strides[d] = size;
    size *= padded[d];
    if (d + 1 == rank)
      size += tensor.gap;
  }
  const int64_t guard = 3;
  std::vector<float> memory(size + 2 * guard, 1.0f);
  float *origin = memory.data() + guard;
  for (size_t d = 0; d < rank; ++d)
    origin += tensor.low[d] * strides[d];
  upconv_rt_zero_margins(origin, rank, tensor.shape.data(), strides.data(),
                         tensor.low.data(), tensor.high.data());

  std::vector<float> expected(memory.size(), 1.0f);
  std::vector<int64_t> at(rank, 0);
  int64_t total = 1;
  for (int64_t extent : padded)
    total *= extent;
  for (int64_t i = 0; i < total; ++i) {
    int64_t rest = i, offset = guard;
    bool inside = true;
    for (size_t d = rank; d-- > 0;) {
      int64_t position = rest % padded[d];
      rest /= padded[d];
      offset += position * strides[d];
      inside &= position >= tensor.low[d] &&
                position < tensor.low[d] + tensor.shape[d];
    }
    if (!inside)
      expected[offset] = 0.0f;
  }
  EXPECT_EQ(memory, expected);
}

TEST(ZeroMargins, OneDimension) {
  check({{5}, {2}, {3}});
  check({{5}, {0}, {1}});
  check({{1}, {1}, {0}});
}

TEST(ZeroMargins, NoMarginWritesNothing) { check({{3, 4}, {0, 0}, {0, 0}}); }

TEST(ZeroMargins, BatchRowsChannels) {
  check({{2, 5, 3}, {0, 1, 0}, {0, 2, 0}});
  check({{2, 5, 3}, {0, 1, 0}, {0, 2, 5}});
  check({{2, 5, 3}, {1, 1, 2}, {1, 2, 0}});
}

TEST(ZeroMargins, TwoAndThreeSpatialDimensions) {
  check({{2, 4, 5, 3}, {0, 1, 2, 0}, {0, 2, 1, 0}});
  check({{2, 4, 5, 3}, {0, 1, 0, 0}, {0, 0, 1, 0}});
  check({{1, 3, 4, 5, 2}, {0, 1, 2, 1, 0}, {0, 2, 0, 1, 0}});
}

TEST(ZeroMargins, RowsWithAGap) {
  check({{2, 4, 5}, {0, 1, 2}, {0, 2, 1}, 7});
  check({{4, 5}, {1, 0}, {1, 0}, 3});
}

} // namespace
