//===- NormalizationTest.cpp ----------------------------------------------===//

#include "Tensors.h"

using namespace upconv;
using namespace upconv::reference;

TEST(BatchNormalization, AlongAnyAxis) {
  Tensor64 x{{1, 2, 2}, {1, 2, 3, 4}};
  Tensor64 mean{{2}, {1, 2}}, variance{{2}, {3, 15}}, gamma{{2}, {2, 4}},
      beta{{2}, {10, 20}};
  EXPECT_EQ(valueOf(batchNormalization(x, -1, 1, &gamma, &beta, mean, variance))
                .values,
            (Values{10, 20, 12, 22}));
  EXPECT_EQ(
      valueOf(batchNormalization(x, 1, 1, nullptr, nullptr, mean, variance))
          .values,
      (Values{0, 0.5, 0.25, 0.5}));
}

TEST(BatchNormalization, RefusesWhatDoesNotFit) {
  Tensor64 x = counting({2, 3}), two = counting({2}), three = counting({3});
  EXPECT_EQ(
      messageOf(batchNormalization(x, 1, 1e-3, nullptr, &two, three, three)),
      "a variable of the normalization must have shape 3, got 2");
  EXPECT_EQ(
      messageOf(batchNormalization(x, 0, 1e-3, nullptr, nullptr, two, two)),
      "batch normalization must not run along the batch axis");
  EXPECT_EQ(
      messageOf(batchNormalization(x, 2, 1e-3, nullptr, nullptr, two, two)),
      "axis 2 is not an axis of a tensor of rank 2");
  EXPECT_EQ(
      messageOf(batchNormalization(x, 1, -1, nullptr, nullptr, three, three)),
      "'epsilon' must not be negative");
}
