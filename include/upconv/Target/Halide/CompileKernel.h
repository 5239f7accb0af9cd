//===- CompileKernel.h - KernelSpec to object code ------------------------===//
//
// The entry points of the Halide room. None of these declarations needs
// Halide.h; everything except compileKernel is plain arithmetic on the spec.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_TARGET_HALIDE_COMPILEKERNEL_H
#define UPCONV_TARGET_HALIDE_COMPILEKERNEL_H

#include "upconv/Target/Halide/KernelSpec.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace upconv {

/// What compileKernel should produce besides the object.
enum class KernelText {
  Object,
  Halide,
  Stmt,
  StmtHtml,
  Llvm,
  Assembly,
  Ptx,
  Bitcode ///< LLVM's, optimised
};

struct CompiledKernel {
  std::string object; ///< bytes of a relocatable object
  std::string text;   ///< the listing asked for, unless Object
  /// Multiply-adds per run, from the lowered statement; -1 unknown.
  int64_t executedMacs = -1;
  /// The same by innermost loop, "acc1.s1.ci"; empty if unknown.
  std::map<std::string, int64_t> loopMacs;
};

/// "21.0.0".
std::string halideVersion();

/// Compiles one kernel. Must be called in a process of its own when the object
/// is to be reproducible: Halide's name counters are process-global. Returns
/// false and fills `error` (one line) when the schedule is illegal or Halide
/// refuses; never throws, never aborts.
bool compileKernel(const KernelSpec &spec, KernelText text,
                   CompiledKernel &result, std::string &error);

/// Says which symbol a kernel's ELF object needs that no library of ours has,
/// if there is one; says nothing of other formats. compileKernel looks at its
/// own.
std::optional<std::string> missingSymbol(const KernelSpec &spec,
                                         const std::string &object);

/// The task axis that the schedule names, and its number of tasks granules
/// (tiles of channels, rows, columns or images).
TaskAxis taskAxis(const KernelSpec &spec);
/// Extent of the task axis; scalars are looked up by the caller when dynamic.
Size taskExtent(const KernelSpec &spec);
/// Output positions that one step along the task axis covers: 1, or the stride
/// where the residues of the outermost axis share its loop (knob `fuse`) or the
/// tile (knob `axes`).
int64_t taskUnit(const KernelSpec &spec);
/// Smallest window that one task may be given (a tile must fit into it).
int64_t taskGrain(const KernelSpec &spec);
/// Length of the windows, a multiple of the grain, that one thread runs one
/// after the other so that the input of each stays in a cache (knob `block`);
/// 0: no limit.
int64_t taskBlock(const KernelSpec &spec);

/// What streamed outputs are aligned to and their pixels are multiples of: a
/// cache line (lineBytes of lib/Target/Library/StreamStores.cpp).
constexpr int kStreamedBytes = 64;
/// Whether the output of a contraction or an elementwise kernel is to be stored
/// past the caches (knob `stream`): it is large, of known size, and every
/// element is stored once. Its bitcode then assumes that the output is aligned
/// to a cache line, and whoever emits code from it has to see to the outputs
/// that are not (emitKernelCode).
bool streamsOutput(const KernelSpec &spec);

/// Whether a tile asks for input ahead of its use (knob `ahead`). Halide says
/// of such requests that the line is used once; emitKernelCode, that it stays.
bool prefetchesInput(const KernelSpec &spec);
/// Floats between weights that a loop loads and those that it asks for (knob
/// `lead`); 0: none.
int64_t weightsAhead(const KernelSpec &spec);

/// How many zero elements the strategy reads before and after each dimension of
/// the input. A strategy that guards its loads needs none.
struct HaloRequirement {
  std::vector<int64_t> low, high; ///< per input dimension
};
HaloRequirement requiredHalo(const KernelSpec &spec);

/// Number of elements (4 bytes) in the packed weights and bias, and the packing
/// itself. `kernel` is in Keras's layout: (window..., cin / groups, cout) for
/// Conv, (window..., cout, cin) for ConvTranspose; `bias` has cout entries.
int64_t packedWeightCount(const KernelSpec &spec);
int64_t packedBiasCount(const KernelSpec &spec);
void packWeights(const KernelSpec &spec, const float *kernel, float *packed);
void packBias(const KernelSpec &spec, const float *bias, float *packed);
/// The weights in packed order before any are rounded to bfloat16, and their
/// number: that of the elements, or twice that where these are pairs.
int64_t packedValueCount(const KernelSpec &spec);
void orderWeights(const KernelSpec &spec, const float *kernel, float *ordered);

/// The rule that the schedule breaks, or nothing. Strategies state their domain
/// here (e.g. 'stacked' wants k <= s); select-schedules calls it before it
/// attaches an entry.
std::optional<std::string> scheduleViolation(const KernelSpec &spec);

/// The register tile of one stage of a contraction: columns * rows * vectors
/// accumulators of `lanes` floats.
struct StageShape {
  int64_t columns = 1, rows = 1, vectors = 1, lanes = 1;
  bool horizontal = false; ///< lanes run along the input channels
  /// Tile registers of AMX that hold the accumulators; 0: vectors do.
  int64_t tileRegisters = 0;
  /// Multiply-adds of vectors per run, with the positions and lanes that the
  /// tiling wastes; blocks that the output's ends cut are left out.
  double vectorMacs = 0;
  double sums = 0; ///< accumulators that are summed over their lanes
};
/// The stages of a legal schedule that multiply anything, for known sizes.
std::vector<StageShape> stageShapes(const KernelSpec &spec);

/// Useful multiply-adds of one run with constant shapes: taps that fall outside
/// the input are not counted. -1 if a shape is unknown.
int64_t usefulMacs(const KernelSpec &spec);

/// Weights that meet no element of the input, for known sizes: those of taps
/// that reach from the border of a small image into the crop only.
int64_t deadWeights(const KernelSpec &spec);

} // namespace upconv

#endif // UPCONV_TARGET_HALIDE_COMPILEKERNEL_H
