//===- GpuShapes.h - Thread block tiles in numbers ------------------------===//
//
// What the strategies of tiles make of a kernel whose sizes are known, for the
// tuner's estimate: StageShape is the same for CPUs.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_TARGET_HALIDE_GPUSHAPES_H
#define UPCONV_TARGET_HALIDE_GPUSHAPES_H

#include "upconv/Target/Halide/KernelSpec.h"

#include <string>
#include <vector>

namespace upconv {

/// One launch. A step is an input channel and a tap of the innermost axis;
/// `sums` multiply-adds of a thread.
struct GpuStageShape {
  int64_t sums = 1;  ///< of a thread, in registers
  int64_t loads = 1; ///< from shared memory, of a thread in a step
  int64_t threads = 1, sharedBytes = 0; ///< of a block
  double blocks = 0;
  double steps = 0;        ///< of a block
  double stagedFloats = 0; ///< by a block, inputs and weights of all its steps
  std::string tile;        ///< equal for equal code
};

/// The stages of a legal schedule of a GPU that multiply anything. Empty for
/// the strategies that have a thread per element.
std::vector<GpuStageShape> gpuStageShapes(const KernelSpec &spec);

} // namespace upconv

#endif // UPCONV_TARGET_HALIDE_GPUSHAPES_H
