//===- ActivationTest.cpp -------------------------------------------------===//

#include "Tensors.h"

#include <cmath>

using namespace upconv;
using namespace upconv::reference;

static const double infinity = INFINITY;

TEST(ReLU, CeilingSlopeAndThreshold) {
  Tensor64 x{{1, 5}, {-2, 0, 1, 3, 9}};
  EXPECT_EQ(relu(x, std::nullopt, 0, 0).values, (Values{0, 0, 1, 3, 9}));
  EXPECT_EQ(relu(x, 6.0, 0.5, 1).values, (Values{-1.5, -0.5, 0, 3, 6}));
}

TEST(ReLU, PropagatesNaN) {
  Tensor64 x{{1, 3}, {NAN, infinity, -infinity}};
  Tensor64 y = relu(x, std::nullopt, 0, 0);
  EXPECT_TRUE(std::isnan(y.values[0]));
  EXPECT_EQ(y.values[1], infinity);
  EXPECT_EQ(y.values[2], 0);
  EXPECT_TRUE(std::isnan(relu(x, 6.0, 0, 0).values[0]));
}

TEST(Activation, Names) {
  Tensor64 x{{1, 2}, {-1, 2}};
  EXPECT_EQ(valueOf(activation(x, "linear")).values, x.values);
  EXPECT_EQ(valueOf(activation(x, "relu")).values, (Values{0, 2}));
  EXPECT_EQ(valueOf(activation(x, "leaky_relu")).values, (Values{-0.2, 2}));
  EXPECT_DOUBLE_EQ(valueOf(activation(x, "sigmoid")).values[1],
                   0.8807970779778823);
  EXPECT_DOUBLE_EQ(valueOf(activation(x, "tanh")).values[0],
                   -0.7615941559557649);
  EXPECT_DOUBLE_EQ(valueOf(activation(x, "softmax")).values[1],
                   0.9525741268224334);
  EXPECT_EQ(messageOf(activation(x, "geru")), "unknown function 'geru'");
}

TEST(Activation, SaturatesWithoutOverflow) {
  Tensor64 x{{1, 2}, {-1000, 1000}};
  EXPECT_EQ(valueOf(activation(x, "sigmoid")).values, (Values{0, 1}));
  EXPECT_EQ(valueOf(activation(x, "tanh")).values, (Values{-1, 1}));
  EXPECT_EQ(valueOf(activation(x, "softmax")).values, (Values{0, 1}));
}

TEST(Softmax, AlongAnyAxis) {
  Tensor64 x{{1, 2, 2}, {0, 5, 0, 5}};
  EXPECT_EQ(valueOf(softmax(x, {1})).values, (Values{0.5, 0.5, 0.5, 0.5}));
  EXPECT_EQ(messageOf(softmax(x, {3})),
            "axis 3 is not an axis of a tensor of rank 3");
}

TEST(Softmax, OverSeveralAxes) {
  Tensor64 x{{1, 2, 2}, {0, 0, 5, 5}};
  Values all = valueOf(softmax(x, {1, -1})).values;
  EXPECT_DOUBLE_EQ(all[0] + all[1] + all[2] + all[3], 1);
  EXPECT_DOUBLE_EQ(all[2] / all[0], std::exp(5.0));
}

TEST(PReLU, SharesAxes) {
  Tensor64 x{{1, 2, 2}, {-1, 2, -3, -4}}, alpha{{1, 2}, {0.5, 0.25}};
  EXPECT_EQ(valueOf(preluByElement(x, alpha)).values,
            (Values{-0.5, 2, -1.5, -1}));
  EXPECT_EQ(messageOf(preluByElement(x, Tensor64{{2}, {1, 1}})),
            "alpha of shape 2 does not fit an input of shape 1x2x2");
}
