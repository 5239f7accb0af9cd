//===- ConvolutionTransposeTest.cpp ---------------------------------------===//

#include "Tensors.h"

#include <cmath>
#include <limits>

using namespace upconv;
using namespace upconv::reference;

static ConvolutionTransposeArguments
axes(Shape strides, Padding padding,
     std::optional<Shape> outputPadding = std::nullopt) {
  return {strides, Shape(strides.size(), 1), outputPadding, padding,
          DataFormat::ChannelsLast};
}

static int64_t lengthOf(int64_t input, int64_t kernel, int64_t stride,
                        Padding padding,
                        std::optional<Shape> outputPadding = std::nullopt) {
  Tensor64 x = counting({1, input, 1}), w = counting({kernel, 1, 1});
  return valueOf(convolutionTranspose(x, w, nullptr,
                                      axes({stride}, padding, outputPadding)))
      .shape[1];
}

TEST(ConvolutionTranspose, ScattersWithoutFlip) {
  Tensor64 x{{1, 2, 1}, {1, 2}}, w{{3, 1, 1}, {100, 10, 1}};
  Tensor64 y =
      valueOf(convolutionTranspose(x, w, nullptr, axes({2}, Padding::Valid)));
  EXPECT_EQ(y.values, (Values{100, 10, 201, 20, 2}));
}

TEST(ConvolutionTranspose, KernelIsOutputChannelsBeforeInputChannels) {
  Tensor64 x{{1, 1, 2}, {1, 2}}, w{{1, 3, 2}, {1, 10, 2, 20, 3, 30}};
  Tensor64 y =
      valueOf(convolutionTranspose(x, w, nullptr, axes({1}, Padding::Valid)));
  EXPECT_EQ(y.values, (Values{21, 42, 63}));
}

// Keras's four rules, from its table of lengths.
TEST(ConvolutionTranspose, Lengths) {
  EXPECT_EQ(lengthOf(28, 4, 2, Padding::Valid), 58);
  EXPECT_EQ(lengthOf(4, 3, 1, Padding::Valid), 6);
  EXPECT_EQ(lengthOf(3, 1, 3, Padding::Valid), 9); // max(Ke, s)
  EXPECT_EQ(lengthOf(3, 3, 2, Padding::Valid, Shape{1}), 8);
  EXPECT_EQ(lengthOf(3, 3, 2, Padding::Same), 6);
  EXPECT_EQ(lengthOf(3, 3, 2, Padding::Same, Shape{0}), 5); // 0 is not none
  EXPECT_EQ(lengthOf(3, 3, 2, Padding::Same, Shape{1}), 6);
  EXPECT_EQ(lengthOf(3, 2, 2, Padding::Same, Shape{0}),
            4); // TensorFlow refuses this one
}

// Row by row from the padding table: what is cropped in front.
TEST(ConvolutionTranspose, Crops) {
  struct {
    int64_t kernel, stride, crop;
    std::optional<Shape> outputPadding;
  } rows[] = {{4, 2, 1, {}},       {3, 2, 0, {}},       {4, 1, 1, {}},
              {7, 2, 2, {}},       {8, 1, 3, {}},       {5, 2, 2, Shape{0}},
              {5, 2, 1, Shape{1}}, {4, 2, 1, Shape{1}}, {6, 3, 2, Shape{2}}};
  for (const auto &row : rows) {
    Tensor64 x{{1, 1, 1}, {1}}, w = counting({row.kernel, 1, 1});
    Tensor64 y = valueOf(convolutionTranspose(
        x, w, nullptr, axes({row.stride}, Padding::Same, row.outputPadding)));
    ASSERT_FALSE(y.values.empty());
    EXPECT_EQ(y.values.front(), row.crop + 1)
        << row.kernel << " / " << row.stride;
  }
}

TEST(ConvolutionTranspose, BiasReachesPositionsWithoutTaps) {
  Tensor64 x{{1, 2, 1}, {1, 2}}, w{{1, 1, 1}, {1}}, b{{1}, {5}};
  Tensor64 y =
      valueOf(convolutionTranspose(x, w, &b, axes({3}, Padding::Same)));
  EXPECT_EQ(y.values, (Values{6, 5, 5, 7, 5, 5}));
  y = valueOf(
      convolutionTranspose(x, w, &b, axes({3}, Padding::Valid, Shape{2})));
  EXPECT_EQ(y.values, (Values{6, 5, 5, 7, 5, 5}));
}

