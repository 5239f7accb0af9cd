//===- TurnsTest.cpp - Who is timed when ----------------------------------===//
//
// Never a figure: only the order, and who is left out.
//
//===----------------------------------------------------------------------===//

#include "upconv/Timing/Timing.h"

#include "gtest/gtest.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

namespace {

/// Subjects that sleep, and note who was recorded.
struct Subjects {
  std::vector<int> milliseconds;
  int64_t disagreeing = -1;
  std::vector<int64_t> begun, recorded;

  std::vector<upconv_timing_outcome> take(double giveUp) {
    upconv_timing_turns turns{};
    turns.context = this;
    turns.subjects = milliseconds.size();
    turns.begin = [](void *context, int64_t subject) {
      static_cast<Subjects *>(context)->begun.push_back(subject);
    };
    turns.run = [](void *context, int64_t subject) {
      int span = static_cast<Subjects *>(context)->milliseconds[subject];
      std::this_thread::sleep_for(std::chrono::milliseconds(span));
    };
    turns.agrees = [](void *context, int64_t subject) -> int {
      return static_cast<Subjects *>(context)->disagreeing != subject;
    };
    turns.record = [](void *context, int64_t subject, double, double) {
      static_cast<Subjects *>(context)->recorded.push_back(subject);
    };
    turns.give_up = giveUp;
    turns.vector_floats = 4;
    std::vector<upconv_timing_outcome> outcomes(milliseconds.size());
    upconv_timing_take_turns(&turns, outcomes.data());
    return outcomes;
  }
};

TEST(Turns, RoundsInOrder) {
  Subjects subjects{{1, 1}, -1, {}, {}};
  std::vector<upconv_timing_outcome> outcomes = subjects.take(0);
  ASSERT_GE(outcomes[0].runs, 9);
  EXPECT_EQ(outcomes[1].runs, outcomes[0].runs);
  for (size_t i = 0; i < subjects.recorded.size(); ++i)
    EXPECT_EQ(subjects.recorded[i], int64_t(i % 2));
  // Once each to see whether they agree, then before every turn.
  EXPECT_EQ(subjects.begun.size(), subjects.recorded.size() + 2);
}

TEST(Turns, OneThatDisagreesIsNotTimed) {
  Subjects subjects{{1, 1, 1}, 1, {}, {}};
  std::vector<upconv_timing_outcome> outcomes = subjects.take(0);
  EXPECT_FALSE(outcomes[1].agrees);
  EXPECT_EQ(outcomes[1].runs, 0);
  EXPECT_EQ(outcomes[2].runs, outcomes[0].runs);
}

TEST(Turns, OneThatIsHopelessIsGivenUp) {
  // Its least time is so far above any delay of the first one's that a loaded
  // machine changes nothing.
  Subjects subjects{{0, 300}, -1, {}, {}};
  std::vector<upconv_timing_outcome> outcomes = subjects.take(1.25);
  EXPECT_FALSE(outcomes[0].given_up);
  EXPECT_TRUE(outcomes[1].given_up);
  EXPECT_EQ(outcomes[1].runs, UPCONV_TIMING_EARLY_ROUNDS);
}

TEST(Turns, WhatRunsElsewhereSaysItsOwnTime) {
  struct Device {
    int64_t runs = 0;
    std::vector<double> seconds, gflops;
  } device;
  upconv_timing_turns turns{};
  turns.context = &device;
  turns.subjects = 2;
  turns.run = [](void *context, int64_t) {
    ++static_cast<Device *>(context)->runs;
  };
  turns.agrees = [](void *, int64_t) { return 1; };
  turns.time = [](void *, int64_t subject) { return subject ? 3.0 : 2.0; };
  turns.peak = [](void *) { return 7.0; };
  turns.record = [](void *context, int64_t, double seconds, double gflops) {
    static_cast<Device *>(context)->seconds.push_back(seconds);
    static_cast<Device *>(context)->gflops.push_back(gflops);
  };
  std::vector<upconv_timing_outcome> outcomes(2);
  upconv_timing_take_turns(&turns, outcomes.data());
  EXPECT_EQ(device.runs, 2); // to see whether they agree, and no more
  ASSERT_EQ(device.seconds.size(), size_t(2 * outcomes[0].runs));
  for (size_t i = 0; i < device.seconds.size(); ++i) {
    EXPECT_EQ(device.seconds[i], i % 2 ? 3.0 : 2.0);
    EXPECT_EQ(device.gflops[i], 7.0);
  }
  EXPECT_EQ(outcomes[1].early_ratios[0], 1.5);
}

TEST(Turns, EqualUpToTheSignOfZero) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float left[] = {1, 0.0f, nan}, right[] = {1, -0.0f, nan};
  EXPECT_TRUE(upconv_timing_same_values(left, right, 3));
  const float other[] = {1, 0.0f, 2};
  EXPECT_FALSE(upconv_timing_same_values(left, other, 3));
}

TEST(Turns, InputsAreSmallIntegers) {
  float values[200];
  upconv_timing_fill_input(values, 200);
  for (float value : values) {
    EXPECT_EQ(value, std::round(value));
    EXPECT_LE(std::abs(value), 2);
  }
}

} // namespace
