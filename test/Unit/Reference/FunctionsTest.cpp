//===- FunctionsTest.cpp - Against values of Keras in float64 -------------===//

#include "Tensors.h"

#include "upconv/Dialect/Keras/IR/Functions.h"

#include "llvm/ADT/StringSet.h"

#include <cmath>

using namespace upconv;
using namespace upconv::reference;

namespace {

const Tensor64 argument{{1, 8}, {-3.5, -1, -0.3, 0, 0.4, 1, 2, 7}};

struct Row {
  const char *name;
  Values values;
};

// Of keras.activations and keras.ops; where Keras rounds a constant to float32
// (the slope 0.2, the numbers of gelu), the exact value.
const Row rows[] = {
    {"linear", {-3.5, -1, -0.3, 0, 0.4, 1, 2, 7}},
    {"celu",
     {-0.969802616577682, -0.632120558828558, -0.259181779318282, 0, 0.4, 1, 2,
      7}},
    {"elu",
     {-0.969802616577682, -0.632120558828558, -0.259181779318282, 0, 0.4, 1, 2,
      7}},
    {"exponential",
     {0.0301973834223185, 0.367879441171442, 0.740818220681718, 1,
      1.49182469764127, 2.71828182845905, 7.38905609893065, 1096.63315842846}},
    {"gelu",
     {-0.0008142017766243376, -0.1586552539314571, -0.1146265733433142, 0,
      0.2621686966441297, 0.8413447460685429, 1.954499736103642,
      6.999999999991041}},
    {"hard_shrink", {-3.5, -1, 0, 0, 0, 1, 2, 7}},
    {"hard_sigmoid",
     {0, 0.333333333333333, 0.45, 0.5, 0.566666666666667, 0.666666666666667,
      0.833333333333333, 1}},
    {"hard_silu",
     {-0, -0.333333333333333, -0.135, 0, 0.226666666666667, 0.666666666666667,
      1.66666666666667, 7}},
    {"hard_tanh", {-1, -1, -0.3, 0, 0.4, 1, 1, 1}},
    {"leaky_relu", {-0.7, -0.2, -0.06, 0, 0.4, 1, 2, 7}},
    {"log_sigmoid",
     {-3.52975041827262, -1.31326168751822, -0.854355244468527,
      -0.693147180559945, -0.513015252399953, -0.313261687518223,
      -0.126928011042972, -0.000911466453774245}},
    {"mish",
     {-0.104095754486371, -0.303401461374109, -0.151133177138335, 0,
      0.289030534072363, 0.86509838826731, 1.94395895953399, 6.99998837980974}},
    {"relu", {0, 0, 0, 0, 0.4, 1, 2, 7}},
    {"relu6", {0, 0, 0, 0, 0.4, 1, 2, 6}},
    {"selu",
     {-1.70500934095728, -1.11133073781256, -0.455667315379122, 0,
      0.420280394942192, 1.05070098735548, 2.10140197471096, 7.35490691148836}},
    {"sigmoid",
     {0.0293122307513563, 0.268941421369995, 0.425557483188341, 0.5,
      0.598687660112452, 0.731058578630005, 0.880797077977882,
      0.999088948805599}},
    {"silu",
     {-0.102592807629747, -0.268941421369995, -0.127667244956502, 0,
      0.239475064044981, 0.731058578630005, 1.76159415595576, 6.9936226416392}},
    {"soft_shrink", {-3, -0.5, 0, 0, 0, 0.5, 1.5, 6.5}},
    {"softplus",
     {0.0297504182726206, 0.313261687518223, 0.554355244468527,
      0.693147180559945, 0.913015252399953, 1.31326168751822, 2.12692801104297,
      7.00091146645377}},
    {"softsign",
     {-0.777777777777778, -0.5, -0.230769230769231, 0, 0.285714285714286, 0.5,
      0.666666666666667, 0.875}},
    {"sparse_plus", {0, 0, 0.1225, 0.25, 0.49, 1, 2, 7}},
    {"sparse_sigmoid", {0, 0, 0.35, 0.5, 0.7, 1, 1, 1}},
    {"squareplus",
     {0.265564437074637, 0.618033988749895, 0.861187420807834, 1,
      1.21980390271856, 1.61803398874989, 2.41421356237309, 7.14005494464026}},
    {"tanh",
     {-0.998177897611199, -0.761594155955765, -0.291312612451591, 0,
      0.379948962255225, 0.761594155955765, 0.964027580075817,
      0.999998336943944}},
    {"tanh_shrink",
     {-2.5018221023888, -0.238405844044235, -0.00868738754840914, 0,
      0.0200510377447751, 0.238405844044235, 1.03597241992418,
      6.00000166305606}},
    {"hard_sigmoid_v2", {0, 0.3, 0.44, 0.5, 0.58, 0.7, 0.9, 1}},
    {"gelu_tanh",
     {-0.0006161976553737403, -0.1588080093917232, -0.1146290764572407, 0,
      0.2621611694273562, 0.8411919906082768, 1.954597694087775,
      6.999999999999997}},
    {"expm1",
     {-0.969802616577682, -0.632120558828558, -0.259181779318282, 0,
      0.49182469764127, 1.71828182845905, 6.38905609893065, 1095.63315842846}},
    {"sign", {-1, -1, -1, 0, 1, 1, 1, 1}},
    {"floor", {-4, -1, -1, 0, 0, 1, 2, 7}},
    {"ceil", {-3, -1, -0, 0, 1, 1, 2, 7}},
    {"round", {-4, -1, -0, 0, 0, 1, 2, 7}},
    {"erf",
     {-0.999999256901628, -0.842700792949715, -0.328626759459127, 0,
      0.428392355046668, 0.842700792949715, 0.995322265018953, 1}},
    {"sin",
     {0.35078322768962, -0.841470984807897, -0.29552020666134, 0,
      0.389418342308651, 0.841470984807897, 0.909297426825682,
      0.656986598718789}},
    {"cos",
     {-0.936456687290796, 0.54030230586814, 0.955336489125606, 1,
      0.921060994002885, 0.54030230586814, -0.416146836547142,
      0.753902254343305}},
    {"square", {12.25, 1, 0.09, 0, 0.16, 1, 4, 49}},
    {"abs", {3.5, 1, 0.3, 0, 0.4, 1, 2, 7}},
    {"negative", {3.5, 1, 0.3, -0, -0.4, -1, -2, -7}},
};

const Row alongLastAxis[] = {
    {"log_softmax",
     {-10.5124496673153, -8.0124496673153, -7.3124496673153, -7.0124496673153,
      -6.6124496673153, -6.0124496673153, -5.0124496673153,
      -0.0124496673153003}},
    {"softmax",
     {2.71957548831422e-05, 0.000331312119620651, 0.00066718067790387,
      0.000900599714313066, 0.00134353689650091, 0.00244808383813262,
      0.00665458181174017, 0.987627509186906}},
};

void expectNear(const char *name, const Values &actual,
                const Values &expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(actual[i], expected[i], 1e-13 * (1 + std::abs(expected[i])))
        << name << " at " << argument.values[i];
}

} // namespace

