//===- GpuTile.h - The tile of a thread block -----------------------------===//
//
// How the strategies `tile` and `tile-stacked` cut a stage: the output columns,
// pixels and rows of a block and of each of its threads, and the part of the
// reduction that is staged in shared memory at a time. Plain arithmetic; the
// emitter (GpuContraction.cpp) and the legality rules both read it.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_GPUTILE_H
#define UPCONV_LIB_TARGET_HALIDE_GPUTILE_H

#include "Stages.h"

#include <optional>
#include <string>

namespace upconv {

/// Threads of a block for kernels with one thread per element.
constexpr int64_t kFlatThreads = 128;

/// What a device must allow: the CUDA limits, and OpenCL's on GPUs.
constexpr int64_t kBlockThreads = 1024, kBlockRows = 64;
/// Bytes; more needs an attribute that Halide's launches do not set.
constexpr int64_t kSharedBytes = 48 * 1024;

struct GpuTile {
  int64_t lanes = 1;   ///< floats of a vector along the columns, at most 4
  int64_t vectors = 1; ///< of a thread
  /// A vector is stored whole, within one pixel; else float by float.
  bool storesVectors = false;
  int64_t columnThreads = 1;
  int64_t pixels = 1, rows = 1; ///< of a thread
  int64_t pixelThreads = 1, rowThreads = 1;
  int64_t channels = 1; ///< input channels staged at a time
  int64_t taps = 1;     ///< taps of the innermost axis staged at a time
  int64_t steps = 1;    ///< of `channels`, that make a sum or a part of one
  int64_t quad = 1; ///< input channels that a thread loads at a time, 4 or 1
  /// Knob `run`: the pixels of a thread follow each other, so that a load
  /// serves all of its taps; otherwise neighbouring threads have neighbours.
  bool inRuns = false;

  int64_t threads() const { return columnThreads * pixelThreads * rowThreads; }
  int64_t sums() const { return lanes * vectors * pixels * rows; }
  int64_t blockColumns() const { return lanes * vectors * columnThreads; }
  int64_t blockPixels() const { return pixels * pixelThreads; }
  int64_t blockRows() const { return rows * rowThreads; }
  /// Inputs along the innermost axis that a block reads at a time, and those
  /// that a thread with its pixels in a run does.
  int64_t span(const AxisStage &along) const;
  int64_t runSpan(const AxisStage &along) const;
  /// Loads of `quad` staged channels of an input, and their number with what
  /// lies between neighbouring inputs: odd, so that threads on neighbouring
  /// pixels meet different banks.
  int64_t quads() const { return channels / quad; }
  int64_t pitch() const { return quads() | 1; }
  /// Inputs, of which a row is filled up to fours, and weights behind them.
  int64_t sharedBytes(const AxisStage &along) const;
};

/// Whether the kernel's contraction is one of thread block tiles.
bool usesGpuTiles(const KernelSpec &spec);

/// Parts of every sum, each of which is one block's (knob `split`). The output
/// has as many times the images of the input, and sum_parts comes after it.
int64_t sumParts(const KernelSpec &spec);

/// Columns of a block: what the packed weights of a channel tile hold.
int64_t gpuBlockColumns(const KernelSpec &spec, int64_t channels);

GpuTile gpuTileOf(const KernelSpec &spec, const Stage &stage);

/// Multiply-adds that may follow each other without a loop: 8 KB of code for a
/// tap and a channel less than the rest, 32 KB where the registers of a run
/// have to be named.
constexpr int64_t kUnrolled = 512, kUnrolledRun = 2048;

/// The rule of a GPU that the schedule breaks, or nothing.
std::optional<std::string> gpuViolation(const KernelSpec &spec);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_GPUTILE_H
