//===- Machine.cpp - What this processor can reach ------------------------===//

#include "upconv/Driver/Machine.h"

#include "upconv/Timing/Timing.h"

#include <map>
#include <mutex>
#include <utility>

namespace upconv {

double measurePeakGflops(int64_t vectorFloats, bool fma, double seconds) {
  static std::mutex mutex;
  static std::map<std::pair<int64_t, bool>, upconv_timing_peak> peaks;
  upconv_timing_peak peak;
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto [it, isNew] = peaks.try_emplace({vectorFloats, fma});
    if (isNew)
      it->second = upconv_timing_find_peak(vectorFloats, fma);
    peak = it->second;
  }
  return upconv_timing_peak_gflops(&peak, seconds);
}

Bandwidth measureBandwidth(int64_t bytes) {
  upconv_timing_bandwidth measured = upconv_timing_measure_bandwidth(bytes);
  return {bytes, measured.read_gbs, measured.write_gbs};
}

std::string describeMachine() {
  char text[512];
  upconv_timing_describe_machine(text, sizeof text);
  return text;
}

} // namespace upconv