TEST(Functions, HaveKerasValues) {
  for (const Row &row : rows)
    expectNear(row.name, valueOf(unary(argument, row.name)).values, row.values);
  for (const Row &row : alongLastAxis)
    expectNear(row.name, valueOf(activation(argument, row.name)).values,
               row.values);
}

TEST(Functions, EveryActivationIsInTheTable) {
  llvm::StringSet<> names;
  for (const Row &row : rows)
    names.insert(row.name);
  for (const Row &row : alongLastAxis)
    names.insert(row.name);
  for (llvm::StringRef name : keras::getActivationNames())
    EXPECT_TRUE(names.contains(name)) << name.str();
}

TEST(Functions, OfPositiveArguments) {
  Tensor64 x{{1, 3}, {0.25, 1, 4}};
  EXPECT_EQ(valueOf(unary(x, "sqrt")).values, (Values{0.5, 1, 2}));
  EXPECT_EQ(valueOf(unary(x, "rsqrt")).values, (Values{2, 1, 0.5}));
  EXPECT_EQ(valueOf(unary(x, "reciprocal")).values, (Values{4, 1, 0.25}));
  EXPECT_DOUBLE_EQ(valueOf(unary(x, "log")).values[2], std::log(4.0));
  EXPECT_DOUBLE_EQ(valueOf(unary(x, "log1p")).values[0], std::log(1.25));
}

TEST(Functions, PassNaN) {
  Tensor64 x{{1, 1}, {NAN}};
  for (llvm::StringRef name : keras::getActivationNames())
    if (name != "hard_shrink" && name != "softmax" && name != "log_softmax")
      EXPECT_TRUE(std::isnan(valueOf(unary(x, name)).values[0])) << name.str();
}

TEST(Functions, OfTwoElements) {
  auto at = [](const char *name, double x, double y) {
    return binaryFunction(name)(x, y);
  };
  EXPECT_EQ(at("subtract", 3, 5), -2);
  EXPECT_EQ(at("divide", 3, 2), 1.5);
  EXPECT_EQ(at("power", 3, 2), 9);
  EXPECT_EQ(at("squared_difference", 3, 5), 4);
  EXPECT_EQ(at("maximum", 3, 5), 5);
  EXPECT_EQ(at("minimum", 3, 5), 3);
  EXPECT_TRUE(std::isnan(at("maximum", NAN, 5)));
  EXPECT_TRUE(std::isnan(at("minimum", 5, NAN)));
  EXPECT_EQ(binaryFunction("modulo"), nullptr);
}
