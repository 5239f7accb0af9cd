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
  EXPECT_EQ(messageOf(add({})), "there is nothing to add");
  EXPECT_EQ(messageOf(add({counting({1, 2}), counting({1, 3})})),
            "shapes 1x2 and 1x3 do not broadcast");
  EXPECT_EQ(messageOf(add({counting({2, 2}), counting({1, 2})})),
            "shapes 2x2 and 1x2 do not broadcast");
}
