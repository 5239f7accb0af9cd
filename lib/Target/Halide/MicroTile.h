//===- MicroTile.h - The register tile of all contractions ----------------===//
//
// Emits the stages of Stages.h as update definitions of the output, each with a
// register tile: `tx` pixels times `nv` vectors of output channels, input
// channels innermost. 24 accumulators, two weight vectors and one broadcast
// fill AVX-512's 32 registers: 24 multiply-adds per 12 + 2 loads.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_MICROTILE_H
#define UPCONV_LIB_TARGET_HALIDE_MICROTILE_H

#include "Builder.h"

namespace upconv {

void emitContraction(Builder &builder);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_MICROTILE_H
