//===- Builder.h - A kernel under construction ----------------------------===//
//
// Every buffer is presented to Halide as a flat, one-dimensional one, indexed
// by explicit linear expressions over constants and the kernel's int32 scalars:
// so only `host` is ever read of a halide_buffer_t, and run-time strides need
// no support from Halide. The output is a flat Func without a pure definition
// whose update definitions run over explicit loops (reduction domains): their
// ranges are exactly what is written here, with no bounds to infer.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_BUILDER_H
#define UPCONV_LIB_TARGET_HALIDE_BUILDER_H

#include "Stages.h"

#include <Halide.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace upconv {

inline Halide::Expr constant(int64_t value) {
  return static_cast<int32_t>(value);
}

/// One loop [min, min + extent) of an update definition.
struct Loop {
  enum Kind { Serial, Unrolled, Vectorized, Thread, Block };
  std::string name;
  Halide::Expr extent;
  Kind kind = Serial;
  Halide::Expr min = 0;
};

/// A loop nest as a reduction domain, innermost loop first.
class Nest {
public:
  explicit Nest(std::vector<Loop> loops);
  /// For a GPU: all loops become one, a thread per iteration in blocks of
  /// `threads`. Vectors have one lane there.
  static Nest flattened(const std::vector<Loop> &loops, int64_t threads);

  /// A loop; of the flattened ones, the loop over the threads.
  Halide::RVar operator[](const std::string &name) const;
  /// The loop's variable as a value; 0 when there is no such loop.
  Halide::Expr at(const std::string &name) const;
  void where(Halide::Expr condition);
  /// Applies the loops' kinds to the update definition that uses the domain.
  void schedule(Halide::Stage stage) const;
  const std::vector<Loop> &loops() const { return list; }

  /// For a Func with a value per iteration: its variables, a loop by its name
  /// as an expression of them, and the arguments of a call. A flattened nest
  /// has one variable, the number of the iteration: Halide, which asks for what
  /// range of each variable a thread needs the Func, knows no bounds of a
  /// remainder but its whole range.
  std::vector<Halide::Var> variables() const;
  Halide::Expr in(const std::string &name) const;
  std::vector<Halide::Expr> iteration() const;
  bool isFlattened() const { return !flat.empty(); }

private:
  /// A flattened loop in iteration number `number`.
  Halide::Expr flatLoop(const std::string &name, Halide::Expr number) const;
  bool isFlat(const std::string &name) const;

  std::vector<Loop> list; ///< of the domain
  Halide::RDom domain;
  std::vector<Loop> flat; ///< the loops that became one
  Halide::Expr number;    ///< of the iteration
};

class Builder {
public:
  explicit Builder(const KernelSpec &spec);

  const KernelSpec &spec;
  Halide::Func output;

  Halide::Expr size(const Size &size) const;
  /// Linear index of an element; coordinates along dimensions of size 1 of an
  /// operand of lower or equal rank are dropped (broadcast).
  Halide::Expr index(const TensorArgument &tensor,
                     const std::vector<Halide::Expr> &coordinates) const;

  std::string inputName() const { return input.name(); }
  std::string weightsName() const { return weights.name(); }
  Halide::Expr loadInput(Halide::Expr index) const { return input(index); }
  Halide::Expr loadWeight(Halide::Expr index) const { return weights(index); }
  Halide::Expr loadBias(Halide::Expr index) const { return bias(index); }
  bool hasBias() const { return spec.hasBias; }

  /// The task window, or the whole of [0, extent) when the axis is another.
  Halide::Expr windowBegin(TaskAxis axis) const;
  Halide::Expr windowEnd(TaskAxis axis, Halide::Expr extent) const;
  bool isWindowed(TaskAxis axis) const {
    return axis != TaskAxis::None && axis == task;
  }
  /// The range of output dimension `d` (spatial or batch) that one task covers.
  Halide::Expr rangeBegin(unsigned d) const;
  Halide::Expr rangeEnd(unsigned d) const;

  /// The epilogue applied to the anchor's value (bias included) at the output
  /// element `coordinates`.
  Halide::Expr finish(Halide::Expr anchor,
                      const std::vector<Halide::Expr> &coordinates) const;
  /// The same with the operands' linear indices given.
  Halide::Expr finishAt(Halide::Expr anchor,
                        const std::vector<Halide::Expr> &indices) const;
  /// Hides from LLVM that a sum was formed under fast-math rules, where it need
  /// not fold its NaN tests away: an exclusive-or with a zero loaded from
  /// behind the weights. Only done where the epilogue tests values.
  Halide::Expr opaque(Halide::Expr sum) const;

  /// The loops of a definition of the output, as the target runs them.
  Nest outputNest(const std::vector<Loop> &loops) const;
  /// Adds `output(index) = value` over the nest.
  void define(const Nest &nest, Halide::Expr index, Halide::Expr value);

  /// Computes `func` in `loop` of the nest, for that iteration, in registers.
  void keepInside(Halide::Func func, const Nest &nest, const std::string &loop);

  /// Funcs whose memory is a thread's registers, and the floats of one thread
  /// (ThreadRegisters).
  std::map<std::string, int64_t> inRegisters;

  /// The kernel's arguments in the order of the contract.
  std::vector<Halide::Argument> arguments() const;

private:
  bool epilogueTestsValues() const;
  TaskAxis axisOf(unsigned d) const;

  TaskAxis task;
  Halide::ImageParam input, weights, bias;
  std::vector<Halide::ImageParam> operands;
  std::vector<Halide::Param<int32_t>> scalars;
  Halide::Param<int32_t> begin{"task_begin"}, end{"task_end"};
  int definitions = 0;
};

/// The epilogue's Halide expression (Epilogue.cpp).
Halide::Expr epilogueExpr(const std::vector<ScalarNode> &nodes,
                          Halide::Expr anchor,
                          const std::vector<Halide::Expr> &operandValues);

// The strategies without weights; the others are lists of stages (Stages.h),
// emitted by MicroTile.
void buildPool(Builder &builder);
void buildElementwise(Builder &builder);
void buildSoftmax(Builder &builder);
void buildReindex(Builder &builder);
void buildInterpolate(Builder &builder);
void buildReduce(Builder &builder);
void buildLookup(Builder &builder);
void buildSumParts(Builder &builder);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_BUILDER_H
