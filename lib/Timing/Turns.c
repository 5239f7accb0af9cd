//===- Turns.c - Subjects timed one beside the other ----------------------===//

#include "upconv/Timing/Timing.h"

#include <math.h>
#include <string.h>

void upconv_timing_fill_input(float *values, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    values[i] = (float)((i * 37 + 11) % 101 % 5 - 2);
}

int upconv_timing_same_values(const float *left, const float *right,
                              int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    if (!(left[i] == right[i] || (left[i] != left[i] && right[i] != right[i])))
      return 0;
  return 1;
}

int upconv_timing_check_output(float *wanted, float *output, int64_t count,
                               int is_first) {
  if (is_first)
    memcpy(wanted, output, sizeof(float) * (size_t)count);
  int same = upconv_timing_same_values(wanted, output, count);
  for (int64_t i = 0; i < count; ++i)
    output[i] = NAN;
  return same;
}

static double middle(const double *three) {
  double a = three[0], b = three[1], c = three[2];
  double low = a < b ? a : b, high = a < b ? b : a;
  return c < low ? low : c > high ? high : c;
}

// A run shorter than the clock's grain is repeated until it is not.
static double time_run(const upconv_timing_turns *turns, int64_t subject) {
  if (turns->time)
    return turns->time(turns->context, subject);
  double begin = upconv_timing_now();
  int repeats = 0;
  do {
    turns->run(turns->context, subject);
    ++repeats;
  } while (upconv_timing_now() - begin < 1e-3);
  return (upconv_timing_now() - begin) / repeats;
}

static void begin(const upconv_timing_turns *turns, int64_t subject) {
  if (turns->begin)
    turns->begin(turns->context, subject);
}

void upconv_timing_take_turns(const upconv_timing_turns *turns,
                              upconv_timing_outcome *outcomes) {
  enum { leastRounds = 9 };
  int by_turns = turns->subjects > 1;
  for (int64_t i = 0; i < turns->subjects; ++i) {
    begin(turns, i);
    for (int warm = 0; warm < (by_turns ? 1 : 3); ++warm)
      turns->run(turns->context, i);
    outcomes[i].agrees = turns->agrees(turns->context, i);
    outcomes[i].given_up = 0;
    outcomes[i].runs = 0;
  }
  upconv_timing_peak peak = {NULL, 0, 0};
  if (!turns->peak)
    peak = upconv_timing_find_peak(turns->vector_floats, turns->fma);
  double enough = turns->seconds * (double)turns->subjects;
  double start = upconv_timing_now(), firsts = 0;
  for (int64_t round = 0; round < UPCONV_TIMING_MOST_ROUNDS; ++round) {
    if (round >= leastRounds && upconv_timing_now() - start >= enough)
      break;
    for (int64_t i = 0; i < turns->subjects; ++i) {
      upconv_timing_outcome *outcome = &outcomes[i];
      if (!outcome->agrees || outcome->given_up)
        continue;
      begin(turns, i);
      // What the others left in the caches does not count.
      if (by_turns && !turns->time)
        turns->run(turns->context, i);
      double seconds = time_run(turns, i);
      turns->record(turns->context, i, seconds,
                    turns->peak ? turns->peak(turns->context)
                                : upconv_timing_peak_gflops(&peak, 0.001));
      if (i == 0)
        firsts = seconds;
      if (outcome->runs < UPCONV_TIMING_EARLY_ROUNDS)
        outcome->early_ratios[outcome->runs] = seconds / firsts;
      if (++outcome->runs == UPCONV_TIMING_EARLY_ROUNDS && turns->give_up > 0)
        outcome->given_up = middle(outcome->early_ratios) > turns->give_up;
    }
  }
}
