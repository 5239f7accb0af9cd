//===- MovesTest.cpp - Values of Keras and numpy --------------------------===//

#include "Tensors.h"

using namespace upconv;
using namespace upconv::reference;

static constexpr int64_t none = INT64_MIN;

TEST(Pad, Modes) {
  Tensor64 x{{1, 3}, {1, 2, 3}};
  EXPECT_EQ(valueOf(pad(x, {0, 0, 2, 1}, "constant", 7)).values,
            (Values{7, 7, 1, 2, 3, 7}));
  EXPECT_EQ(valueOf(pad(x, {0, 0, 2, 2}, "reflect", 0)).values,
            (Values{3, 2, 1, 2, 3, 2, 1}));
  EXPECT_EQ(valueOf(pad(x, {0, 0, 3, 2}, "symmetric", 0)).values,
            (Values{3, 2, 1, 1, 2, 3, 3, 2}));
  EXPECT_EQ(valueOf(pad(x, {0, 0, 1, 2}, "edge", 0)).values,
            (Values{1, 1, 2, 3, 3, 3}));
  EXPECT_EQ(messageOf(pad(x, {0, 0, 3, 0}, "reflect", 0)),
            "axis 1 of shape 1x3 cannot be padded by 3 and 0");
}

TEST(Slice, AsPython) {
  Tensor64 x = counting({1, 5, 2}, 0);
  // x[:, 1:-1:2, ::-1]
  Tensor64 y =
      valueOf(slice(x, {none, 1, none}, {none, -1, none}, {1, 2, -1}, {}));
  EXPECT_EQ(y.shape, (Shape{1, 2, 2}));
  EXPECT_EQ(y.values, (Values{3, 2, 7, 6}));
  // x[:, -2, 0:9]
  y = valueOf(slice(x, {none, -2, 0}, {none, none, 9}, {1, 1, 1}, {1}));
  EXPECT_EQ(y.shape, (Shape{1, 2}));
  EXPECT_EQ(y.values, (Values{6, 7}));
  // x[:, :1:-2]
  y = valueOf(slice(x, {none, none, none}, {none, 1, none}, {1, -2, 1}, {}));
  EXPECT_EQ(y.values, (Values{8, 9, 4, 5}));
  EXPECT_EQ(
      messageOf(slice(x, {none, 3, none}, {none, 3, none}, {1, 1, 1}, {})),
      "the slice of axis 1 of 1x5x2 is empty");
}

TEST(Axes, ExpandSqueezeTranspose) {
  Tensor64 x = counting({2, 3});
  EXPECT_EQ(valueOf(expandDims(x, -1)).shape, (Shape{2, 3, 1}));
  EXPECT_EQ(valueOf(squeeze(valueOf(expandDims(x, 1)), {1})).shape,
            (Shape{2, 3}));
  EXPECT_EQ(messageOf(squeeze(x, {1})),
            "axis 1 of shape 2x3 does not have size 1");
  EXPECT_EQ(valueOf(transpose(x, {1, 0})).values, (Values{1, 4, 2, 5, 3, 6}));
}

TEST(Blocks, DepthToSpace) {
  // tf.nn.depth_to_space of 1x1x2x4
  Tensor64 x = counting({1, 1, 2, 4});
  Tensor64 y = valueOf(depthToSpace(x, 2, DataFormat::ChannelsLast));
  EXPECT_EQ(y.shape, (Shape{1, 2, 4, 1}));
  EXPECT_EQ(y.values, (Values{1, 2, 5, 6, 3, 4, 7, 8}));
  EXPECT_EQ(valueOf(spaceToDepth(y, 2, DataFormat::ChannelsLast)).values,
            x.values);
  Tensor64 first = toChannelsFirst(x);
  EXPECT_EQ(valueOf(depthToSpace(first, 2, DataFormat::ChannelsFirst)).values,
            y.values);
}
