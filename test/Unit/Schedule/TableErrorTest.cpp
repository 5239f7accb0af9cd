//===- TableErrorTest.cpp - What is refused, and how ----------------------===//

#include "ScheduleFolder.h"

#include "gtest/gtest.h"

using namespace upconv;

namespace {

const char *const last = "  - { use: { strategy: sample }, why: d }\n";

std::string entry(const std::string &when, const std::string &use) {
  ScheduleFolder folder;
  return folder.entryErrors("  - { when: { " + when + " }, use: { " + use +
                            " }, why: a }\n" + last);
}

TEST(TableErrors, Use) {
  const char *const when = "cin: 1";
  EXPECT_EQ(entry(when, "strategy: sample, tx: 6"), "");
  EXPECT_EQ(entry(when, "strategy: sample, tz: 6"),
            "3:50: error: strategy 'sample' has no knob 'tz', expected 'tx' or "
            "'ku'; did you mean 'tx'?");
  EXPECT_EQ(entry(when, "strategy: sample, tx: 7"),
            "3:54: error: knob 'tx' of strategy 'sample' must be one of 1..6, "
            "got '7'");
  EXPECT_EQ(entry(when, "strategy: sample, ku: 3"),
            "3:54: error: knob 'ku' of strategy 'sample' must be one of 1, 2, "
            "4, got '3'");
  EXPECT_EQ(entry(when, "strategy: sample, ku: 1, ku: 2"),
            "3:57: error: key 'ku' occurs twice in 'use'");
  EXPECT_EQ(entry(when, "tx: 6"),
            "3:30: error: 'use' must be a mapping that names a 'strategy'");
  EXPECT_NE(entry(when, "strategy: simple").find("; did you mean 'sample'?"),
            std::string::npos);
}

TEST(TableErrors, When) {
  const char *const use = "strategy: sample";
  EXPECT_EQ(
      entry("cim: 1", use),
      "3:15: error: unknown key 'cim' in 'when', expected 'rank', 'cin', "
      "'cout', 'batch', 'positions', 'groups', 'kernel', 'taps', 'stride', "
      "'dilation', 'in' or 'out'; did you mean 'cin'?");
  EXPECT_EQ(entry("cin: [1]", use),
            "3:20: error: 'cin' is one number, not a list");
  EXPECT_EQ(entry("cin: { a: 1 }", use),
            "3:20: error: 'cin': expected a number or a text");
  EXPECT_EQ(entry("cin: many", use),
            "3:20: error: 'cin': expected 4, \">=64\", \"<8\", \"4..16\", "
            "\"%16\" (a multiple) or \"*\", got 'many'");
  EXPECT_EQ(entry("in: [1, 2, 3, 4]", use),
            "3:19: error: 'in': expected 1 to 3 axes, got 4");
  EXPECT_EQ(entry("cin: 1, cin: 2", use),
            "3:23: error: key 'cin' occurs twice in 'when'");
}

TEST(TableErrors, Entries) {
  ScheduleFolder folder;
  EXPECT_EQ(
      folder.entryErrors(
          "  - { when: { cin: 1 }, use: { strategy: sample }, why: a }\n"),
      "3:13: error: the last entry must have no 'when', so that every "
      "kernel finds one");
  EXPECT_EQ(folder.entryErrors(std::string(last) + last),
            "4:5: error: this entry is never reached: an entry above uses "
            "'sample' without 'when'");
  EXPECT_EQ(folder.entryErrors("  - { use: { strategy: sample } }\n"),
            "3:5: error: key 'why' is missing in an entry");
  EXPECT_EQ(folder.entryErrors("  - { use: { strategy: sample }, ms: fast, "
                               "why: a }\n"),
            "3:38: error: 'ms' must be a number of at least 0, got 'fast'");
  EXPECT_EQ(folder.entryErrors("  []\n"),
            "3:3: error: 'entries' must be a list of at least one entry");
  EXPECT_EQ(folder.entryErrors("  - sample\n"),
            "3:5: error: an entry must be a mapping '{ key: value, ... }'");
}

TEST(TableErrors, AllOfAFileInOneRun) {
  ScheduleFolder folder;
  EXPECT_EQ(
      folder
          .entryErrors(
              "  - { use: { strategy: sample, tx: 9 }, wy: a, why: a }\n"
              "  - { use: { strategy: sample, tx: 9 }, why: a }\n"
              "  - { when: { cin: x }, use: { strategy: sample }, why: a }\n"
              "  - { use: { strategy: sample, ku: 9 }, why: a }\n")
          .substr(0, 30),
      "3:41: error: unknown key 'wy' ");
  EXPECT_EQ(folder.entryErrors("  - { use: { strategy: sample, tx: 9 }, why: a "
                               "}\n  - { when: { cin: 1 }, use: { strategy: "
                               "sample }, why: a }\n"),
            "3:36: error: knob 'tx' of strategy 'sample' must be one of 1..6, "
            "got '9'\n"
            "4:5: error: this entry is never reached: an entry above uses "
            "'sample' without 'when'\n"
            "4:13: error: the last entry must have no 'when', so that every "
            "kernel finds one");
}

TEST(TableErrors, Header) {
  ScheduleFolder folder;
  std::string entries = std::string("entries:\n") + last;
  auto errors = [&](const std::string &header) {
    folder.write("generic/conv-f32.yaml", header + entries);
    return folder.errors();
  };
  EXPECT_EQ(errors("basis: guess\n"),
            "generic/conv-f32.yaml:1:8: error: 'basis' must be 'measured' or "
            "'model', got 'guess'");
  EXPECT_EQ(errors("basis: measured\nmachine: m\ndate: d\n"),
            "generic/conv-f32.yaml:1:1: error: a measured table must say its "
            "'method'");
  EXPECT_EQ(errors(""), "generic/conv-f32.yaml:1:1: error: key 'basis' is "
                        "missing in a schedule table");
  folder.write("generic/conv-f32.yaml", "basis: [model\n");
  EXPECT_EQ(folder.errors().substr(0, 43),
            "generic/conv-f32.yaml:1:14: error: not YAML");
}

TEST(TableErrors, Files) {
  ScheduleFolder folder;
  folder.write("generic/cnv-f32.yaml", "");
  EXPECT_EQ(
      folder.errors().substr(0, 66),
      "generic/cnv-f32.yaml:1:1: error: no table is named 'cnv-f32.yaml',");
  ScheduleFolder rounding;
  rounding.write("generic/pool-bf16.yaml", "");
  EXPECT_EQ(
      rounding.errors().substr(0, 69),
      "generic/pool-bf16.yaml:1:1: error: no table is named 'pool-bf16.yaml'")
      << "only contractions multiply";
  ScheduleFolder deep;
  for (const char *text : {"[", "- ", "? ", "a: "}) {
    std::string nested;
    for (int i = 0; i < 100000; ++i)
      nested += text;
    deep.write("generic/conv-f32.yaml", nested);
    EXPECT_EQ(deep.errors(), "generic/conv-f32.yaml:1:1: error: no schedule "
                             "file is so large or so deeply nested");
  }
  ScheduleFolder wrongFolder;
  wrongFolder.write("x86-64-v5/conv-f32.yaml", "");
  EXPECT_EQ(wrongFolder.errors(),
            "x86-64-v5/conv-f32.yaml:1:1: error: no table folder 'x86-64-v5', "
            "expected 'x86-64', 'x86-64-v3', 'x86-64-v4', 'sapphirerapids', "
            "'sapphirerapids-amx', "
            "'aarch64', 'opencl', 'cuda-sm_80', 'cuda-sm_90' "
            "or 'generic'; did you mean 'x86-64-v3'?");
}

TEST(TableErrors, Folder) {
  auto errorsOf = [](const std::string &path) {
    auto tables = ScheduleTables::load(path);
    return tables ? "" : llvm::toString(tables.takeError());
  };
  EXPECT_EQ(errorsOf("no/such/folder"),
            "no/such/folder: error: cannot be read: No such file or directory");
  llvm::SmallString<128> empty;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("upconv-empty", empty));
  EXPECT_EQ(errorsOf(empty.str().str()),
            empty.str().str() + ": error: holds no schedule table, expected "
                                "<target>/<op>-<dtype>.yaml");
  (void)llvm::sys::fs::remove(empty);
}

