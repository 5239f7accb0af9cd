//===- EvaluatorTest.cpp --------------------------------------------------===//

#include "upconv/Reference/Evaluator.h"

#include "Tensors.h"

#include "upconv/Dialect/Keras/IR/KerasOps.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;
using namespace upconv;
using namespace upconv::reference;

namespace {

class EvaluatorTest : public ::testing::Test {
protected:
  EvaluatorTest()
      : handler(&context, [this](Diagnostic &diagnostic) {
          messages += diagnostic.str() + "\n";
        }) {
    context.loadDialect<keras::KerasDialect, func::FuncDialect>();
  }

  /// Runs the first function of `source`; the result is empty after an error.
  std::vector<Tensor64> run(llvm::StringRef source,
                            llvm::ArrayRef<Tensor64> inputs) {
    module = parseSourceString<ModuleOp>(source, &context);
    if (!module)
      return {};
    auto function = *module->getOps<func::FuncOp>().begin();
    FailureOr<std::vector<Tensor64>> results =
        evaluate(function, store, inputs);
    return failed(results) ? std::vector<Tensor64>() : *results;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  WeightStore store;
  std::string messages;
  ScopedDiagnosticHandler handler;
};

constexpr llvm::StringLiteral upsample = R"(
func.func @upsample(%x: tensor<?x?x1xf32>) -> tensor<?x?x1xf32> {
  %y = keras.conv1d_transpose %x {
    filters = 1 : i64, kernel_size = array<i64: 2>, strides = array<i64: 2>,
    padding = "same", data_format = "channels_last", dilation_rate = array<i64: 1>,
    activation = "relu", use_bias = true,
    weights = [#keras.variable<"kernel", tensor<2x1x1xf32>, "up/kernel", "">,
               #keras.variable<"bias", tensor<1xf32>, "up/bias", "">]
  } : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32> loc("up")
  return %y : tensor<?x?x1xf32>
})";

TEST_F(EvaluatorTest, TakesDynamicShapesFromTheInputs) {
  store.tensors["up/kernel"] = {{2, 1, 1}, {1, -1}};
  store.tensors["up/bias"] = {{1}, {1}};
  for (int64_t length : {1, 3}) {
    auto results = run(upsample, {counting({1, length, 1})});
    ASSERT_EQ(results.size(), 1u) << messages;
    EXPECT_EQ(results[0].shape, (Shape{1, 2 * length, 1}));
    EXPECT_EQ(results[0].values[0], 2);
    EXPECT_EQ(results[0].values[1], 0);
  }
}

TEST_F(EvaluatorTest, NamesTheLayerThatLacksWeights) {
  EXPECT_TRUE(run(upsample, {counting({1, 2, 1})}).empty());
  EXPECT_EQ(
      messages,
      "layer 'up' (Conv1DTranspose): the weight store has no 'up/kernel'\n");
}

TEST_F(EvaluatorTest, ChecksTheWeightsShape) {
  store.tensors["up/kernel"] = {{2, 1, 2}, {1, -1, 1, -1}};
  EXPECT_TRUE(run(upsample, {counting({1, 2, 1})}).empty());
  EXPECT_EQ(messages,
            "layer 'up' (Conv1DTranspose): variable 'kernel' must have shape "
            "2x1x1, got 2x1x2\n");
}

TEST_F(EvaluatorTest, ChecksTheInputs) {
  EXPECT_TRUE(run(upsample, {}).empty());
  EXPECT_TRUE(run(upsample, {counting({1, 2, 3})}).empty());
  EXPECT_EQ(messages, "expected 1 inputs, got 0\n"
                      "input 0 must have type 'tensor<?x?x1xf32>', got a "
                      "tensor of shape 1x2x3\n");
}

TEST_F(EvaluatorTest, RunsAChainOfLayers) {
  store.tensors["d/kernel"] = {{2, 4}, {1, 2, 3, 4, 0, 0, 0, 0}};
  store.tensors["n/moving_mean"] = {{2}, {0, 0}};
  store.tensors["n/moving_variance"] = {{2}, {4, 4}};
  auto results = run(R"(
    func.func @chain(%x: tensor<?x2xf32>) -> (tensor<?x1x2xf32>, tensor<?x4xf32>) {
      %0 = keras.dense %x {units = 4 : i64, activation = "linear", use_bias = false,
        weights = [#keras.variable<"kernel", tensor<2x4xf32>, "d/kernel", "">]}
        : (tensor<?x2xf32>) -> tensor<?x4xf32>
      %1 = keras.reshape %0 {target_shape = array<i64: 2, 2>}
        : (tensor<?x4xf32>) -> tensor<?x2x2xf32>
      %2 = keras.batch_normalization %1 {axis = array<i64: -1>, epsilon = 0.0 : f64,
        center = false, scale = false, weights = [
          #keras.variable<"moving_mean", tensor<2xf32>, "n/moving_mean", "">,
          #keras.variable<"moving_variance", tensor<2xf32>, "n/moving_variance", "">]}
        : (tensor<?x2x2xf32>) -> tensor<?x2x2xf32>
      %3 = keras.max_pooling1d %2 {pool_size = array<i64: 2>, strides = array<i64: 2>,
        padding = "valid", data_format = "channels_last"}
        : (tensor<?x2x2xf32>) -> tensor<?x1x2xf32>
      %4 = keras.add %3, %3 : (tensor<?x1x2xf32>, tensor<?x1x2xf32>) -> tensor<?x1x2xf32>
      %5 = keras.re_lu %4 {max_value = 3.0 : f64, negative_slope = 0.0 : f64,
        threshold = 0.0 : f64} : (tensor<?x1x2xf32>) -> tensor<?x1x2xf32>
      %6 = keras.flatten %2 {data_format = "channels_last"}
        : (tensor<?x2x2xf32>) -> tensor<?x4xf32>
      %7 = keras.dropout %6 {rate = 0.5 : f64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
      return %5, %7 : tensor<?x1x2xf32>, tensor<?x4xf32>
    })",
                     {Tensor64{{1, 2}, {1, 7}}});
  ASSERT_EQ(results.size(), 2u) << messages;
  EXPECT_EQ(results[0].values, (Values{3, 3}));
  EXPECT_EQ(results[1].values, (Values{0.5, 1, 1.5, 2}));
}

} // namespace
