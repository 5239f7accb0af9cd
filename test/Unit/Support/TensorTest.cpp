//===- TensorTest.cpp -----------------------------------------------------===//

#include "upconv/Support/Tensor.h"

#include "gtest/gtest.h"

using namespace upconv;

// Against an implementation of xxh64 in Python.
TEST(Tensor, HashIsXxh64OfTheBytes) {
  EXPECT_EQ(hashOf({{2, 3}, {0, 1, 2, 3, 4, 5}}), "c6b5d45f06894866");
  EXPECT_EQ(hashOf({{3}, {0, 1, 2}}), "bf1734dcdd8b808d");
  EXPECT_EQ(hashOf({{0}, {}}).size(), 16u);
}
