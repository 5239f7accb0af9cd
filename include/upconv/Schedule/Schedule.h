//===- Schedule.h - Targets, schedule tables, lookup ----------------------===//
//
// Reads scheduling/: targets.yaml, strategies/*.yaml,
// <target>/<op>-<dtype>.yaml (docs/ScheduleFormat.md). The tables are embedded
// at build time; a folder given with --schedules is looked at first. Nothing
// here is needed for correctness, and nothing here knows MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_SCHEDULE_SCHEDULE_H
#define UPCONV_SCHEDULE_SCHEDULE_H

#include "upconv/Target/Halide/KernelSpec.h"

#include "llvm/Support/Error.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace upconv {

/// What contractions may multiply: float32 numbers, or, as a permission, ones
/// that are rounded to bfloat16, or sums of float32 numbers (Winograd's minimal
/// filtering, whose rounding errors are others than the direct form's).
enum class Precision { Float32, BFloat16, Winograd };
/// "f32", "bf16" and "f32-winograd"; nothing for any other name.
std::optional<Precision> precisionOf(const std::string &name);
std::string toString(Precision precision);
/// The three names, for messages: "f32, bf16 or f32-winograd".
std::string precisionNames();
/// What a kernel with the schedule multiplies.
Precision precisionOf(const KernelSpec &spec);

/// One row of targets.yaml.
struct TargetInfo {
  std::string name;          ///< "x86-64-v4", or "x86-64-v4-android" and so on
  std::string halide;        ///< Halide's target string, flags not included
  std::string triple;        ///< LLVM triple
  std::string kernelTriple;  ///< KernelTarget::triple
  std::string cpu, features; ///< LLVM's spelling, for the calling sequence
  int64_t vectorFloats = 4, registers = 16;
  int64_t l1Bytes = 32768, l2Bytes = 1 << 20;
  int64_t threadMacs = 1 << 22;       ///< of a run from which it makes threads
  std::vector<std::string> requires_; ///< CPU features that prepare checks
  std::vector<std::string>
      fallback;       ///< table folders in order, ends in "generic"
  std::string device; ///< "opencl": its kernels run on a GPU; empty: the CPU
  int64_t capability = 0; ///< of "cuda": the least, its major number

  bool isGpu() const { return !device.empty(); }
  /// AMX, on the one system that the library asks for its registers.
  bool hasMatrixTiles() const {
    return features.find("+amx-bf16") != std::string::npos &&
           kernelTriple.empty();
  }
};

/// The part of a target that a kernel may assume.
inline KernelTarget kernelTargetOf(const TargetInfo &target) {
  return {target.halide,          target.vectorFloats, target.registers,
          target.l2Bytes,         target.kernelTriple, target.device,
          target.hasMatrixTiles()};
}

/// What `when` can ask about a kernel, by name. Scalars: "rank" (spatial),
/// "cin", "cout", "batch" (absent if unknown), "positions" (output positions
/// per image; absent if unknown), "groups". Per-axis lists: "kernel", "taps",
/// "stride", "dilation", "in" and "out" (spatial extents; -1 unknown).
struct KernelTraits {
  std::map<std::string, int64_t> scalars;
  std::map<std::string, std::vector<int64_t>> lists;
};

/// The traits of a kernel; its schedule and layout do not matter.
KernelTraits traitsOf(const KernelSpec &spec);
/// The table that schedules a kernel: "conv-transpose", "matmul", ...
std::string tableOf(const KernelSpec &spec);

/// "phase nv=2 tx=12": one spelling per choice, for logs and for keys.
std::string toString(const ScheduleChoice &choice);

struct ScheduleEntry {
  ScheduleChoice use;
  Precision precision = Precision::Float32; ///< of its table
  /// An embedded table: relative to scheduling/, "x86-64-v4/conv-f32.yaml". One
  /// of --schedules: with the folder's name before it, as it was given.
  std::string file;
  int line = 0;
  std::string why;
  double ms = -1, peak = -1; ///< as recorded in the table; -1: not recorded
};

/// A knob of a strategy: the tuner's search space and the verifier's rule.
struct KnobInfo {
  std::string name, meaning;
  std::vector<int64_t> values; ///< the legal ones, ascending
  std::string defaultText;     ///< a value, or how the strategy derives one
};

struct StrategyInfo {
  std::string name, summary;
  std::vector<KnobInfo> knobs;
  std::vector<std::string> constraints; ///< for people; isLegal enforces them

  const KnobInfo *knob(llvm::StringRef name) const;
};

/// What tells one state of the embedded tables from another: a hash of their
/// text, in hexadecimal.
std::string embeddedTablesVersion();

/// The text of an embedded table by its path, "x86-64-v4/conv-f32.yaml";
/// nothing if there is none.
std::optional<std::string> embeddedTable(const std::string &path);

class ScheduleTables {
public:
  /// The embedded tables, preceded by those of `directory` unless it is empty.
  /// Every table is parsed and checked here: unknown knobs, illegal values, a
  /// last entry with a `when`, unreadable files. The error's message is one
  /// finished diagnostic per line, "FILE:LINE:COL: error: ...", all of them.
  static llvm::Expected<ScheduleTables> load(const std::string &directory);

  /// A target by name; "host" resolves to the best one this machine can run.
  /// The error (without "error: ") names the known targets and the nearest one.
  llvm::Expected<TargetInfo> target(const std::string &name) const;
  std::vector<std::string> targetNames() const;

  /// The strategies, by name; null if there is no such one.
  const StrategyInfo *strategy(const std::string &name) const;
  std::vector<std::string> strategyNames() const;

  /// What the entries of a table use, as ScheduleEntry::file names it, from its
  /// first line to its last; nothing if there is no such table.
  std::vector<ScheduleChoice> choicesOf(const std::string &file) const;

  /// The first entry along the target's fallback chain whose `when` matches and
  /// which `isLegal` accepts: through the tables of --schedules first, then
  /// through the embedded ones. Total: the chain's last table ends in an entry
  /// without `when` that is legal for every kernel of its op; an entry without
  /// a strategy comes back only if `isLegal` refuses even that, or if there is
  /// no such op. `op` is "conv-transpose", "conv", "matmul", "pool", "softmax",
  /// "elementwise", "transpose", "copy". With the permission to multiply
  /// bfloat16 numbers the whole chain is tried first for tables of that kind,
  /// which need not know every kernel.
  ScheduleEntry
  lookup(const TargetInfo &target, const std::string &op,
         const KernelTraits &traits,
         const std::function<bool(const ScheduleEntry &)> &isLegal,
         Precision precision = Precision::Float32) const;

private:
  struct Contents;
  std::shared_ptr<const Contents> contents;
};

} // namespace upconv

#endif // UPCONV_SCHEDULE_SCHEDULE_H
