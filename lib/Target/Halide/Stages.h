//===- Stages.h - A convolution as a list of residue-free stages ----------===//
//
// A transposed convolution seen from its output, o = s * q + r, is for every
// residue r a stride-1 correlation over q with the taps of that residue. A
// stage is one such correlation: along each axis affine indices with constant
// coefficients, so no division, remainder or parity test is left in a loop. A
// forward convolution is one stage. The generator, the weight packer and the
// counting of multiply-adds all read this list, so they cannot disagree.
//
// Plain C++: no Halide here.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_STAGES_H
#define UPCONV_LIB_TARGET_HALIDE_STAGES_H

#include "upconv/Target/Halide/KernelSpec.h"

#include <cstdint>
#include <vector>

namespace upconv {

/// One stage along one axis. Output position q of copy g is
///   o = outStart + g + outStep * q,
/// it reads the inputs i = inStep * q + inOffset + j * tapStep (minus the
/// run-time `low` of a forward convolution), j in [0, taps), and multiplies
/// with kernel tap firstTap + g + j * tapIncrement.
struct AxisStage {
  int64_t outStart = 0, outStep = 1;
  /// Residues r, r + 1, ... that share taps and input window, in one loop.
  int64_t copies = 1;
  int64_t inStep = 1, inOffset = 0;
  int64_t taps = 1, tapStep = 1;
  int64_t firstTap = 0, tapIncrement = 1;
  /// Residues that lie beside the channels (strategy 'stacked', innermost
  /// axis): residue r uses tap r, all of them read the same input.
  int64_t stacked = 1;
};

struct Stage {
  std::vector<AxisStage> axes; ///< outermost first
  int64_t firstRow = 0; ///< first row of its panel in a packed channel tile

  int64_t taps() const;   ///< product over the axes; 0 means act(bias) alone
  int64_t copies() const; ///< product over the axes
};

/// How the output channels (times the stacked residues) are cut into tiles of
/// `vectors` vectors of `lanes` floats, and the reduction rows of one tile.
struct ChannelTiling {
  int64_t channels = 0; ///< per group, stacked residues included
  int64_t stackedResidues = 1;
  int64_t lanes = 1;       ///< floats of one vector
  int64_t vectors = 1;     ///< of a full tile
  int64_t fullTiles = 0;   ///< per group
  int64_t lastVectors = 0; ///< of the narrower last tile; 0: there is none
  int64_t groups = 1;      ///< loops over groups; 1 for depthwise
  int64_t reduction = 1;   ///< input channels that one output channel reads
  bool depthwise = false;  ///< output channel c reads input channel c
  bool horizontal = false; ///< vectors run along the input channels instead

  int64_t tiles() const { return fullTiles + (lastVectors ? 1 : 0); }
  /// Floats of one group's packed bias: every tile padded to whole vectors.
  int64_t paddedChannels() const {
    return (fullTiles * vectors + lastVectors) * lanes;
  }
};

/// The output coordinate along `axis` of a kernel without spatial axes is the
/// batch, so that a Dense layer's rows share a micro-tile.
bool batchIsAxis(const KernelSpec &spec);
/// Number of loop axes: the spatial rank, or 1 when the batch is the axis.
int64_t axisCount(const KernelSpec &spec);
/// Tensor dimension of an axis.
int64_t axisDimension(const KernelSpec &spec, int64_t axis);

/// Whether the axis has one position count for all residues of a stage that is
/// known at compile time (no run-time extent, no task window on it).
bool axisIsStatic(const KernelSpec &spec, int64_t axis);

/// Positions q with outStart + outStep * q < extent.
int64_t positions(int64_t extent, int64_t outStart, int64_t outStep);

std::vector<Stage> stages(const KernelSpec &spec);
ChannelTiling channelTiling(const KernelSpec &spec);
/// The tiling of the residues of 'stacked' that have no tap and lie alone.
ChannelTiling unstackedTiling(const KernelSpec &spec);

/// Rows (of one channel tile's width) of all stages together.
int64_t packedRows(const KernelSpec &spec);

/// Pixels of a micro-tile along the innermost axis and the one outside it, for
/// an axis with `count` positions (-1: unknown): tiles are of equal size, the
/// last one is shifted inwards.
int64_t tileColumns(const KernelSpec &spec, int64_t count);
int64_t tileRows(const KernelSpec &spec, int64_t count, int64_t columns);

/// The strategy guards its loads in line and needs no halo.
bool guardsLoads(const KernelSpec &spec);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_STAGES_H