TEST(ConvolutionTranspose, Dilation) {
  Tensor64 x{{1, 2, 1}, {1, 2}}, w{{2, 1, 1}, {10, 1}};
  auto arguments = axes({1}, Padding::Valid);
  arguments.dilationRate = {3};
  EXPECT_EQ(valueOf(convolutionTranspose(x, w, nullptr, arguments)).values,
            (Values{10, 20, 0, 1, 2}));
}

TEST(ConvolutionTranspose, InfinityMeetsOnlyItsOwnWeights) {
  double infinity = std::numeric_limits<double>::infinity();
  Tensor64 x{{1, 2, 1}, {infinity, 1}}, w{{2, 1, 1}, {1, 2}};
  EXPECT_EQ(
      valueOf(convolutionTranspose(x, w, nullptr, axes({2}, Padding::Valid)))
          .values,
      (Values{infinity, infinity, 1, 2}));
}

TEST(ConvolutionTranspose, ChannelsFirstIsTheSameArithmetic) {
  Tensor64 x = counting({2, 3, 4, 5}), w = counting({3, 4, 2, 3}, -9),
           b = counting({2});
  auto arguments = axes({2, 3}, Padding::Same, Shape{1, 0});
  Tensor64 last =
      valueOf(convolutionTranspose(toChannelsLast(x), w, &b, arguments));
  arguments.dataFormat = DataFormat::ChannelsFirst;
  Tensor64 first = valueOf(convolutionTranspose(x, w, &b, arguments));
  EXPECT_EQ(first.shape, (Shape{2, 2, 8, 12}));
  EXPECT_EQ(first.values, toChannelsFirst(last).values);
}

// <conv(x), y> = <x, transpose(y)>, the meaning of the layer: it is the
// gradient of a convolution with respect to its input, with one kernel for
// both.
TEST(ConvolutionTranspose, IsTheAdjointOfConvolution) {
  for (int64_t kernel = 1; kernel <= 5; ++kernel)
    for (int64_t stride = 1; stride <= 4; ++stride)
      for (Padding padding : {Padding::Valid, Padding::Same}) {
        int64_t small = 4;
        Tensor64 y = counting({1, small, 3}, -5),
                 w = counting({kernel, 2, 3}, -8);
        Tensor64 transposed = valueOf(
            convolutionTranspose(y, w, nullptr, axes({stride}, padding)));
        int64_t large = transposed.shape[1];
        Tensor64 x = counting({1, large, 2}, -3);
        Tensor64 forward =
            valueOf(convolution(x, w, nullptr, {{stride}, {1}, padding}));
        ASSERT_EQ(forward.shape, y.shape) << kernel << " / " << stride;
        EXPECT_EQ(std::inner_product(forward.values.begin(),
                                     forward.values.end(), y.values.begin(),
                                     0.0),
                  std::inner_product(x.values.begin(), x.values.end(),
                                     transposed.values.begin(), 0.0))
            << kernel << " / " << stride;
      }
}

TEST(ConvolutionTranspose, RefusesWhatDoesNotFit) {
  Tensor64 x = counting({1, 4, 2}), w = counting({3, 1, 2});
  EXPECT_EQ(messageOf(convolutionTranspose(x, w, nullptr,
                                           axes({2}, Padding::Same, Shape{2}))),
            "'output_padding' must be smaller than 'strides' and not negative, "
            "got 2 and 2");
  EXPECT_EQ(messageOf(convolutionTranspose(x, counting({3, 2, 1}), nullptr,
                                           axes({1}, Padding::Same))),
            "the kernel is for 1 channels, the input has 2");
  EXPECT_EQ(messageOf(convolutionTranspose(x, w, nullptr,
                                           axes({1}, Padding::Causal))),
            "'padding' of a transposed convolution must be valid or same");
  EXPECT_EQ(messageOf(convolutionTranspose(
                x, w, nullptr, axes({INT64_MAX / 2}, Padding::Same))),
            "the output length does not fit in 64 bits");
  EXPECT_EQ(messageOf(convolutionTranspose(counting({1, 1, 1}),
                                           counting({2, 1, 1}), nullptr,
                                           axes({2}, Padding::Same, Shape{0}))),
            "the output is empty along a spatial axis");
  EXPECT_EQ(messageOf(convolutionTranspose(x, w, nullptr,
                                           axes({1 << 30}, Padding::Same))),
            "shape 1x4294967296x1 has more elements than the reference holds");
}
