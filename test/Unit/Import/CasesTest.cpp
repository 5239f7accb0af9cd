//===- CasesTest.cpp - Keras's own test cases -----------------------------===//
//
// Every case of cases.json for a convolution of either direction: its output
// shape or its error. The values are the business of the integration tests.
//
//===----------------------------------------------------------------------===//

#include "Importing.h"

#include "gtest/gtest.h"

#include <json/reader.h>
#include <json/writer.h>

#include <fstream>

using namespace upconv;

namespace {

std::vector<int64_t> shapeOf(const Json::Value &value) {
  std::vector<int64_t> shape;
  for (const Json::Value &size : value)
    shape.push_back(size.isNull() ? mlir::ShapedType::kDynamic
                                  : size.asInt64());
  return shape;
}

TEST(Cases, ConvolutionsAgreeWithKeras) {
  std::ifstream file(UPCONV_KERAS_CASES);
  Json::Value root;
  std::string errors;
  if (!file ||
      !Json::parseFromStream(Json::CharReaderBuilder(), file, &root, &errors))
    GTEST_SKIP() << "no " << UPCONV_KERAS_CASES;
  Importing importing;
  unsigned checked = 0;
  for (const Json::Value &test : root["cases"]) {
    std::string layer = test["layer"].asString(), id = test["id"].asString();
    llvm::StringRef name = layer;
    if (!name.consume_front("Conv"))
      continue;
    std::vector<int64_t> input = shapeOf(test["input_shape"]);
    if (input.empty()) {
      input.assign(name[0] - '0' + 2, 16);
      input.back() = 8;
    }
    importing.options.inputShapes = {{"", input}};
    Json::Value model;
    model["class_name"] = layer;
    model["config"] = test["config"];
    ImportStatus status =
        importing.import(Json::writeString(Json::StreamWriterBuilder(), model));
    ++checked;
    if (test["expect"].asString().rfind("error", 0) == 0) {
      EXPECT_EQ(status, ImportStatus::Invalid) << id;
      continue;
    }
    ASSERT_EQ(status, ImportStatus::Ok) << id << ": " << importing.messages;
    auto type = llvm::cast<mlir::RankedTensorType>(
        importing.function().getResultTypes()[0]);
    if (test["expected_output_shape"].isArray()) {
      EXPECT_EQ(type.getShape().vec(), shapeOf(test["expected_output_shape"]))
          << id;
    }
  }
  EXPECT_GT(checked, 250u);
}

} // namespace
