//===- ConvolutionTest.cpp ------------------------------------------------===//

#include "Tensors.h"

using namespace upconv;
using namespace upconv::reference;

static ConvolutionArguments axes(Shape strides, Shape dilationRate,
                                 Padding padding, int64_t groups = 1) {
  return {strides, dilationRate, padding, DataFormat::ChannelsLast, groups};
}

TEST(Convolution, ValidIsACorrelationWithoutFlip) {
  Tensor64 x{{1, 4, 1}, {1, 2, 3, 4}}, w{{2, 1, 1}, {10, 1}};
  Tensor64 y =
      valueOf(convolution(x, w, nullptr, axes({1}, {1}, Padding::Valid)));
  EXPECT_EQ(y.shape, (Shape{1, 3, 1}));
  EXPECT_EQ(y.values, (Values{12, 23, 34}));
}

TEST(Convolution, SamePadsTheSmallerHalfFirst) {
  Tensor64 x{{1, 4, 1}, {1, 2, 3, 4}}, w{{4, 1, 1}, {1000, 100, 10, 1}};
  // Total padding 3: one position in front, two behind.
  Tensor64 y =
      valueOf(convolution(x, w, nullptr, axes({1}, {1}, Padding::Same)));
  EXPECT_EQ(y.values, (Values{123, 1234, 2340, 3400}));
}

TEST(Convolution, SameWithStrideDependsOnTheLength) {
  Tensor64 w{{3, 1, 1}, {100, 10, 1}};
  Tensor64 even{{1, 4, 1}, {1, 2, 3, 4}}, odd{{1, 5, 1}, {1, 2, 3, 4, 5}};
  auto arguments = axes({2}, {1}, Padding::Same);
  EXPECT_EQ(valueOf(convolution(even, w, nullptr, arguments)).values,
            (Values{123, 340}));
  EXPECT_EQ(valueOf(convolution(odd, w, nullptr, arguments)).values,
            (Values{12, 234, 450}));
}

TEST(Convolution, CausalSeesThePastOnly) {
  Tensor64 x{{1, 4, 1}, {1, 2, 3, 4}}, w{{2, 1, 1}, {10, 1}};
  Tensor64 y =
      valueOf(convolution(x, w, nullptr, axes({1}, {2}, Padding::Causal)));
  EXPECT_EQ(y.values, (Values{1, 2, 13, 24}));
}

TEST(Convolution, GroupsReadTheirOwnChannels) {
  Tensor64 x{{1, 1, 4}, {1, 2, 3, 4}};
  Tensor64 w{{1, 2, 2}, {1, 10, 100, 1000}}; // (k, channels / groups, filters)
  Tensor64 bias{{2}, {5, 7}};
  Tensor64 y =
      valueOf(convolution(x, w, &bias, axes({1}, {1}, Padding::Valid, 2)));
  EXPECT_EQ(y.values, (Values{1 + 200 + 5, 30 + 4000 + 7}));
}

TEST(Convolution, ChannelsFirstIsTheSameArithmetic) {
  Tensor64 x = counting({2, 3, 4, 5}), w = counting({2, 3, 3, 4}, -7),
           b = counting({4});
  auto arguments = axes({2, 1}, {1, 1}, Padding::Same);
  Tensor64 last = valueOf(convolution(toChannelsLast(x), w, &b, arguments));
  arguments.dataFormat = DataFormat::ChannelsFirst;
  Tensor64 first = valueOf(convolution(x, w, &b, arguments));
  EXPECT_EQ(first.shape, (Shape{2, 4, 2, 5}));
  EXPECT_EQ(first.values, toChannelsFirst(last).values);
}

TEST(Convolution, ThreeAxes) {
  Tensor64 y = valueOf(convolution(filled({1, 3, 3, 3, 2}, 1),
                                   filled({2, 2, 2, 2, 1}, 1), nullptr,
                                   axes({1, 1, 1}, {1, 1, 1}, Padding::Same)));
  EXPECT_EQ(y.shape, (Shape{1, 3, 3, 3, 1}));
  EXPECT_EQ(y.values.front(), 16); // a whole window
  EXPECT_EQ(y.values.back(), 2);   // one position of it
}

TEST(Convolution, RefusesWhatDoesNotFit) {
  Tensor64 x = counting({1, 4, 2});
  auto valid = axes({1}, {1}, Padding::Valid);
  EXPECT_EQ(messageOf(convolution(x, counting({5, 2, 1}), nullptr, valid)),
            "a window of 5 positions does not fit into an input of 4");
  EXPECT_EQ(messageOf(convolution(x, counting({3, 1, 1}), nullptr, valid)),
            "the kernel is for 1 channels per group, the input has 2");
  EXPECT_EQ(messageOf(convolution(counting({4, 2}), counting({3, 2, 1}),
                                  nullptr, valid)),
            "a convolution over 1 axes needs input and kernel of rank 3, got "
            "4x2 and 3x2x1");
  EXPECT_EQ(messageOf(convolution(x, counting({3, 2, 3}), nullptr,
                                  axes({1}, {1}, Padding::Valid, 2))),
            "'groups' must be positive and divide channels and filters, got 2 "
            "for 2 and 3");
  Tensor64 bias = counting({2});
  EXPECT_EQ(messageOf(convolution(x, counting({3, 2, 1}), &bias, valid)),
            "the bias must have shape 1, got 2");
}

TEST(Convolution, RefusesSizesBeyond64Bits) {
  Tensor64 x = counting({1, 4, 1}), w = counting({3, 1, 1});
  EXPECT_EQ(messageOf(convolution(
                x, w, nullptr, axes({1}, {INT64_MAX / 2 + 1}, Padding::Same))),
            "the window's reach does not fit in 64 bits");
  EXPECT_EQ(
      messageOf(convolution(x, w, nullptr, axes({1}, {0}, Padding::Same))),
      "window size, stride and dilation must be positive");
}

TEST(Dense, ContractsTheLastAxis) {
  Tensor64 x{{1, 2, 2}, {1, 2, 3, 4}}, w{{2, 1}, {10, 1}}, b{{1}, {100}};
  Tensor64 y = valueOf(dense(x, w, &b));
  EXPECT_EQ(y.shape, (Shape{1, 2, 1}));
  EXPECT_EQ(y.values, (Values{112, 134}));
  EXPECT_EQ(messageOf(dense(x, counting({3, 1}), nullptr)),
            "a kernel of shape 3x1 does not contract the last axis of 1x2x2");
}

TEST(DepthwiseConvolution, KeepsChannelsApart) {
  // keras.layers.DepthwiseConv1D(2, depth_multiplier=2) on two channels
  Tensor64 x = counting({1, 3, 2}), kernel = counting({2, 2, 2});
  Tensor64 bias{{4}, {0, 0, 0, 100}};
  Tensor64 y = valueOf(depthwiseConvolution(x, kernel, &bias, {{1}, {1}}));
  EXPECT_EQ(y.shape, (Shape{1, 2, 4}));
  EXPECT_EQ(y.values, (Values{16, 20, 34, 140, 28, 36, 54, 164}));
  EXPECT_EQ(messageOf(depthwiseConvolution(x, counting({2, 3, 2}), nullptr,
                                           {{1}, {1}})),
            "a kernel of shape 2x3x2 does not fit an input of shape 1x3x2");
}
