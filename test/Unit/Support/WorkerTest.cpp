//===- WorkerTest.cpp -----------------------------------------------------===//

#include "upconv/Support/Worker.h"

#include "llvm/Support/raw_ostream.h"

#include "gtest/gtest.h"

#include <chrono>
#include <signal.h>
#include <unistd.h>

using namespace upconv;

static int echo(llvm::StringRef request) {
  llvm::outs() << request;
  return 0;
}

static int fail(llvm::StringRef) { return 7; }

static int die(llvm::StringRef) {
  raise(SIGKILL);
  return 0;
}

// Longer than any test may take.
static int sleepLong(llvm::StringRef) {
  sleep(600);
  return 0;
}

TEST(Worker, AnswersComeInTheOrderOfTheJobs) {
  std::string large(1 << 20, 'x');
  std::vector<WorkerJob> jobs = {{echo, large, {}},
                                 {fail, "", {}},
                                 {echo, "b", {}},
                                 {die, "", {}},
                                 {echo, "", {}}};
  for (unsigned parallel : {1u, 2u, 8u}) {
    size_t last = 0;
    std::vector<WorkerResult> results =
        runWorkers(jobs, parallel, [&](size_t done) { last = done; });
    ASSERT_EQ(results.size(), 5u);
    EXPECT_EQ(last, 5u);
    EXPECT_EQ(results[0].response, large);
    EXPECT_EQ(results[1].describe(), "exit status 7");
    EXPECT_EQ(results[2].response, "b");
    EXPECT_EQ(results[3].signal, SIGKILL);
    EXPECT_TRUE(results[4].ok());
    EXPECT_FALSE(results[1].ok() || results[3].ok());
  }
}

TEST(Worker, OwnWorkIsDoneOnceWhereThereIsRoom) {
  std::vector<WorkerJob> jobs(3, WorkerJob{echo, "a", {}});
  for (size_t count : {0, 1, 3})
    for (unsigned parallel : {1u, 2u, 4u}) {
      unsigned calls = 0;
      size_t done = 0, before = 0;
      std::vector<WorkerResult> results = runWorkers(
          llvm::ArrayRef(jobs).take_front(count), parallel,
          [&](size_t number) { done = number; },
          [&] {
            ++calls;
            before = done;
            return true;
          });
      EXPECT_EQ(calls, 1u);
      // All but those that may run beside it.
      EXPECT_GE(before + parallel - 1, count);
      for (const WorkerResult &result : results)
        EXPECT_EQ(result.response, "a");
    }
}

TEST(Worker, FailedOwnWorkEndsTheOthers) {
  auto start = std::chrono::steady_clock::now();
  std::vector<WorkerJob> jobs(2, WorkerJob{sleepLong, "", {}});
  std::vector<WorkerResult> results =
      runWorkers(jobs, 3, [](size_t) {}, [] { return false; });
  for (const WorkerResult &result : results)
    EXPECT_EQ(result.signal, SIGKILL);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::minutes(5));
}
