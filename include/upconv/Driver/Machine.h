//===- Machine.h - What this processor can reach --------------------------===//
//
// The anchors of every roofline: multiply-add peak and memory bandwidth,
// measured in the process that measures the kernel.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_DRIVER_MACHINE_H
#define UPCONV_DRIVER_MACHINE_H

#include <cstdint>
#include <string>

namespace upconv {

/// Runs register-only multiply-add loops of about `seconds` and returns GFLOP/s
/// of the best loop form for vectors of `vectorFloats` lanes (4: SSE or NEON,
/// 8: AVX2+FMA, 16: AVX-512). `fma` false measures mul + add pairs. The first
/// call for a width takes some milliseconds more, to find its best form. 0 if
/// this processor lacks the instructions.
double measurePeakGflops(int64_t vectorFloats, bool fma, double seconds);

struct Bandwidth {
  int64_t bytes; ///< working set
  double readGbs, writeGbs;
};
/// The best of plain, non-temporal and huge-page loops over `bytes`.
Bandwidth measureBandwidth(int64_t bytes);

/// CPU model, cores, caches, as a one-line description without host names.
std::string describeMachine();

} // namespace upconv

#endif // UPCONV_DRIVER_MACHINE_H
