//===- GpuContraction.h - Contractions on thread blocks -------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_GPUCONTRACTION_H
#define UPCONV_LIB_TARGET_HALIDE_GPUCONTRACTION_H

#include "Builder.h"

namespace upconv {

/// Emits a convolution, transposed or not: with thread block tiles for the
/// strategies `tile` and `tile-stacked` (GpuContraction.cpp), else with a
/// thread per output element (GpuDirect.cpp).
void emitGpuContraction(Builder &builder);
void emitGpuDirect(Builder &builder);

/// The loops of one stage over its output, as expressions of whatever loops or
/// variables stand for them.
struct StagePosition {
  std::vector<Halide::Expr> positions; ///< per axis, outermost first
  std::vector<Halide::Expr> copies;    ///< likewise
  Halide::Expr image, group;
  Halide::Expr column; ///< stacked residue and channel within the group
  Halide::Expr part;   ///< of a split sum, else undefined
};

/// Positions of a stage along an axis, as an expression that is never negative.
Halide::Expr positionCount(const Builder &builder, const AxisStage &along,
                           int64_t axis);
/// The output element at `at`, as coordinates of the tensor.
std::vector<Halide::Expr> outputElement(const Builder &builder,
                                        const Stage &stage,
                                        const StagePosition &at);
/// Input coordinate of a position and a tap along an axis.
Halide::Expr inputCoordinate(const Builder &builder, const AxisStage &along,
                             int64_t axis, Halide::Expr position,
                             Halide::Expr tap);
/// The input's element at the coordinates (per axis), zero where one of them
/// lies outside or `exists` does not hold. `lane` elements behind it, if that
/// is a vector's.
Halide::Expr inputElement(const Builder &builder,
                          const std::vector<Halide::Expr> &coordinates,
                          Halide::Expr image, Halide::Expr channel,
                          Halide::Expr exists, Halide::Expr lane = 0);
/// Bias and epilogue.
Halide::Expr finishSum(const Builder &builder, const Stage &stage,
                       const StagePosition &at, Halide::Expr sum,
                       const std::vector<Halide::Expr> &element);
/// A block of stacked residues may begin before the output and end behind it:
/// those outside leave the nest.
void leaveOutCutResidues(const Builder &builder, const Stage &stage, Nest &nest,
                         const std::vector<Halide::Expr> &element);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_GPUCONTRACTION_H
