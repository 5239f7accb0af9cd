//===- ResizingTest.cpp - Values of UpSampling2D and Resizing -------------===//

#include "Tensors.h"

using namespace upconv;
using namespace upconv::reference;

namespace {

const Tensor64 row{{1, 1, 5, 1}, {1, 2, 4, 7, 3}};

void expectRow(const char *interpolation, const Values &expected) {
  Tensor64 y = valueOf(resizing(row, {1, int64_t(expected.size())},
                                interpolation, DataFormat::ChannelsLast));
  ASSERT_EQ(y.values.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(y.values[i], expected[i], 2e-6) << interpolation << " " << i;
}

} // namespace

TEST(Resizing, TwiceAsWide) {
  expectRow("nearest", {1, 1, 2, 2, 4, 4, 7, 7, 3, 3});
  expectRow("area", {1, 1, 2, 2, 4, 4, 7, 7, 3, 3});
  expectRow("bilinear", {1, 1.25, 1.75, 2.5, 3.5, 4.75, 6.25, 6, 4, 3});
  expectRow("bicubic", {0.9117648, 1.1459854, 1.6412214, 2.40625, 3.40625,
                        4.84375, 6.71875, 6.3206105, 3.8248174, 2.647059});
  expectRow("lanczos3", {0.94562143, 1.1008813, 1.63512, 2.3533273, 3.2263258,
                         5.0650997, 7.0162735, 6.2129312, 3.914341, 2.3629928});
  expectRow("lanczos5", {0.85220718, 1.199174, 1.7233876, 2.2753403, 3.1692991,
                         5.0979013, 7.0222445, 6.2116232, 3.938045, 2.2768507});
  expectRow("gaussian", {1.0474259, 1.2689414, 1.8107414, 2.4838741, 3.5863638,
                         4.708252, 6.0810342, 5.8566575, 4.0757656, 3.1897035});
  expectRow("mitchellcubic",
            {0.96910757, 1.206955, 1.7014544, 2.4618051, 3.4618056, 4.8298616,
             6.3993058, 6.0598803, 3.9864292, 2.8764305});
}

TEST(Resizing, Narrower) {
  expectRow("bicubic", {1.2066441, 4.0, 4.2053308});
  expectRow("area", {1.4, 4.2, 4.6});
}

TEST(Resizing, BothFormatsAndErrors) {
  Tensor64 x = counting({1, 2, 3, 2});
  Tensor64 last =
      valueOf(resizing(x, {4, 5}, "bilinear", DataFormat::ChannelsLast));
  Tensor64 first = valueOf(resizing(toChannelsFirst(x), {4, 5}, "bilinear",
                                    DataFormat::ChannelsFirst));
  EXPECT_EQ(toChannelsLast(first).values, last.values);
  EXPECT_EQ(messageOf(resizing(x, {4, 5}, "box", DataFormat::ChannelsLast)),
            "unknown interpolation 'box'");
  EXPECT_EQ(messageOf(resizing(x, {4}, "area", DataFormat::ChannelsLast)),
            "an input of shape 1x2x3x2 does not have 1 spatial axes");
}

TEST(Borders, PaddingAndCropping) {
  Tensor64 x = counting({1, 2, 2});
  Tensor64 padded = valueOf(zeroPadding(x, {1, 0}, DataFormat::ChannelsLast));
  EXPECT_EQ(padded.values, (Values{0, 0, 1, 2, 3, 4}));
  EXPECT_EQ(valueOf(cropping(padded, {1, 1}, DataFormat::ChannelsLast)).values,
            (Values{1, 2}));
  EXPECT_EQ(valueOf(zeroPadding(x, {1, 0}, DataFormat::ChannelsFirst)).values,
            (Values{0, 1, 2, 0, 3, 4}));
  EXPECT_EQ(messageOf(cropping(x, {1, 1}, DataFormat::ChannelsLast)),
            "axis 1 of shape 1x2x2 cannot be cropped by 1 and 1");
}

TEST(Lookup, RowsAndMasks) {
  Tensor64 table = counting({3, 2});
  EXPECT_EQ(valueOf(embedding({{1, 2}, {2, 0.9}}, table)).values,
            (Values{5, 6, 1, 2}));
  EXPECT_EQ(messageOf(embedding({{1, 1}, {3}}, table)),
            "the table of 3 rows has no row 3.000000");
  EXPECT_EQ(masking({{1, 2, 2}, {0, 0, 0, 1}}, 0).values, (Values{0, 0, 0, 1}));
  EXPECT_EQ(masking({{1, 2, 2}, {5, 5, 0, 5}}, 5).values, (Values{0, 0, 0, 5}));
}
