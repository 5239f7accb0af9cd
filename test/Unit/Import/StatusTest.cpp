//===- StatusTest.cpp - Wrong, unsupported, fine --------------------------===//

#include "Importing.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace upconv;

namespace {

std::string sequential(llvm::StringRef layers) {
  return R"({"class_name": "Sequential", "config": {"name": "m", "layers": [
    {"class_name": "InputLayer", "config": {"name": "x", "batch_shape": [1, 8]}},)" +
         layers.str() + "]}}";
}

TEST(Status, OkHasAModuleAndNoWeights) {
  Importing importing;
  ASSERT_EQ(importing.import(sequential(
                R"({"class_name": "Dense", "config": {"units": 3}})")),
            ImportStatus::Ok);
  EXPECT_EQ(importing.messages, "");
  EXPECT_EQ(importing.function().getName(), "m");
  EXPECT_TRUE(importing.model.weights.tensors.empty());
}

TEST(Status, UnsupportedIsNotInvalid) {
  Importing importing;
  EXPECT_EQ(
      importing.import(sequential(R"({"class_name": "Lambda", "config": {}})")),
      ImportStatus::Unsupported);
  EXPECT_FALSE(importing.model.module);
}

TEST(Status, InvalidWinsOverUnsupported) {
  Importing importing;
  EXPECT_EQ(importing.import(sequential(
                R"({"class_name": "Lambda", "config": {}},
                   {"class_name": "Dense", "config": {"units": 0}})")),
            ImportStatus::Invalid);
}

TEST(Status, MissingFile) {
  Importing importing;
  importing.options.path = "/nonexistent/model.json";
  EXPECT_EQ(
      importKerasModel(importing.context, importing.options, importing.model),
      ImportStatus::Invalid);
}

//===----------------------------------------------------------------------===//
// Initializers
//===----------------------------------------------------------------------===//

struct Moments {
  double mean, deviation, low, high;
};

Moments drawKernel(llvm::StringRef initializer) {
  Importing importing;
  importing.options.initSeed = 7;
  EXPECT_EQ(
      importing.import(sequential(
          R"({"class_name": "Dense", "config": {"name": "fc", "units": 5000,
                    "kernel_initializer": )" +
          initializer.str() + "}}")),
      ImportStatus::Ok)
      << importing.messages;
  const Tensor *kernel = importing.model.weights.find("fc/kernel");
  Moments moments{0, 0, kernel->values[0], kernel->values[0]};
  for (float value : kernel->values) {
    moments.mean += value / kernel->values.size();
    moments.low = std::min<double>(moments.low, value);
    moments.high = std::max<double>(moments.high, value);
  }
  for (float value : kernel->values)
    moments.deviation +=
        std::pow(value - moments.mean, 2) / kernel->values.size();
  moments.deviation = std::sqrt(moments.deviation);
  return moments;
}

// fan_in is 8, fan_out is 5000.
TEST(Initializers, HaveKerasDistributions) {
  double glorot = std::sqrt(2.0 / (8 + 5000)), he = std::sqrt(2.0 / 8),
         lecun = std::sqrt(1.0 / 8);
  EXPECT_NEAR(drawKernel("null").deviation, glorot, .01 * glorot);
  EXPECT_NEAR(drawKernel(R"("glorot_normal")").deviation, glorot, .02 * glorot);
  EXPECT_NEAR(drawKernel(R"("HeUniform")").deviation, he, .01 * he);
  EXPECT_NEAR(
      drawKernel(R"({"class_name": "HeNormal", "config": {}})").deviation, he,
      .02 * he);
  EXPECT_NEAR(drawKernel(R"("lecun_uniform")").deviation, lecun, .01 * lecun);
  Moments scaled = drawKernel(
      R"({"class_name": "VarianceScaling", "config": {"scale": 2.0,
          "mode": "fan_in", "distribution": "untruncated_normal"}})");
  EXPECT_NEAR(scaled.deviation, he, .02 * he);
}

TEST(Initializers, TakeArguments) {
  Moments uniform = drawKernel(
      R"({"class_name": "RandomUniform", "config": {"minval": 2, "maxval": 3.0}})");
  EXPECT_GE(uniform.low, 2);
  EXPECT_LE(uniform.high, 3);
  EXPECT_NEAR(uniform.mean, 2.5, .01);
  Moments truncated = drawKernel(
      R"({"class_name": "TruncatedNormal", "config": {"mean": 1.0, "stddev": 0.5}})");
  EXPECT_GE(truncated.low, 0);
  EXPECT_LE(truncated.high, 2);
  Moments constant =
      drawKernel(R"({"class_name": "Constant", "config": {"value": 0.25}})");
  EXPECT_EQ(constant.low, .25);
  EXPECT_EQ(constant.high, .25);
}

} // namespace
