//===- TableEditTest.cpp - Verdicts into schedule tables ------------------===//

#include "upconv/Tuner/TableEdit.h"

#include "gtest/gtest.h"

using namespace upconv;

namespace {

const char *const table = R"(# A comment that stays.
basis: model
entries:
  - { when: { cout: ">=64" }, use: { strategy: phase, tx: 12, nv: 2 }, why: "wide" }
  - { use: { strategy: phase, tx: 24, nv: 1 }, why: "narrow" }
)";

std::optional<std::string> textOf(const std::string &path) {
  if (path == "x86-64-v4/conv-transpose-f32.yaml" ||
      path == "generic/conv-transpose-f32.yaml")
    return table;
  return std::nullopt;
}

TuningRecord verdict(const std::string &when, int line) {
  TuningRecord record;
  record.kind = TuningRecord::Kind::Verdict;
  record.layer = "sample";
  record.target = "x86-64-v4";
  record.op = "conv-transpose";
  record.when = when;
  record.choice = {"gather", {{"tx", 8}}};
  record.outcome = "faster";
  record.ms = 1.5;
  record.fraction = 0.75;
  record.incumbentFraction = 0.5;
  record.incumbentStrategy = "phase";
  record.incumbentFile = "x86-64-v4/conv-transpose-f32.yaml";
  record.incumbentLine = line;
  return record;
}

const char *const entry =
    "  - { when: { cin: 8 }, use: { strategy: gather, tx: 8 }, ms: 1.5000, "
    "peak: 0.75, why: \"tuned (sample): 0.75 of the roofline, 0.50 with "
    "'phase' before\" }\n";

TEST(TableEdit, PutsTheEntryBeforeTheOneItBeat) {
  auto tables = editedTables({verdict("{ cin: 8 }", 5)}, textOf);
  ASSERT_EQ(tables.size(), 1u);
  std::string expected = table;
  expected.insert(expected.find("  - { use:"), entry);
  EXPECT_EQ(tables["x86-64-v4/conv-transpose-f32.yaml"], expected);
}

TEST(TableEdit, ReplacesAnEntryOfTheSameWhen) {
  auto tables = editedTables({verdict("{ cout: \">=64\" }", 4)}, textOf);
  std::string text = tables["x86-64-v4/conv-transpose-f32.yaml"];
  EXPECT_EQ(text.find("\"wide\""), std::string::npos);
  EXPECT_NE(text.find("strategy: gather, tx: 8"), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
}

TEST(TableEdit, LaterVerdictsCountAndKeptOnesChangeNothing) {
  TuningRecord kept = verdict("{ cin: 8 }", 5);
  kept.outcome = "kept";
  EXPECT_TRUE(editedTables({kept}, textOf).empty());
  EXPECT_TRUE(editedTables({verdict("{ cin: 8 }", 5), kept}, textOf).empty());
  EXPECT_EQ(editedTables({kept, verdict("{ cin: 8 }", 5)}, textOf).size(), 1u);
}

TEST(TableEdit, ATargetWithoutATableGetsACopy) {
  TuningRecord record = verdict("{ cin: 8 }", 5);
  record.target = "aarch64";
  record.incumbentFile = "generic/conv-transpose-f32.yaml";
  auto tables = editedTables({record}, textOf);
  ASSERT_EQ(tables.size(), 1u);
  std::string expected = table;
  expected.insert(expected.find("  - { when:"), entry);
  EXPECT_EQ(tables["aarch64/conv-transpose-f32.yaml"], expected);
}

TEST(TableEdit, WhenNamesWhatTellsAKernelFromItsNeighbours) {
  KernelTraits traits;
  traits.scalars = {{"rank", 2},  {"cin", 8},        {"cout", 4},
                    {"batch", 1}, {"positions", 64}, {"groups", 1}};
  traits.lists = {{"kernel", {4, 3}},
                  {"stride", {2, 2}},
                  {"dilation", {1, 1}},
                  {"in", {16, -1}},
                  {"out", {32, -1}}};
  EXPECT_EQ(whenOf(traits), "{ rank: 2, kernel: [4, 3], stride: [2, 2], cin: "
                            "8, cout: 4, in: [16, \"*\"] }");
  traits.scalars["batch"] = 16;
  traits.lists["dilation"] = {1, 2};
  EXPECT_EQ(whenOf(traits),
            "{ rank: 2, kernel: [4, 3], stride: [2, 2], dilation: [1, 2], cin: "
            "8, cout: 4, in: [16, \"*\"], batch: 16 }");
}

} // namespace
