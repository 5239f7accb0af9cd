//===- SuiteTest.cpp - Benchmark suites -----------------------------------===//

#include "upconv/Driver/Suite.h"

#include "gtest/gtest.h"

#include <json/json.h>

#include <sstream>

using namespace upconv;

namespace {

std::string suite(const std::string &layers) {
  return "{\"version\": 1,\n \"tiers\": {\"core\": \"headline\", \"edge\": "
         "\"odd shapes\"},\n \"layers\": [\n" +
         layers + "]}\n";
}

const char *const up = R"({"id": "up", "tier": "core", "rank": 2, "batch": 1,
  "in_spatial": [16, 8], "cin": 64, "cout": 32, "kernel": [4, 3],
  "strides": [2, 2], "padding": "same", "output_padding": [1, 0],
  "dilation": [1, 1], "note": "ignored",
  "derived": {"out_spatial": [33, 16], "macs_useful": 5, "bytes_min_f32": 7}})";

const char *const odd = R"({"id": "odd", "tier": "edge", "rank": 1, "batch": 2,
  "in_spatial": [5], "cin": 1, "cout": 1, "kernel": [3], "strides": [1],
  "padding": "valid", "output_padding": null, "dilation": [2]})";

std::string errorOf(const std::string &text) {
  auto result = parseSuite(text, "s.json");
  return result ? "" : llvm::toString(result.takeError());
}

/// `up` with one text replaced by another.
std::string with(const std::string &from, const std::string &to) {
  std::string text = up;
  text.replace(text.find(from), from.size(), to);
  return suite(text);
}

TEST(Suite, ReadsLayers) {
  auto result = parseSuite(suite(std::string(up) + ",\n" + odd), "s.json");
  ASSERT_TRUE(bool(result)) << llvm::toString(result.takeError());
  ASSERT_EQ(result->layers.size(), 2u);
  const SuiteLayer &layer = result->layers[0];
  EXPECT_EQ(layer.id, "up");
  EXPECT_EQ(layer.line, 4);
  EXPECT_EQ(layer.kernel, (std::vector<int64_t>{4, 3}));
  EXPECT_EQ(*layer.outputPadding, (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(layer.usefulMacs, 5);
  EXPECT_EQ(layer.minimumBytes, 7);
  EXPECT_EQ(layer.outSpatial, (std::vector<int64_t>{33, 16}));
  EXPECT_EQ(inputShape(layer), (std::vector<int64_t>{1, 16, 8, 64}));
  EXPECT_FALSE(result->layers[1].outputPadding);
  EXPECT_EQ(result->layers[1].usefulMacs, -1);
}

TEST(Suite, LayerJsonIsABareKerasLayer) {
  auto result = parseSuite(suite(up), "s.json");
  ASSERT_TRUE(bool(result));
  Json::Value root;
  std::istringstream(layerJson(result->layers[0])) >> root;
  EXPECT_EQ(root["class_name"], "Conv2DTranspose");
  EXPECT_EQ(root["config"]["name"], "up");
  EXPECT_EQ(root["config"]["filters"], 32);
  EXPECT_EQ(root["config"]["kernel_size"][0], 4);
  EXPECT_EQ(root["config"]["output_padding"][0], 1);
  EXPECT_EQ(root["config"]["use_bias"], true);
}

TEST(Suite, Selects) {
  auto result = parseSuite(suite(std::string(up) + ",\n" + odd), "s.json");
  ASSERT_TRUE(bool(result));
  auto select = [&](const char *tier, const char *id) {
    auto layers = selectLayers(*result, tier, id);
    if (!layers)
      return llvm::toString(layers.takeError());
    std::string ids;
    for (const SuiteLayer &layer : *layers)
      ids += layer.id + " ";
    return ids;
  };
  EXPECT_EQ(select("", ""), "up odd ");
  EXPECT_EQ(select("edge", ""), "odd ");
  EXPECT_EQ(select("", "up"), "up ");
  EXPECT_EQ(select("edge", "up"), "layer 'up' is not in tier 'edge'");
  EXPECT_EQ(select("fast", ""),
            "the suite has no tier 'fast', expected 'core', 'edge'");
  EXPECT_EQ(select("", "ood"),
            "the suite has no layer 'ood'; did you mean 'odd'?");
}

TEST(Suite, Errors) {
  EXPECT_EQ(errorOf("{\n \"version\": 1,\n x}"),
            "s.json:3:2: error: not JSON: missing '}' or object member name");
  EXPECT_EQ(errorOf("[]"), "s.json:1:1: error: a suite must be an object with "
                           "'version', 'tiers' and 'layers'");
  EXPECT_EQ(
      errorOf("{\"version\": 2}"),
      "s.json:1:13: error: this version reads suites of version 1, got 2");
  EXPECT_EQ(errorOf(suite("")),
            "s.json:3:12: error: 'layers' must be a list of "
            "at least one layer");
  EXPECT_EQ(errorOf(with("\"cin\": 64", "\"cin\": 0")),
            "s.json:5:33: error: layer 'up': 'cin' must be an integer of at "
            "least 1 and below 2^31");
  EXPECT_EQ(errorOf(with("\"kernel\": [4, 3]", "\"kernel\": [4]")),
            "s.json:5:59: error: layer 'up': 'kernel' must be a list of 2 "
            "integers, one per axis");
  EXPECT_EQ(errorOf(with("\"tier\": \"core\"", "\"tier\": \"fast\"")),
            "s.json:4:22: error: layer 'up': tier 'fast' is not one of the "
            "suite's tiers, 'core', 'edge'");
  EXPECT_EQ(errorOf(with("\"rank\": 2", "\"rank\": 4")),
            "s.json:4:38: error: layer 'up': 'rank' must be 1, 2 or 3, got 4");
  EXPECT_EQ(errorOf(with("\"padding\": \"same\"", "\"padding\": \"causal\"")),
            "s.json:6:33: error: layer 'up': 'padding' must be 'same' or "
            "'valid', got 'causal'");
  EXPECT_EQ(errorOf(with("\"id\": \"up\", ", "")),
            "s.json:4:1: error: layer 0: key 'id' is missing");
  EXPECT_EQ(errorOf(suite(std::string(odd) + "," + odd)),
            "s.json:6:71: error: layer 'odd': the id occurs twice");
  EXPECT_EQ(errorOf(with("\"id\": \"up\"", "\"id\": \"../up\"")),
            "s.json:4:8: error: layer '../up': an id must be made of letters, "
            "digits, '_', '-' and '.'");
  EXPECT_EQ(errorOf(std::string(100, '[')),
            "s.json:1:1: error: not JSON: nested too deeply");
}

TEST(Suite, UnreadableFile) {
  auto result = readSuite("no/such/suite.json");
  ASSERT_FALSE(bool(result));
  EXPECT_EQ(llvm::toString(result.takeError()),
            "no/such/suite.json: error: cannot be read: No such file or "
            "directory");
}

} // namespace
