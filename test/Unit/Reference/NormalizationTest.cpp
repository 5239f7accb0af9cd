//===- NormalizationTest.cpp ----------------------------------------------===//

#include "Tensors.h"

using namespace upconv;
using namespace upconv::reference;

TEST(BatchNormalization, AlongAnyAxis) {
  Tensor64 x{{1, 2, 2}, {1, 2, 3, 4}};
  Tensor64 mean{{2}, {1, 2}}, variance{{2}, {3, 15}}, gamma{{2}, {2, 4}},
      beta{{2}, {10, 20}};
  EXPECT_EQ(
      valueOf(batchNormalization(x, {-1}, 1, &gamma, &beta, mean, variance))
          .values,
      (Values{10, 20, 12, 22}));
  EXPECT_EQ(
      valueOf(batchNormalization(x, {1}, 1, nullptr, nullptr, mean, variance))
          .values,
      (Values{0, 0.5, 0.25, 0.5}));
}

TEST(BatchNormalization, AlongTwoAxes) {
  Tensor64 x{{1, 2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
  Tensor64 mean{{1, 2, 1, 2}, {1, 2, 7, 8}},
      variance{{1, 2, 1, 2}, {3, 0, 3, 0}};
  EXPECT_EQ(valueOf(batchNormalization(x, {-1, 1}, 1, nullptr, nullptr, mean,
                                       variance))
                .values,
            (Values{0, 0, 1, 2, 2, 4, 0, 0, 1, 2, 2, 4}));
}

TEST(BatchNormalization, RefusesWhatDoesNotFit) {
  Tensor64 x = counting({2, 3}), two = counting({2}), three = counting({3});
  EXPECT_EQ(
      messageOf(batchNormalization(x, {1}, 1e-3, nullptr, &two, three, three)),
      "a variable of the normalization must have shape 3, got 2");
  EXPECT_EQ(
      messageOf(batchNormalization(x, {0}, 1e-3, nullptr, nullptr, two, two)),
      "batch normalization must not run along the batch axis");
  EXPECT_EQ(
      messageOf(batchNormalization(x, {2}, 1e-3, nullptr, nullptr, two, two)),
      "axis 2 is not an axis of a tensor of rank 2");
  EXPECT_EQ(
      messageOf(batchNormalization(x, {1}, -1, nullptr, nullptr, three, three)),
      "'epsilon' must not be negative");
}

namespace {

/// 1, 4, 9, ... 64 in two steps of four features.
Tensor64 squares() {
  return mapElements(counting({1, 2, 4}), [](double x) { return x * x; });
}

void expectNear(llvm::Expected<Tensor64> actual, const Values &expected) {
  Values values = valueOf(std::move(actual)).values;
  ASSERT_EQ(values.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(values[i], expected[i], 1e-6) << i;
}

} // namespace

// The values are those of Keras's layers.
TEST(LayerNormalization, OverAnyAxes) {
  expectNear(layerNormalization(squares(), {-1}, 1e-3, nullptr, nullptr),
             {-1.1445684, -0.6163061, 0.2641312, 1.4967433, -1.2698337,
              -0.5147974, 0.3775181, 1.4071131});
  expectNear(layerNormalization(squares(), {2, 1}, 1e-3, nullptr, nullptr),
             {-1.1597823, -1.0177681, -0.7810779, -0.4497115, -0.023669,
              0.4970496, 1.1124443, 1.822515});
  expectNear(layerNormalization(squares(), {-1}, 1e-3, nullptr, nullptr, true),
             {0.1760875, 0.7043498, 1.584787, 2.8173993, 1.7159915, 2.4710279,
              3.3633435, 4.3929381});
  Tensor64 gamma{{4}, {1, 2, 3, 4}}, beta{{4}, {0, 0, 0, 10}};
  EXPECT_NEAR(valueOf(layerNormalization(squares(), {-1}, 1e-3, &gamma, &beta))
                  .values[7],
              10 + 4 * 1.40711307525635, 1e-6);
  EXPECT_EQ(
      messageOf(layerNormalization(squares(), {1}, 1e-3, &gamma, nullptr)),
      "a variable of the normalization must have shape 2, got 4");
}

TEST(GroupNormalization, GroupsAndInstances) {
  expectNear(groupNormalization(squares(), 2, -1, 1e-3, nullptr, nullptr),
             {-1.0639148, -0.8579957, -1.1201344, -0.8126464, 0.5834371,
              1.3384734, 0.6369391, 1.2958417});
  expectNear(groupNormalization(squares(), -1, -1, 1e-3, nullptr, nullptr),
             {-0.9999965, -0.999998, -0.9999987, -0.9999991, 0.9999965,
              0.999998, 0.9999987, 0.9999991});
  EXPECT_EQ(
      messageOf(groupNormalization(squares(), 3, -1, 1e-3, nullptr, nullptr)),
      "'groups' must divide the channels, got 3 and 4");
}

TEST(RMSNormalization, Values) {
  Tensor64 scale = filled({4}, 1);
  expectNear(rmsNormalization(squares(), {-1}, 1e-6, scale),
             {0.1062988, 0.4251952, 0.9566892, 1.7007807, 0.5449612, 0.7847441,
              1.0681239, 1.3951006});
}

TEST(UnitNormalization, Values) {
  expectNear(unitNormalization(squares(), {-1}),
             {0.0531494, 0.2125976, 0.4783446, 0.8503904, 0.2724806, 0.392372,
              0.534062, 0.6975503});
}

TEST(Normalization, GivenStatistics) {
  Tensor64 x{{1, 2}, {1, 3}};
  EXPECT_EQ(valueOf(normalization(x, {-1}, {1, 2}, {4, 0.25}, false)).values,
            (Values{0, 2}));
  EXPECT_EQ(valueOf(normalization(x, {}, {1}, {4}, true)).values,
            (Values{3, 7}));
  EXPECT_EQ(valueOf(rescaling(x, {2, 3}, {1})).values, (Values{3, 10}));
  EXPECT_EQ(messageOf(rescaling(x, {2, 3, 4}, {1})),
            "expected 1 value or 2, got 3");
}
