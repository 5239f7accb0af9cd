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

inline int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Largest power of two that divides `count`, at most `most`.
inline int64_t vectorOf(int64_t count, int64_t most) {
  int64_t lanes = 1;
  while (lanes < most && count % (2 * lanes) == 0)
    lanes *= 2;
  return lanes;
}

/// Floats of a cache line.
constexpr int64_t kLineFloats = 16;

/// Bytes of a tensor, its margins left out; 0 where a size is unknown.
int64_t knownBytes(const TensorArgument &tensor);

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
  /// Residues that lie beside the channels (innermost axis, stacksResidues):
  /// column r * cout + c is output position o + r and uses tap r further, all
  /// of them read the same input. A block of them may begin before the output
  /// (outStart < 0) and end behind it; what is outside is not stored.
  int64_t stacked = 1;
  /// More than 1: so many neighbouring positions are computed together from the
  /// inputs that they read, by F(outputs, taps) of MinimalFilter.h.
  int64_t outputs = 1;

  /// What the stage multiplies along the axis: taps, or points of F.
  int64_t products() const { return outputs > 1 ? outputs + taps - 1 : taps; }
  /// The lowest input that position 0 reads.
  int64_t lowest() const {
    return inOffset + (tapStep < 0 ? (taps - 1) * tapStep : 0);
  }
};

/// How the output channels (times the stacked residues) of a stage are cut into
/// tiles of `vectors` vectors of `lanes` floats, and its reduction.
struct ChannelTiling {
  int64_t channels = 0;    ///< per group, stacked residues included
  int64_t lanes = 1;       ///< floats of one vector, or of a column's part
  int64_t vectors = 1;     ///< of a full tile
  int64_t fullTiles = 0;   ///< per group
  int64_t lastVectors = 0; ///< of the narrower last tile; 0: there is none
  int64_t groups = 1;      ///< loops over groups; 1 for depthwise
  int64_t reduction = 1;   ///< input channels that one output channel reads
  bool depthwise = false;  ///< output channel c reads input channel c
  bool horizontal = false; ///< vectors run along the input channels instead
  /// Columns that share a horizontal vector, `lanes` channels of each.
  int64_t beside = 1;

  int64_t tiles() const { return fullTiles + (lastVectors ? 1 : 0); }
  /// Columns of one vector.
  int64_t step() const { return horizontal ? beside : lanes; }
  /// Columns with every tile padded to whole vectors.
  int64_t paddedChannels() const {
    return (fullTiles * vectors + lastVectors) * step();
  }
};

struct Stage {
  std::vector<AxisStage> axes; ///< outermost first
  ChannelTiling tiling;
  int64_t firstFloat = 0; ///< of its panel in a group's packed weights
  /// Taps of the innermost axis that lie beside the input channels: with
  /// horizontal vectors over dense pixels the inputs of all taps are one run.
  int64_t run = 1;

  /// Columns that have all taps of the run; the others lack the one that comes
  /// first in memory (residues of unequal length in one stage).
  int64_t longColumns = 0;

  int64_t taps() const;   ///< product over the axes; 0 means act(bias) alone
  int64_t copies() const; ///< product over the axes
  /// Product over the axes: rows of weights per copy and input channel.
  int64_t products() const;
  bool sharesProducts() const; ///< along some axis
  /// Rows of the output that a position's columns lie in: residues of the axis
  /// outside the innermost one (besideAxes). Each holds channels / rowsBeside()
  /// columns.
  int64_t rowsBeside() const;
  bool unequal() const { return longColumns < tiling.channels; }
  /// Floats of the run that all columns have, and those that only the long
  /// ones have: the inputs, and the weights, which begin cache lines.
  int64_t sharedInputs() const {
    return (run - (unequal() ? 1 : 0)) * tiling.reduction;
  }
  int64_t sharedWeights() const;
  int64_t columnWeights() const;
  /// Of horizontal vectors: where weight `place` of a column's lies. Columns of
  /// a vector take turns, `tiling.lanes` weights each.
  int64_t horizontalWeight(int64_t column, int64_t place) const;
  /// Rows of weights of a channel tile, one float per column each.
  int64_t rows() const;
};

