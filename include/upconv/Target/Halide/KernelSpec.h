//===- KernelSpec.h - One kernel, as plain data ---------------------------===//
//
// What Target/Halide needs to know of one `upconv.kernel`: an anchor, its
// geometry, its epilogue and its schedule, with no MLIR and no Halide type in
// it. MLIR code fills it (KernelToSpec), the Halide room reads it, and neither
// sees the other's headers.
//
// Tensors are channels-last: dimension 0 is the batch, the last dimension is
// the channel, the ones between are spatial, outermost first. All sizes and
// strides are in elements of four bytes: a float32, or a pair of bfloat16.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_TARGET_HALIDE_KERNELSPEC_H
#define UPCONV_TARGET_HALIDE_KERNELSPEC_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace upconv {

/// A size that is either known at compile time or one of the kernel's int32
/// scalar arguments.
struct Size {
  int64_t constant = 0;
  int scalar = -1; ///< index into the kernel's scalars, or -1 for a constant

  static Size of(int64_t value) { return {value, -1}; }
  static Size argument(int index) { return {0, index}; }
  bool isConstant() const { return scalar < 0; }
  bool operator==(const Size &other) const {
    return constant == other.constant && scalar == other.scalar;
  }
};

/// How one activation tensor lies in memory. The kernel's pointer addresses
/// element (0, ..., 0); `haloLow`/`haloHigh` say how many elements before and
/// after each dimension may be read and hold zero.
struct TensorArgument {
  std::vector<Size> shape;
  std::vector<Size> strides;
  std::vector<int64_t> haloLow, haloHigh;
  int64_t alignment = 4; ///< of the pointer, in bytes

  unsigned rank() const { return shape.size(); }
};

/// A float32 expression as a list in evaluation order; operands are indices of
/// earlier nodes. The last node is the result.
struct ScalarNode {
  enum class Kind {
    Anchor,   ///< the anchor's value at this element (bias included)
    Operand,  ///< element of epilogue operand `index`, broadcast to the output
    Constant, ///< `value`
    Add,
    Sub,
    Mul,
    Div,
    Max,
    Min,
    Neg,
    Abs,
    Sqrt,
    Exp,
    Expm1,
    Log,
    Log1p,
    Tanh,
    Erf,
    Sin,
    Cos,
    Floor,
    RoundEven,
    Less, ///< operands[0] < operands[1]: a truth value for Select
    LessEqual,
    Select, ///< operands[0] ? operands[1] : operands[2]
  };
  Kind kind;
  std::vector<int> operands;
  double value = 0; ///< Constant
  int index = 0;    ///< Operand
};

enum class Anchor {
  ConvTranspose, ///< out[o] += in[i] * w[k], o = i * stride + k * dilation -
                 ///< low
  Conv,        ///< out[o] += in[i] * w[k], i = o * stride + k * dilation - low
  MaxPool,     ///< i as for Conv; positions outside the input do not take part
  AveragePool, ///< as MaxPool; divided by the number of real elements
  Softmax,     ///< over the last dimension
  Elementwise, ///< the epilogue alone; Anchor is input 0
  Transpose,   ///< out dimension d = in dimension permutation[d]
  Copy,        ///< a layout conversion: same shape, other strides
  Round,       ///< channels rounded to bfloat16, two to an element
  Reindex,     ///< in dimension d = (out dimension d * step + start) / repeat
  Interpolate, ///< weighted neighbours along `axis`
  Reduce,      ///< the epilogue of every element, combined along `axis`
  Lookup,      ///< row number in[...] of operand 0
  SumParts,    ///< the sum of `parts` elements, an output's size apart
};

/// What a position outside the input means.
enum class Border {
  None,        ///< there is none
  Fill,        ///< the value `fill`
  Edge,        ///< the nearest element
  Reflect,     ///< mirrored at the edge element
  Symmetric,   ///< mirrored behind the edge element
  Renormalize, ///< no part in a weighted sum, whose weights then sum to one
};

enum class Reduction { Sum, Mean, Product, Max, Min };

/// One dimension of a Reindex.
struct IndexMap {
  Size start;
  int64_t step = 1, repeat = 1;
};

/// A schedule: the strategy's name and its knobs, as scheduling/ spells them.
struct ScheduleChoice {
  std::string strategy;
  std::map<std::string, int64_t> knobs;

