//===- ShapeTest.cpp ------------------------------------------------------===//

#include "Tensors.h"

using namespace upconv;
using namespace upconv::reference;

TEST(Reshape, FindsTheOpenExtent) {
  EXPECT_EQ(valueOf(reshape(counting({2, 6}), {3, -1})).shape,
            (Shape{2, 3, 2}));
  EXPECT_EQ(valueOf(reshape(counting({2, 1}), {})).shape, (Shape{2}));
}

TEST(Reshape, RefusesWhatDoesNotFit) {
  EXPECT_EQ(messageOf(reshape(counting({2, 6}), {4, -1})),
            "shape 2x6 does not divide evenly into the target shape");
  EXPECT_EQ(messageOf(reshape(counting({2, 6}), {4})),
            "shape 2x6 has 6 elements per sample, the target shape 4");
  EXPECT_EQ(messageOf(reshape(counting({2, 6}), {-1, -1})),
            "a target shape holds at most one -1 and nothing below it");
  EXPECT_EQ(messageOf(reshape(counting({2, 6}), {INT64_MAX, 2})),
            "the target shape's size does not fit in 64 bits");
}

TEST(Flatten, MovesChannelsLast) {
  Tensor64 x{{1, 2, 2}, {1, 2, 3, 4}};
  EXPECT_EQ(valueOf(flatten(x, DataFormat::ChannelsLast)).values,
            (Values{1, 2, 3, 4}));
  EXPECT_EQ(valueOf(flatten(x, DataFormat::ChannelsFirst)).values,
            (Values{1, 3, 2, 4}));
  EXPECT_EQ(valueOf(flatten(counting({3}), DataFormat::ChannelsLast)).shape,
            (Shape{3, 1}));
}

TEST(Shape, TransposesUndoEachOther) {
  Tensor64 x = counting({2, 3, 4, 5});
  EXPECT_EQ(toChannelsLast(x).shape, (Shape{2, 4, 5, 3}));
  EXPECT_EQ(toChannelsFirst(toChannelsLast(x)).values, x.values);
}

TEST(Shape, RefusesImpossibleSizes) {
  EXPECT_EQ(messageOf(zeros({2, -1})), "negative extent in shape 2x-1");
  EXPECT_EQ(
      messageOf(zeros({INT64_MAX, 2})),
      "shape 9223372036854775807x2 has more elements than the reference holds");
}

TEST(Shape, NamesOfArguments) {
  EXPECT_EQ(llvm::cantFail(parsePadding("causal")), Padding::Causal);
  EXPECT_EQ(llvm::toString(parsePadding("full").takeError()),
            "unknown padding 'full'");
  EXPECT_EQ(llvm::toString(parseDataFormat("NCHW").takeError()),
            "unknown data format 'NCHW'");
}
