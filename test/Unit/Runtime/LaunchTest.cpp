//===- LaunchTest.cpp - Windows, threads, options -------------------------===//

#include "upconv/Runtime/Runtime.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace {

using Windows = std::vector<std::pair<int32_t, int32_t>>;

/// What the kernel below is given through its only buffer.
struct Record {
  std::mutex mutex;
  Windows windows;
  std::set<std::thread::id> threads;
  std::function<int()> work;
};

/// Arguments: record, begin, end, output.
int recordWindow(void **arguments) {
  auto *record = static_cast<Record *>(arguments[0]);
  {
    std::lock_guard<std::mutex> lock(record->mutex);
    record->windows.push_back({*static_cast<int32_t *>(arguments[1]),
                               *static_cast<int32_t *>(arguments[2])});
    record->threads.insert(std::this_thread::get_id());
  }
  return record->work ? record->work() : 0;
}

constexpr int64_t kThreadWork = 1000;

struct Launch {
  Record *record;
  int64_t extent, grain, work = -1;
  int repeat = 1;
  int64_t block = 0;
};

int steps(void *context, void *, upconv_rt_run *run) {
  auto *launch = static_cast<Launch *>(context);
  for (int i = 0; i < launch->repeat; ++i) {
    void *arguments[] = {launch->record, nullptr, nullptr, nullptr};
    int status =
        upconv_rt_launch(run, recordWindow, arguments, 4, 1, launch->extent,
                         launch->grain, launch->block, launch->work);
    if (status)
      return status;
  }
  return 0;
}

int execute(Launch launch, int threads, int64_t work = -1) {
  upconv_rt_options options = {};
  options.struct_size = sizeof options;
  options.threads = threads;
  return upconv_rt_execute(&options, 0, work, kThreadWork, steps, &launch);
}

/// Sorted windows cover [0, extent), begin at multiples of the grain and are
/// never smaller than it unless there is only one.
void expectCover(Windows windows, int64_t extent, int64_t grain) {
  std::sort(windows.begin(), windows.end());
  int64_t at = 0;
  for (auto [begin, end] : windows) {
    EXPECT_EQ(begin, at);
    EXPECT_EQ(begin % grain, 0);
    if (windows.size() > 1)
      EXPECT_GE(end - begin, grain);
    at = end;
  }
  EXPECT_EQ(at, extent);
}

TEST(Launch, WindowsFollowTheRule) {
  for (int threads : {1, 2, 3, 5, 8})
    for (int64_t extent : {1, 2, 7, 16, 97})
      for (int64_t grain : {1, 3, 8, 100}) {
        Record record;
        ASSERT_EQ(execute({&record, extent, grain}, threads), 0);
        expectCover(record.windows, extent, grain);
        EXPECT_EQ(
            record.windows.size(),
            std::max<size_t>(1, std::min<size_t>(threads, extent / grain)));
      }
}

TEST(Launch, BlocksCutTheWindows) {
  for (int threads : {1, 2, 3})
    for (int64_t extent : {1, 7, 48, 97})
      for (int64_t grain : {1, 3, 8})
        for (int64_t block : {grain, 2 * grain, 100 * grain}) {
          Record record;
          Launch launch{&record, extent, grain};
          launch.block = block;
          ASSERT_EQ(execute(launch, threads), 0);
          expectCover(record.windows, extent, grain);
          for (auto [begin, end] : record.windows)
            EXPECT_LT(end - begin, 2 * block);
        }
}

TEST(Launch, OneThreadStaysOnTheCallersThread) {
  Record record;
  ASSERT_EQ(execute({&record, 100, 1}, 1), 0);
  EXPECT_EQ(record.threads, std::set{std::this_thread::get_id()});
  EXPECT_EQ(record.windows, (Windows{{0, 100}}));
}

TEST(Launch, ThreadsWorkAtTheSameTime) {
  for (int threads : {2, 5}) {
    Record record;
    std::atomic<int> arrived{0};
    // Each window waits for all the others.
    record.work = [&] {
      ++arrived;
      auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (arrived < threads)
        if (std::chrono::steady_clock::now() > limit)
          return 1;
      return 0;
    };
    ASSERT_EQ(execute({&record, 64, 2}, threads), 0);
    EXPECT_EQ(record.threads.size(), size_t(threads));
  }
}

TEST(Launch, ManyLaunchesInOneRun) {
  Record record;
  ASSERT_EQ(execute({&record, 40, 1, -1, 2000}, 4), 0);
  EXPECT_EQ(record.windows.size(), 8000u);
  EXPECT_LE(record.threads.size(), 4u);
}

