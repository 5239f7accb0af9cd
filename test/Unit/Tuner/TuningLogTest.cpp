//===- TuningLogTest.cpp - What was measured, one line each ---------------===//

#include "upconv/Tuner/TuningLog.h"
#include "upconv/Tuner/Report.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"

#include "gtest/gtest.h"

#include <fstream>
#include <optional>

using namespace upconv;

namespace {

class TuningLog : public testing::Test {
protected:
  void SetUp() override {
    llvm::SmallString<128> folder;
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("log", folder));
    directory = folder.str().str();
    path = directory + "/log.jsonl";
  }
  void TearDown() override { llvm::sys::fs::remove_directories(directory); }
  void append(const std::string &text) {
    std::ofstream(path, std::ios::app) << text;
  }
  void write(const TuningRecord &record) {
    auto log = LogWriter::open(path);
    ASSERT_TRUE(bool(log)) << llvm::toString(log.takeError());
    llvm::Error error = log->append(record);
    ASSERT_FALSE(bool(error));
  }
  std::string directory, path;
};

TuningRecord trial(const std::string &layer, double fraction) {
  TuningRecord record;
  record.layer = layer;
  record.target = "x86-64-v4";
  record.op = "conv";
  record.when = "{ cin: 8 }";
  record.choice = {"conv", {{"nv", 2}, {"tx", 12}}};
  record.outcome = "ok";
  record.ratio = 0.5;
  record.ms = 2;
  record.fraction = fraction;
  record.gflops = 100;
  return record;
}

TEST_F(TuningLog, ReadsWhatItWrites) {
  TuningRecord verdict = trial("a", 0.5);
  verdict.kind = TuningRecord::Kind::Verdict;
  verdict.outcome = "faster";
  verdict.incumbentFile = "generic/conv-f32.yaml";
  verdict.incumbentLine = 7;
  verdict.machine = "a \"machine\"";
  verdict.intensity = 4;
  write(trial("a", 0.25));
  write(verdict);
  auto records = readLog(path);
  ASSERT_TRUE(bool(records)) << llvm::toString(records.takeError());
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ(toJsonLine((*records)[0]), toJsonLine(trial("a", 0.25)));
  EXPECT_EQ(toJsonLine((*records)[1]), toJsonLine(verdict));
  EXPECT_EQ((*records)[1].incumbentLine, 7);
  EXPECT_EQ((*records)[1].machine, verdict.machine);
}

// A run that was killed while it wrote: its half line goes, the rest stays.
TEST_F(TuningLog, SurvivesAHalfLine) {
  write(trial("a", 0.25));
  append("{\"kind\": \"tri");
  auto records = readLog(path);
  ASSERT_TRUE(bool(records)) << llvm::toString(records.takeError());
  EXPECT_EQ(records->size(), 1u);
  write(trial("b", 0.5));
  records = readLog(path);
  ASSERT_TRUE(bool(records)) << llvm::toString(records.takeError());
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ(records->back().layer, "b");
}

TEST_F(TuningLog, HasOneWriterAtATime) {
  auto first = LogWriter::open(path);
  ASSERT_TRUE(bool(first)) << llvm::toString(first.takeError());
  auto second = LogWriter::open(path);
  ASSERT_FALSE(bool(second));
  EXPECT_EQ(llvm::toString(second.takeError()),
            path + ": error: another run is writing it");
  // The one that waits has it as soon as the first is done.
  int waits = 0;
  std::optional<LogWriter> writer(std::move(*first));
  auto third = LogWriter::open(path, [&] {
    writer.reset();
    return ++waits < 3;
  });
  ASSERT_TRUE(bool(third)) << llvm::toString(third.takeError());
  EXPECT_EQ(waits, 1);
}

// The first had nothing to say and takes its file with it: the one that waits
// writes another, not one that nobody can read.
TEST_F(TuningLog, OutlivesAFileThatIsRemoved) {
  auto first = LogWriter::open(path);
  ASSERT_TRUE(bool(first)) << llvm::toString(first.takeError());
  std::optional<LogWriter> writer(std::move(*first));
  auto second = LogWriter::open(path, [&] {
    llvm::sys::fs::remove_directories(directory);
    writer.reset();
    return true;
  });
  ASSERT_TRUE(bool(second)) << llvm::toString(second.takeError());
  ASSERT_FALSE(bool(second->append(trial("a", 0.25))));
  auto records = readLog(path);
  ASSERT_TRUE(bool(records)) << llvm::toString(records.takeError());
  EXPECT_EQ(records->size(), 1u);
}

TEST_F(TuningLog, NamesTheLineThatIsNoRecord) {
  write(trial("a", 0.25));
  append("{\"kind\": \"other\"}\n");
  auto records = readLog(path);
  ASSERT_FALSE(bool(records));
  EXPECT_EQ(llvm::toString(records.takeError()),
            path + ":2: error: not a record of a tuning log");
}

TEST_F(TuningLog, SaysThatAFileIsMissing) {
  auto records = readLog(directory + "/none.jsonl");
  ASSERT_FALSE(bool(records));
  EXPECT_NE(llvm::toString(records.takeError()).find("cannot be read"),
            std::string::npos);
}

TEST_F(TuningLog, ReportHoldsEveryLayerAndNothingFromOutside) {
  TuningRecord verdict = trial("a<b", 0.5);
  verdict.kind = TuningRecord::Kind::Verdict;
  verdict.outcome = "kept";
  verdict.intensity = 4;
  verdict.peakGflops = 200;
  verdict.rooflineGflops = 150;
  std::string page = htmlReport({trial("a<b", 0.25), verdict, trial("c", -1)});
  EXPECT_NE(page.find("a&lt;b"), std::string::npos);
  EXPECT_EQ(page.find("a<b"), std::string::npos);
  EXPECT_EQ(page.find("http"), std::string::npos);
  EXPECT_NE(page.find("kept"), std::string::npos);
  EXPECT_NE(htmlReport({}).find("</html>"), std::string::npos);
}

} // namespace
