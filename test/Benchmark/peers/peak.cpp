//===- peak.cpp - The peak loop of `upconv bench` for other languages -----===//
//
// Linked with lib/Timing, so that every peer is held against the very loop that
// upconv's own runs are paired with.
//
//===----------------------------------------------------------------------===//

#include "upconv/Driver/Machine.h"

/// GFLOP/s of one core, from a loop of about `seconds` at the widest vectors.
extern "C" double upconv_peak_gflops(double seconds) {
  for (int vectorFloats : {16, 8, 4})
    if (double gflops =
            upconv::measurePeakGflops(vectorFloats, /*fma=*/true, seconds))
      return gflops;
  return upconv::measurePeakGflops(4, /*fma=*/false, seconds);
}
