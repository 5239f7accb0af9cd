//===- MergingTest.cpp ----------------------------------------------------===//

#include "Tensors.h"

using namespace upconv;
using namespace upconv::reference;

TEST(Add, Broadcasts) {
  Tensor64 x{{1, 2, 2}, {1, 2, 3, 4}}, row{{1, 1, 2}, {10, 20}},
      flat{{1, 2}, {100, 200}};
  EXPECT_EQ(valueOf(add({x, x, x})).values, (Values{3, 6, 9, 12}));
  EXPECT_EQ(valueOf(add({row, x})).values, (Values{11, 22, 13, 24}));
  Tensor64 y = valueOf(add({flat, x})); // (1, 2) becomes (1, 1, 2)
  EXPECT_EQ(y.shape, (Shape{1, 2, 2}));
  EXPECT_EQ(y.values, (Values{101, 202, 103, 204}));
}

TEST(Add, RefusesWhatDoesNotBroadcast) {
  EXPECT_EQ(messageOf(add({})), "there is nothing to merge");
  EXPECT_EQ(messageOf(add({counting({1, 2}), counting({1, 3})})),
            "shapes 1x2 and 1x3 do not broadcast");
  EXPECT_EQ(messageOf(add({counting({2, 2}), counting({1, 2})})),
            "shapes 2x2 and 1x2 do not broadcast");
}

TEST(Combine, AlignsAtTheFrontAsNumpy) {
  Tensor64 x = counting({2, 1, 3}), y{{2, 1}, {10, 20}};
  Tensor64 z =
      valueOf(combine({x, y}, Alignment::Front, binaryFunction("subtract")));
  EXPECT_EQ(z.shape, (Shape{2, 2, 3}));
  EXPECT_EQ(z.values,
            (Values{-9, -8, -7, -19, -18, -17, -6, -5, -4, -16, -15, -14}));
}

TEST(Concatenate, AlongAnyAxis) {
  Tensor64 x = counting({1, 2, 2}), y = counting({1, 1, 2}, 10);
  EXPECT_EQ(valueOf(concatenate({x, y}, 1)).values,
            (Values{1, 2, 3, 4, 10, 11}));
  EXPECT_EQ(valueOf(concatenate({x, x}, -1)).values,
            (Values{1, 2, 1, 2, 3, 4, 3, 4}));
  EXPECT_EQ(messageOf(concatenate({x, y}, -1)),
            "shapes 1x2x2 and 1x1x2 differ beside axis 2");
}

TEST(Dot, ContractsPerSample) {
  // keras.layers.Dot of (1, 2, 3) and (1, 3, 2), axes (2, 1) and (1, 2)
  Tensor64 x = counting({1, 2, 3}), y = counting({1, 3, 2});
  EXPECT_EQ(valueOf(dot(x, y, {2, 1}, false)).values, (Values{22, 28, 49, 64}));
  Tensor64 z = valueOf(dot(x, y, {1, 2}, false));
  EXPECT_EQ(z.shape, (Shape{1, 3, 3}));
  EXPECT_EQ(z.values, (Values{9, 19, 29, 12, 26, 40, 15, 33, 51}));
  Tensor64 a{{1, 2}, {3, 4}}, b{{1, 2}, {4, 3}};
  EXPECT_EQ(valueOf(dot(a, b, {1, 1}, false)).shape, (Shape{1, 1}));
  EXPECT_DOUBLE_EQ(valueOf(dot(a, b, {1, 1}, true)).values[0], 0.96);
}

TEST(Matmul, BroadcastsStacks) {
  Tensor64 x = counting({1, 1, 1, 2}), y = counting({1, 2, 2, 1});
  Tensor64 z = valueOf(matmul(x, y));
  EXPECT_EQ(z.shape, (Shape{1, 2, 1, 1}));
  EXPECT_EQ(z.values, (Values{5, 11}));
  EXPECT_EQ(messageOf(matmul(x, x)),
            "shapes 1x1x1x2 and 1x1x1x2 cannot be multiplied");
}

TEST(Reduce, Functions) {
  Tensor64 x = counting({1, 2, 3});
  EXPECT_EQ(valueOf(reduce(x, "mean", {1}, false)).values,
            (Values{2.5, 3.5, 4.5}));
  EXPECT_EQ(valueOf(reduce(x, "sum", {-1}, true)).shape, (Shape{1, 2, 1}));
  EXPECT_EQ(valueOf(reduce(x, "max", {1, 2}, false)).values, (Values{6}));
  EXPECT_EQ(valueOf(reduce(x, "min", {2}, false)).values, (Values{1, 4}));
  EXPECT_EQ(valueOf(reduce(x, "prod", {2}, false)).values, (Values{6, 120}));
}
