//===- Turns.h - From times taken by turns to figures ---------------------===//
//
// Times come from a worker here or from a program on another machine; what
// they mean is decided once.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DRIVER_TURNS_H
#define UPCONV_LIB_DRIVER_TURNS_H

#include "Workers.h"

#include "upconv/Timing/Timing.h"

namespace upconv {

/// What was recorded of one library. Entries with the same index belong
/// together, and to those of the first library.
struct TimedSubject {
  bool agrees = true, givenUp = false;
  std::vector<double> seconds, gflops; ///< of one thread in the peak loop
};

struct TimedTurns {
  upconv_timing_bandwidth bandwidth{};
  int cores = 1; ///< what 0 threads means there
  std::vector<TimedSubject> subjects;
};

/// Of an even number of values the upper one of the two in the middle.
double median(std::vector<double> values);

/// "compute" or "bandwidth": what the roofline of `result` is made of.
const char *boundOf(int64_t usefulMacs, const BenchResult &result);

/// The figures of each library.
std::vector<BenchResult> figuresOf(const BenchRequest &request,
                                   const TimedTurns &turns);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_TURNS_H