/// The output coordinate along `axis` of a kernel without spatial axes is the
/// batch, so that a Dense layer's rows share a micro-tile.
bool batchIsAxis(const KernelSpec &spec);
/// Number of loop axes: the spatial rank, or 1 when the batch is the axis.
int64_t axisCount(const KernelSpec &spec);
/// Tensor dimension of an axis.
int64_t axisDimension(const KernelSpec &spec, int64_t axis);

/// Extent of the output along an axis. Rows of a product are those of the
/// input: of split sums the output has several times as many.
const Size &axisExtent(const KernelSpec &spec, int64_t axis);

/// Whether the axis has one position count for all residues of a stage that is
/// known at compile time (no run-time extent, no task window on it).
bool axisIsStatic(const KernelSpec &spec, int64_t axis);

/// Positions q with outStart + outStep * q < extent.
int64_t positions(int64_t extent, int64_t outStart, int64_t outStep);
/// The positions of a stage whose stacked residues all lie inside [0, extent).
int64_t wholePositions(int64_t extent, const AxisStage &along);
/// wholePositions along `axis`, or -1 when the extent is unknown.
int64_t tiledPositions(const KernelSpec &spec, const Stage &stage,
                       int64_t axis);

/// Input channels of a stage that one pass over the pixels sums up: all, unless
/// the weights of a channel tile outgrow the knob `panel`.
int64_t channelsPerPass(const KernelSpec &spec, const Stage &stage);

/// Pixels behind a stage's window along the innermost axis that a vector along
/// the input may touch: read, not used.
int64_t pixelsBehind(const Stage &stage);

/// Residues of the innermost axis lie beside the channels.
bool stacksResidues(const KernelSpec &spec);
/// Innermost axes whose residues lie beside the channels (knob `axes`).
int64_t besideAxes(const KernelSpec &spec);

std::vector<Stage> stages(const KernelSpec &spec);
/// The tiling of the widest stage: the tasks' channel tiles.
ChannelTiling channelTiling(const KernelSpec &spec);

/// Floats of one group's packed weights.
int64_t panelFloats(const KernelSpec &spec);

/// Pixels of a micro-tile along the innermost axis and the one outside it, for
/// an axis with `count` positions (-1: unknown): tiles are of equal size, the
/// last one is shifted inwards.
int64_t tileColumns(const KernelSpec &spec, const ChannelTiling &tiling,
                    int64_t count);
int64_t tileRows(const KernelSpec &spec, const ChannelTiling &tiling,
                 int64_t count, int64_t columns);

/// Pixels of one tile register of AMX, and pairs of channels of one.
constexpr int64_t kMatrixRows = 16;
/// Tile registers that hold a micro-tile's sums; the others are operands.
constexpr int64_t kMatrixSums = 4;
/// Tile registers of AMX that a micro-tile's pixels take (knob `amx`); 0: its
/// sums are vectors.
int64_t matrixTiles(const KernelSpec &spec);

/// Positions of a stage's tile along the two axes.
int64_t columnsOfTile(const KernelSpec &spec, const Stage &stage);
int64_t rowsOfTile(const KernelSpec &spec, const Stage &stage);

/// Positions of a block of sums that share products (WinogradSums.cpp) along an
/// axis, a multiple of its outputs.
int64_t winogradBlock(const KernelSpec &spec, const Stage &stage, int64_t axis);
/// Input channels that are transformed at a time, a divisor of all; 0 if there
/// is none of a useful size.
int64_t winogradChannels(const KernelSpec &spec, const Stage &stage);
/// Most bytes of the stack that a kernel may take: threads of musl have 128
/// KiB.
constexpr int64_t kScratchBytes = 64 * 1024;
/// Bytes of a kernel's stack that the transforms of a stage take.
int64_t winogradScratch(const KernelSpec &spec, const Stage &stage);

/// The strategy guards its loads in line and needs no halo.
bool guardsLoads(const KernelSpec &spec);

/// Tiles along the axis know at compile time which of their taps read outside
/// the input, and leave them out (knob `pad: 2`, sizes known).
bool dropsDeadTaps(const KernelSpec &spec, int64_t axis);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_STAGES_H
