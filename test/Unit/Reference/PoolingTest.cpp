//===- PoolingTest.cpp ----------------------------------------------------===//

#include "Tensors.h"

#include <cmath>

using namespace upconv;
using namespace upconv::reference;

TEST(Pooling, Maximum) {
  Tensor64 x{{1, 5, 1}, {-1, -2, -3, -5, -4}};
  EXPECT_EQ(valueOf(pooling(Pool::Maximum, x, {{2}, {2}})).values,
            (Values{-1, -3}));
  // Padding is not a zero: the last window holds -4 alone.
  EXPECT_EQ(
      valueOf(pooling(Pool::Maximum, x, {{2}, {2}, Padding::Same})).values,
      (Values{-1, -3, -4}));
}

TEST(Pooling, AverageDividesByTheRealElements) {
  Tensor64 x{{1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
  EXPECT_EQ(valueOf(pooling(Pool::Average, x, {{2, 2}, {2, 2}, Padding::Same}))
                .values,
            (Values{3, 4.5, 7.5, 9}));
}

TEST(Pooling, NaNStays) {
  Tensor64 x{{1, 3, 1}, {1, NAN, 2}};
  EXPECT_TRUE(
      std::isnan(valueOf(pooling(Pool::Maximum, x, {{3}, {1}})).values[0]));
}

TEST(Pooling, ChannelsFirst) {
  Tensor64 x{{1, 2, 2}, {1, 2, 30, 40}};
  Tensor64 y = valueOf(pooling(
      Pool::Maximum, x, {{2}, {2}, Padding::Valid, DataFormat::ChannelsFirst}));
  EXPECT_EQ(y.shape, (Shape{1, 2, 1}));
  EXPECT_EQ(y.values, (Values{2, 40}));
}

TEST(Pooling, RefusesWhatDoesNotFit) {
  Tensor64 x = counting({1, 3, 1});
  EXPECT_EQ(messageOf(pooling(Pool::Average, x, {{4}, {1}})),
            "a window of 4 positions does not fit into an input of 3");
  EXPECT_EQ(messageOf(pooling(Pool::Average, x, {{2, 2}, {1, 1}})),
            "pooling over 2 axes needs an input of rank 4, got 1x3x1");
  EXPECT_EQ(messageOf(pooling(Pool::Maximum, x, {{2}, {1}, Padding::Causal})),
            "'padding' of a pooling layer must be valid or same");
}

TEST(AdaptivePooling, WindowsOverlapAndDifferInSize) {
  // Windows [0, 2), [1, 4), [3, 5).
  Tensor64 x{{1, 5, 1}, {1, 5, 2, 9, 3}};
  EXPECT_EQ(
      valueOf(adaptivePooling(Pool::Maximum, x, {3}, DataFormat::ChannelsLast))
          .values,
      (Values{5, 9, 9}));
  EXPECT_EQ(
      valueOf(adaptivePooling(Pool::Average, x, {3}, DataFormat::ChannelsLast))
          .values,
      (Values{3, 16.0 / 3, 6}));
}

TEST(AdaptivePooling, MoreOutputsThanInputs) {
  Tensor64 x{{1, 1, 2, 1}, {1, 3}};
  Tensor64 y = valueOf(
      adaptivePooling(Pool::Average, x, {3, 1}, DataFormat::ChannelsFirst));
  EXPECT_EQ(y.shape, (Shape{1, 1, 3, 1}));
  EXPECT_EQ(y.values, (Values{1, 2, 3}));
}

TEST(AdaptivePooling, NeedsItsRank) {
  Tensor64 x{{1, 3, 1}, {1, 2, 3}};
  EXPECT_EQ(messageOf(adaptivePooling(Pool::Maximum, x, {1, 1},
                                      DataFormat::ChannelsLast)),
            "pooling over 2 axes needs an input of rank 4, got 1x3x1");
}