  int64_t knob(const std::string &name, int64_t otherwise) const {
    auto it = knobs.find(name);
    return it == knobs.end() ? otherwise : it->second;
  }
  /// Multiplies sums of inputs by sums of weights (Winograd's minimal
  /// filtering), which a caller has to permit.
  bool multipliesSums() const { return strategy == "winograd"; }
  /// Stages share more than the loops outside the row: the tile's too, or the
  /// residues of the outermost axis its loop, or both (knob `fuse`).
  bool fusesTiles() const { return knob("fuse", 1) == 2 || fusesAll(); }
  bool fusesResidues() const { return knob("fuse", 1) == 3 || fusesAll(); }
  bool fusesAll() const { return knob("fuse", 1) == 4; }
};

/// What a kernel may assume of its processor (from scheduling/targets.yaml).
struct KernelTarget {
  std::string halide;       ///< e.g. "x86-64-linux-avx512_skylake-..."
  int64_t vectorFloats = 4; ///< float32 lanes of one vector register
  int64_t registers = 16;   ///< vector registers
  int64_t l2Bytes = 1 << 20;
  /// Of a kernel whose code LLVM emits from Halide's bitcode; empty: Halide
  /// does. Halide knows no system but Linux well enough (emitKernelCode).
  std::string triple;
  std::string device; ///< "opencl", "cuda": a kernel for a GPU; empty: the CPU

  /// It has the tile registers of AMX, and the library knows how to ask the
  /// system for them (lib/Runtime/Processor.c).
  bool matrixTiles = false;

  bool isGpu() const { return !device.empty(); }
};

/// The one output dimension that a task loop outside the kernel may split. The
/// kernel then takes the window [begin, end) of it as its last two scalars.
enum class TaskAxis { None, Batch, Rows, Columns, ChannelTiles };

struct KernelSpec {
  std::string name; ///< C identifier of the emitted function
  Anchor anchor = Anchor::Elementwise;

  /// Convolutions and pools, one entry per spatial axis, outermost first.
  std::vector<int64_t> window, strides, dilations;
  std::vector<Size>
      low;            ///< leading zeros (Conv, pools) or crop (ConvTranspose)
  int64_t groups = 1; ///< Conv
  /// Input channels of a contraction that multiplies bfloat16 numbers: an
  /// element of its input and of its packed weights then is a pair of channels,
  /// the even one in the lower half; behind an odd last one is zero. 0:
  /// float32.
  int64_t pairedChannels = 0;
  bool hasBias = false;
  std::vector<int64_t> permutation; ///< Transpose
  std::vector<IndexMap> indices;    ///< Reindex, per dimension
  Border border = Border::None;     ///< Reindex, Interpolate
  double fill = 0;
  int64_t axis = 0; ///< Interpolate, Reduce
  /// Interpolate: per residue of the output position modulo the factor the
  /// offset of the first tap, and a row of weights.
  std::vector<int64_t> firstTap;
  std::vector<double> tapWeights;
  Reduction reduction = Reduction::Sum;
  Size reducedExtent = Size::of(1); ///< Reduce: length of the axis
  int64_t parts = 1; ///< SumParts: images n, N + n, ... of the input

  TensorArgument input;
  std::vector<TensorArgument>
      operands; ///< of the epilogue; size-1 dims broadcast
  TensorArgument output;
  std::vector<ScalarNode> epilogue; ///< empty: the anchor's value itself

  int scalars = 0; ///< number of scalar arguments, the task window not counted
  ScheduleChoice schedule;
  KernelTarget target;

  int64_t spatialRank() const { return window.size(); }
  /// Elements of a pixel of the input: channels, or pairs of channels.
  int64_t inputChannels() const { return input.shape.back().constant; }
  bool multipliesPairs() const { return pairedChannels != 0; }
  /// Its code has instructions of AMX.
  bool usesMatrixTiles() const { return schedule.knob("amx", 0) != 0; }
  /// The input channels that the kernel's weights have, groups together.
  int64_t layerChannels() const {
    return multipliesPairs() ? pairedChannels : inputChannels();
  }
  int64_t outputChannels() const { return output.shape.back().constant; }
  bool hasWeights() const {
    return anchor == Anchor::Conv || anchor == Anchor::ConvTranspose;
  }
};

/// The emitted function is `int NAME_argv(void **arguments)`. The arguments, in
/// order: one `halide_buffer_t *` each for the input, the packed weights (flat;
/// only if hasWeights), the packed bias (flat; only if hasBias), the epilogue
/// operands; one `int32_t *` per scalar; two `int32_t *` for the task window
/// [begin, end) unless the task axis is None; the output's `halide_buffer_t *`.
/// Only the `host` field of a buffer is read. A kernel for a GPU has one more
/// argument before all others, a `void **`: what it hands to the functions that
/// it calls (upconv/Runtime/Device.h). Its `host` fields hold addresses in the
/// device's memory.

} // namespace upconv

#endif // UPCONV_TARGET_HALIDE_KERNELSPEC_H
