//===- MacCount.h - Executed multiply-adds of a lowered statement ---------===//
//
// Counts what the kernel really does, so that a schedule's claim to skip the
// structural zeros can be tested.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_MACCOUNT_H
#define UPCONV_LIB_TARGET_HALIDE_MACCOUNT_H

#include <Halide.h>

#include <cstdint>

namespace upconv {

/// Multiply-adds into accumulators (Funcs named acc*), lanes counted, per run;
/// the task window is taken as [windowBegin, windowEnd). -1 where a loop or a
/// test depends on a run-time value.
int64_t countMacs(const Halide::Internal::Stmt &statement, int64_t windowBegin,
                  int64_t windowEnd);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_MACCOUNT_H