TEST(StrategyErrors, Knobs) {
  ScheduleFolder folder;
  folder.write("strategies/bad.yaml",
               "strategy: worse\nsummary: s\nknobs:\n"
               "  - { name: tx, values: [1, x], default: 3, meaning: m }\n"
               "  - { name: tx, values: [1], meaning: m }\n");
  EXPECT_EQ(
      folder.errors(),
      "strategies/bad.yaml:1:11: error: strategy 'worse' must be named as "
      "its file, 'bad'\n"
      "strategies/bad.yaml:4:29: error: a value of knob 'tx' must be an "
      "integer, got 'x'\n"
      "strategies/bad.yaml:4:42: error: the default of knob 'tx' must be "
      "one of its values, got 3\n"
      "strategies/bad.yaml:5:5: error: knob 'tx' is listed twice");
}

TEST(TargetErrors, Device) {
  ScheduleFolder folder;
  folder.write("targets.yaml",
               "levels:\n"
               "  - { name: x, device: vulkan, halide: h, triple: t, cpu: c, "
               "features: f, vector_floats: 1, registers: 1, l1_bytes: 1, "
               "l2_bytes: 1, requires: [], fallback: [x, generic] }\n"
               "later_levels: []\nsystems: [{name: linux, halide: linux, "
               "triple: unknown-linux-gnu, architectures: [x86_64]}]\n");
  EXPECT_NE(folder.errors().find("targets.yaml:2:24: error: 'device' must be "
                                 "'opencl' or 'cuda', got 'vulkan'"),
            std::string::npos)
      << folder.errors();
}

TEST(TargetErrors, Capability) {
  auto errorsOf = [](const std::string &keys) {
    ScheduleFolder folder;
    folder.write("targets.yaml",
                 "levels:\n"
                 "  - { name: x, " +
                     keys +
                     ", halide: h, triple: t, cpu: c, features: f, "
                     "vector_floats: 1, registers: 1, l1_bytes: 1, "
                     "l2_bytes: 1, requires: [], fallback: [x, generic] }\n"
                     "later_levels: []\nsystems: [{name: linux, halide: linux, "
                     "triple: unknown-linux-gnu, architectures: [x86_64]}]\n");
    return folder.errors();
  };
  std::string rule = "'capability' is for 'device: cuda', which needs it";
  for (const char *keys : {"device: cuda", "device: opencl, capability: 8"})
    EXPECT_NE(errorsOf(keys).find("targets.yaml:2:24: error: " + rule),
              std::string::npos)
        << errorsOf(keys);
  EXPECT_EQ(errorsOf("device: cuda, capability: 8").find(rule),
            std::string::npos);
}

TEST(TargetErrors, Rows) {
  ScheduleFolder folder;
  folder.write("targets.yaml",
               "levels:\n"
               "  - { name: x }\n"
               "later_levels: []\nsystems: [{name: linux, halide: linux, "
               "triple: unknown-linux-gnu, architectures: [x86_64]}]\n");
  EXPECT_NE(folder.errors().find(
                "targets.yaml:2:5: error: key 'halide' is missing in a target"),
            std::string::npos);
}

} // namespace
