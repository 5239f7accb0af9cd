//===- LookupTest.cpp - Which entry a kernel gets -------------------------===//

#include "ScheduleFolder.h"

#include "gtest/gtest.h"

using namespace upconv;

namespace {

bool anything(const ScheduleEntry &) { return true; }

KernelTraits sampleTraits() {
  KernelTraits traits;
  traits.scalars = {{"rank", 2},  {"cin", 64},       {"cout", 64},
                    {"batch", 1}, {"positions", 64}, {"groups", 1}};
  traits.lists = {{"kernel", {4, 4}},
                  {"stride", {2, 2}},
                  {"dilation", {1, 1}},
                  {"in", {32, 32}},
                  {"out", {64, 64}}};
  return traits;
}

TEST(Lookup, EmbeddedTablesAreTotal) {
  auto tables = ScheduleTables::load("");
  ASSERT_TRUE(bool(tables)) << llvm::toString(tables.takeError());
  for (const std::string &name : tables->targetNames()) {
    auto target = tables->target(name);
    ASSERT_TRUE(bool(target));
    for (const char *op : {"conv-transpose", "conv", "matmul", "pool",
                           "softmax", "elementwise", "transpose", "copy"})
      // Nothing known: only the entries without `when` are left.
      for (const KernelTraits &traits : {KernelTraits(), sampleTraits()}) {
        ScheduleEntry entry = tables->lookup(*target, op, traits, anything);
        EXPECT_NE(entry.use.strategy, "") << name << " " << op;
        EXPECT_NE(entry.why, "");
        EXPECT_GT(entry.line, 1);
      }
  }
}

TEST(Lookup, FollowsTheFallbackChain) {
  auto tables = ScheduleTables::load("");
  ASSERT_TRUE(bool(tables)) << llvm::toString(tables.takeError());
  auto target = tables->target("x86-64-v4");
  ASSERT_TRUE(bool(target));
  for (const char *strategy : {"gather", "phase", "stacked"}) {
    ScheduleEntry entry = tables->lookup(
        *target, "conv-transpose", sampleTraits(),
        [&](const ScheduleEntry &e) { return e.use.strategy == strategy; });
    EXPECT_EQ(entry.use.strategy, strategy);
  }
  ScheduleEntry entry =
      tables->lookup(*target, "softmax", KernelTraits(), anything);
  EXPECT_EQ(entry.use.strategy, "softmax");
  EXPECT_EQ(entry.file, "generic/softmax-f32.yaml");
}

TEST(Traits, TapsThatOneOutputSumsUp) {
  KernelSpec spec;
  spec.anchor = Anchor::ConvTranspose;
  spec.input.shape = spec.output.shape =
      std::vector<Size>(5, Size::of(8)); // of three axes
  spec.window = {4, 5, 3};
  spec.strides = {2, 4, 4};
  spec.dilations = {1, 2, 1}; // an axis whose taps meet at every second
  EXPECT_EQ(traitsOf(spec).lists["taps"], (std::vector<int64_t>{2, 3, 1}));
  spec.anchor = Anchor::Conv;
  EXPECT_EQ(traitsOf(spec).lists["taps"], spec.window);
}

TEST(Lookup, FirstMatchThatIsLegal) {
  ScheduleFolder folder;
  folder.write(
      "generic/conv-f32.yaml",
      "basis: model\n"
      "entries:\n"
      "  - { when: { cin: 32 }, use: { strategy: sample, tx: 1 }, why: "
      "a }\n"
      "  - { when: { cin: 64 }, use: { strategy: sample, tx: 2 }, ms: "
      "1.5, peak: 0.8, why: b }\n"
      "  - { when: { stride: [2, 2] }, use: { strategy: sample, tx: 3, "
      "ku: 2 }, why: c }\n"
      "  - { use: { strategy: sample }, why: d }\n");
  auto tables = ScheduleTables::load(folder.path());
  ASSERT_TRUE(bool(tables)) << llvm::toString(tables.takeError());
  auto target = tables->target("x86-64-v4");
  ASSERT_TRUE(bool(target));
  ScheduleEntry entry =
      tables->lookup(*target, "conv", sampleTraits(), anything);
  EXPECT_EQ(entry.file, folder.path() + "/generic/conv-f32.yaml")
      << "before the embedded tables of the target itself";
  EXPECT_EQ(entry.line, 4);
  EXPECT_EQ(entry.why, "b");
  EXPECT_EQ(entry.ms, 1.5);
  EXPECT_EQ(entry.peak, 0.8);
  EXPECT_EQ(entry.use.knobs.size(), 1u) << "unnamed knobs are the strategy's";
  EXPECT_EQ(entry.use.knob("tx", 0), 2);
  entry = tables->lookup(
      *target, "conv", sampleTraits(),
      [](const ScheduleEntry &e) { return e.use.knob("ku", 1) == 2; });
  EXPECT_EQ(entry.line, 5);
  entry = tables->lookup(
      *target, "conv", sampleTraits(),
      [](const ScheduleEntry &e) { return e.use.strategy == "conv"; });
  EXPECT_EQ(entry.file, "x86-64-v4/conv-f32.yaml");
}

TEST(Lookup, ChoicesOfATable) {
  ScheduleFolder folder;
  folder.write(
      "generic/conv-f32.yaml",
      "basis: model\nentries:\n"
      "  - { when: { cin: 32 }, use: { strategy: sample, tx: 1 }, why: "
      "a }\n"
      "  - { use: { strategy: sample }, why: b }\n");
  auto tables = ScheduleTables::load(folder.path());
  ASSERT_TRUE(bool(tables)) << llvm::toString(tables.takeError());
  std::vector<ScheduleChoice> choices =
      tables->choicesOf(folder.path() + "/generic/conv-f32.yaml");
  ASSERT_EQ(choices.size(), 2u);
  EXPECT_EQ(toString(choices[0]), "sample tx=1");
  EXPECT_EQ(toString(choices[1]), "sample");
  EXPECT_FALSE(tables->choicesOf("generic/conv-f32.yaml").empty())
      << "the embedded one";
  EXPECT_TRUE(tables->choicesOf("generic/sort-f32.yaml").empty());
}

TEST(Lookup, TablesForRoundedNumbersNeedThePermission) {
  ScheduleFolder folder;
  folder.write("x86-64/conv-bf16.yaml",
               "basis: model\nentries:\n"
               "  - { when: { cin: 64 }, use: { strategy: conv }, why: a }\n");
  auto tables = ScheduleTables::load(folder.path());
  ASSERT_TRUE(bool(tables)) << llvm::toString(tables.takeError());
  auto target = tables->target("x86-64-v4");
  ASSERT_TRUE(bool(target));
  ScheduleEntry entry =
      tables->lookup(*target, "conv", sampleTraits(), anything);
  EXPECT_EQ(entry.precision, Precision::Float32);
  EXPECT_EQ(entry.file, "x86-64-v4/conv-f32.yaml");
  entry = tables->lookup(*target, "conv", sampleTraits(), anything,
                         Precision::BFloat16);
  EXPECT_EQ(entry.precision, Precision::BFloat16);
  EXPECT_EQ(entry.file, folder.path() + "/x86-64/conv-bf16.yaml")
      << "the whole chain, before any table for float32";
  // Such a table need not know every kernel.
  KernelTraits others = sampleTraits();
  others.scalars["cin"] = 3;
  entry =
      tables->lookup(*target, "conv", others, anything, Precision::BFloat16);
  EXPECT_EQ(entry.file, "x86-64-v4/conv-f32.yaml");
}

TEST(Lookup, NothingLegal) {
  auto tables = ScheduleTables::load("");
  ASSERT_TRUE(bool(tables));
  auto target = tables->target("aarch64");
  ASSERT_TRUE(bool(target));
  EXPECT_EQ(tables
                ->lookup(*target, "conv", sampleTraits(),
                         [](const ScheduleEntry &) { return false; })
                .use.strategy,
            "");
  EXPECT_EQ(
      tables->lookup(*target, "sort", sampleTraits(), anything).use.strategy,
      "");
}

TEST(Lookup, Strategies) {
  ScheduleFolder folder;
  folder.write("generic/conv-f32.yaml",
               "basis: model\nentries:\n"
               "  - { use: { strategy: sample }, why: a }\n");
  auto tables = ScheduleTables::load(folder.path());
  ASSERT_TRUE(bool(tables)) << llvm::toString(tables.takeError());
  EXPECT_EQ(tables->strategy("none"), nullptr);
  const StrategyInfo *sample = tables->strategy("sample");
  ASSERT_NE(sample, nullptr);
  ASSERT_NE(sample->knob("ku"), nullptr);
  EXPECT_EQ(sample->knob("ku")->values, (std::vector<int64_t>{1, 2, 4}));
  EXPECT_EQ(sample->knob("tx")->defaultText, "4");
  EXPECT_EQ(sample->knob("nv"), nullptr);
  EXPECT_EQ(sample->constraints.size(), 1u);
}

} // namespace
