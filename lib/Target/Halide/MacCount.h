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
#include <map>
#include <optional>
#include <string>

namespace upconv {

/// Multiply-adds into accumulators (Funcs named acc*), lanes counted, per run,
/// by the innermost loop that they are in; the task window is taken as
/// [windowBegin, windowEnd). None where a loop or a test depends on a run-time
/// value.
std::optional<std::map<std::string, int64_t>>
countMacs(const Halide::Internal::Stmt &statement, int64_t windowBegin,
          int64_t windowEnd);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_MACCOUNT_H