TEST(Launch, SleepingWorkersWake) {
  Record record;
  struct Pause {
    Launch launch;
    static int run(void *context, void *, upconv_rt_run *run) {
      auto *pause = static_cast<Pause *>(context);
      for (int i = 0; i < 5; ++i) {
        if (int status = steps(&pause->launch, nullptr, run))
          return status;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
      return 0;
    }
  } pause{{&record, 9, 1}};
  // The caller itself sleeps as well: its window is the fast one.
  std::thread::id caller = std::this_thread::get_id();
  record.work = [&] {
    if (std::this_thread::get_id() != caller)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return 0;
  };
  upconv_rt_options options = {};
  options.struct_size = sizeof options;
  options.threads = 3;
  ASSERT_EQ(upconv_rt_execute(&options, 0, -1, kThreadWork, Pause::run, &pause), 0);
  EXPECT_EQ(record.windows.size(), 15u);
}

TEST(Launch, SmallWorkStaysSerial) {
  Record record;
  ASSERT_EQ(execute({&record, 64, 1, UPCONV_RT_WORK_PER_WINDOW}, 4), 0);
  EXPECT_EQ(record.windows.size(), 1u);
  record.windows.clear();
  ASSERT_EQ(execute({&record, 64, 1, 3 * UPCONV_RT_WORK_PER_WINDOW}, 4), 0);
  EXPECT_EQ(record.windows.size(), 3u);
  record.windows.clear();
  ASSERT_EQ(execute({&record, 64, 1}, 4, kThreadWork - 1), 0);
  EXPECT_EQ(record.windows.size(), 1u);
  record.windows.clear();
  ASSERT_EQ(execute({&record, 64, 1}, 4, kThreadWork), 0);
  EXPECT_EQ(record.windows.size(), 4u);
}

TEST(Launch, EmptyExtentCallsNothing) {
  Record record;
  ASSERT_EQ(execute({&record, 0, 1}, 4), 0);
  EXPECT_TRUE(record.windows.empty());
}

TEST(Launch, AFailingKernelIsAnInternalError) {
  for (int threads : {1, 4}) {
    Record record;
    record.work = [] { return -1; };
    EXPECT_EQ(execute({&record, 64, 1}, threads), UPCONV_RT_INTERNAL);
  }
}

/// The host's parallel_for: all indices, or all but the last.
struct Host {
  int calls = 0, skip = 0;
  static void parallelFor(void *user, int count, upconv_rt_body *body,
                          void *context) {
    auto *host = static_cast<Host *>(user);
    ++host->calls;
    std::vector<std::thread> threads;
    for (int i = 0; i < count - host->skip; ++i)
      threads.emplace_back(body, context, i);
    for (std::thread &thread : threads)
      thread.join();
  }
};

TEST(Launch, ParallelForOfTheHost) {
  Host host;
  Record record;
  upconv_rt_options options = {};
  options.struct_size = sizeof options;
  options.threads = 5;
  options.parallel_for = Host::parallelFor;
  options.user = &host;
  Launch launch{&record, 50, 4};
  // A host's threads cost nothing to start: the run's total is no argument.
  ASSERT_EQ(upconv_rt_execute(&options, 0, 0, kThreadWork, steps, &launch), 0);
  EXPECT_EQ(host.calls, 1);
  EXPECT_EQ(record.windows.size(), 5u);
  EXPECT_EQ(record.threads.count(std::this_thread::get_id()), 0u);
  expectCover(record.windows, 50, 4);

  host.skip = 1;
  EXPECT_EQ(upconv_rt_execute(&options, 0, -1, kThreadWork, steps, &launch),
            UPCONV_RT_INTERNAL);
}

TEST(Execute, Options) {
  alignas(64) char workspace[256];
  upconv_rt_options options = {};
  auto run = [&](int64_t size) {
    Record record;
    Launch launch{&record, 1, 1};
    return upconv_rt_execute(&options, size, -1, kThreadWork, steps, &launch);
  };
  EXPECT_EQ(run(0), UPCONV_RT_INVALID_ARGUMENT); // struct_size 0
  options.struct_size = sizeof options;
  EXPECT_EQ(run(0), UPCONV_RT_OK);
  EXPECT_EQ(run(1 << 20), UPCONV_RT_OK); // own workspace
  EXPECT_EQ(run(INT64_MAX / 2), UPCONV_RT_OUT_OF_MEMORY);
  options.workspace = workspace;
  options.workspace_size = 128;
  EXPECT_EQ(run(128), UPCONV_RT_OK);
  EXPECT_EQ(run(192), UPCONV_RT_WORKSPACE_TOO_SMALL);
  options.workspace = workspace + 32;
  EXPECT_EQ(run(128), UPCONV_RT_WORKSPACE_MISALIGNED);
  EXPECT_EQ(run(0), UPCONV_RT_OK); // none is needed
  options.threads = -1;
  EXPECT_EQ(run(0), UPCONV_RT_INVALID_ARGUMENT);
}

TEST(Status, EveryStatusHasItsSentence) {
  std::set<std::string> texts;
  for (int status = UPCONV_RT_OK; status <= UPCONV_RT_INTERNAL; ++status)
    texts.insert(upconv_rt_status_string(status));
  EXPECT_EQ(texts.size(), size_t(UPCONV_RT_INTERNAL) + 1);
  EXPECT_STREQ(upconv_rt_status_string(77), "unknown status");
  EXPECT_STREQ(upconv_rt_status_string(-1), "unknown status");
}

} // namespace
