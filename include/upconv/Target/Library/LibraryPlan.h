//===- LibraryPlan.h - What a generated library does, as data -------------===//
//
// The last form of a model before it becomes object code: ports, run-time
// extents, workspace slots, packed weights and an ordered list of steps. Built
// from the upconv dialect (BuildPlan), consumed by the emitters of this room:
// calling sequence, header, archive, shared library, description.
//
// Every size is an affine (or semi-affine: products of symbols) expression over
// the model's run-time extents s0, s1, ...; a fully known model has none and
// everything folds to constants. Sizes are in float32 elements unless said
// otherwise.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_TARGET_LIBRARY_LIBRARYPLAN_H
#define UPCONV_TARGET_LIBRARY_LIBRARYPLAN_H

#include "mlir/IR/AffineExpr.h"

#include <cstdint>
#include <string>
#include <vector>

namespace upconv {

/// A dimension that is None in the model: an int64_t field of the inputs.
struct RuntimeExtent {
  std::string field;  ///< C identifier, e.g. "z_batch", "z_steps"
  unsigned input;     ///< which input it belongs to
  unsigned dimension; ///< which dimension of that input
};

/// An input or output of the model: dense, row-major, float32, any alignment
/// that float allows.
struct Port {
  std::string name;      ///< C identifier
  std::string layerName; ///< as the Keras file spells it
  std::vector<mlir::AffineExpr> shape;
};

/// A range of the workspace; tensors whose lives do not overlap share one. Its
/// size is the maximum of the tenants', rounded up to 64 bytes.
struct WorkspaceSlot {
  std::vector<mlir::AffineExpr> tenants; ///< sizes in elements
};

/// Where a tensor's element (0, ..., 0) lies.
struct Place {
  enum class Base { Input, Output, Slot, Weights };
  Base base = Base::Input;
  unsigned index = 0;      ///< of the port or slot; unused for Weights
  mlir::AffineExpr offset; ///< in elements from the base; null means zero
};

/// A call of one emitted kernel; see KernelSpec.h for the order of arguments.
struct KernelLaunch {
  std::string symbol;         ///< KernelSpec::name
  std::vector<Place> buffers; ///< all buffers but the output, in order
  std::vector<mlir::AffineExpr> scalars;
  Place output;
  /// The task loop: [0, taskExtent) is cut into windows of a multiple of
  /// `taskGrain` (the last one takes the rest and is never smaller than the
  /// grain, unless there is only one). Null: the kernel takes no window.
  mlir::AffineExpr taskExtent;
  int64_t taskGrain = 1;
  /// Windows are run in blocks of this, a multiple of `taskGrain`, so that what
  /// a block reads stays in a cache; 0: as a whole.
  int64_t taskBlock = 0;
  /// Multiply-adds (or elements) per run, for the choice of serial or parallel;
  /// null if unknown.
  mlir::AffineExpr work;
  std::string
      description; ///< layer, strategy, schedule file:line, for the header
};

/// Zero the margins of a padded tensor: everything in
/// [-haloLow, shape + haloHigh) outside [0, shape).
struct ZeroMargins {
  Place tensor;
  std::vector<mlir::AffineExpr> shape, strides;
  std::vector<int64_t> haloLow, haloHigh;
  std::string layer; ///< that makes the tensor, for reports
};

struct Step {
  enum class Kind { Launch, ZeroMargins };
  Kind kind = Kind::Launch;
  KernelLaunch launch;
  ZeroMargins zero;
};

/// A condition on the run-time extents, checked by run and workspace_size
/// before anything else; a violation is a status.
struct ExtentCheck {
  enum class Rule { Positive, Equal, FitsInt32 };
  Rule rule = Rule::Positive;
  mlir::AffineExpr left, right; ///< right only for Equal
  std::string message; ///< e.g. "output of layer 'conv1d' would be empty"
};

/// The packed weights of the library, 64-byte aligned.
struct WeightImage {
  std::vector<float> values;
};

/// Where a library's packed weights are: in a read-only section of its own, in
/// a file that the host maps and hands over, or in memory that the host fills
/// from the model's variables with `<name>_pack`.
enum class WeightsMode { Embed, External, Argument };

/// A variable of the model: a field of `<name>_weights`.
struct Variable {
  std::string field; ///< C identifier
  std::string path;  ///< "<layer>/<variable>", as `--weights` names it
  std::vector<int64_t> shape;
  bool used = false; ///< some kernel's weights depend on it
};

struct LibraryPlan {
  std::string name; ///< C identifier, prefix of every symbol
  /// Of a part of a library for several targets: that library's name. Its
  /// functions are hidden and called by the library's own.
  std::string partOf;
  std::string modelName; ///< as the file spells it
  std::string
      sourceFile; ///< base name only: outputs must not depend on folders
  std::string kerasVersion;
  /// What it was made with besides upconv: "Halide 21.0.0, LLVM 22.1.8, ...".
  std::string madeWith;
  std::string target;        ///< upconv's name, e.g. "x86-64-v4"
  std::string device;        ///< "opencl": kernels run on a GPU; empty: the CPU
  int64_t capability = 0;    ///< of a CUDA device, at least; the major number
  std::string triple;        ///< LLVM triple
  std::string cpu, features; ///< LLVM's spelling, for the calling sequence
  std::vector<std::string>
      requiredCpuFeatures; ///< checked by prepare, e.g. "avx512f"

  /// A run of fewer multiply-adds makes no threads of its own.
  int64_t threadMacs = 0;

  std::vector<RuntimeExtent> extents; ///< s0, s1, ... in order
  std::vector<Port> inputs, outputs;
  std::vector<WorkspaceSlot> slots;
  std::vector<ExtentCheck> checks;
  std::vector<Step> steps;
  WeightImage weights;
  WeightsMode weightsMode = WeightsMode::Embed;
  /// Of mode Argument: the variables, and how they are packed
  /// (PackedWeights.h); the image's values are then all zero.
  std::vector<Variable> variables;
  std::vector<int64_t> packWords;
  int64_t parameters = 0; ///< of the model, for the header

  /// A run tells those who ask, by upconv_rt_traced_options, of each step. Only
  /// in libraries that are made to be timed and thrown away.
  bool tracesSteps = false;

  /// A library for several targets of one architecture: one plan per target,
  /// strongest first. The library itself then has no steps, no workspace and no
  /// weights embedded; see joinParts.
  std::vector<LibraryPlan> parts;
};

/// Whether the weights come from outside, through the options. A plan without
/// weights needs none in any mode.
inline bool takesWeights(const LibraryPlan &plan) {
  return plan.weightsMode != WeightsMode::Embed && !plan.weights.values.empty();
}

/// Whether there are handles on pointers of the device: `<name>_cuda_open`.
inline bool hasHandle(const LibraryPlan &plan) { return plan.device == "cuda"; }

} // namespace upconv

#endif // UPCONV_TARGET_LIBRARY_LIBRARYPLAN_H
