//===- ChannelRuns.h - The last dimension in vectors ----------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_CHANNELRUNS_H
#define UPCONV_LIB_TARGET_HALIDE_CHANNELRUNS_H

#include "Builder.h"

#include <functional>

namespace upconv {

/// `count` vectors of `lanes` elements of the output's last dimension, from
/// element `first` on.
struct ChannelRun {
  int64_t first, lanes;
  Halide::Expr count;

  Halide::Expr channel(Halide::Expr vector, Halide::Expr lane) const {
    return static_cast<int>(first) + vector * static_cast<int>(lanes) + lane;
  }
};

/// Whole vectors, then halves: nothing is read or written beside the tensor. A
/// last dimension that only run time knows is taken element by element.
std::vector<ChannelRun> channelRuns(const Builder &builder);

/// One value per element of a run, computed in a register by a Func of the
/// loop variables `lane`, the run's vector and the outer dimensions `o0`, `o1`,
/// ... and then finished and stored.
class RunEmitter {
public:
  RunEmitter(Builder &builder, const ChannelRun &run, int number);

  /// The Func's variables, and the output element that they stand for.
  std::vector<Halide::Var> variables() const { return vars; }
  std::vector<Halide::Expr> coordinates() const;
  Halide::Expr coordinate(unsigned d) const { return coordinates()[d]; }
  /// The same element in terms of the loops of the output's definition.
  Halide::Expr outerCoordinate(unsigned d) const;

  /// Computes `value` once per vector; its update loops `inner` (innermost
  /// first) run around the lanes.
  void vectorize(Halide::Func value, const std::vector<Halide::RVar> &inner);
  using Function = std::function<Halide::Expr(Halide::Expr)>;
  /// Defines the output as the epilogue of `f(value)`.
  void store(Halide::Func value, const Function &f);
  /// Defines the output as `f(value)`, for anchors whose epilogue is applied
  /// elsewhere.
  void storeBare(Halide::Func value, const Function &f);
  /// Computes a Func that `value` needs in the same place.
  void keepInside(Halide::Func func);

private:
  std::vector<Halide::Expr> outputElement() const;
  Halide::Expr valueAt(Halide::Func value) const;
  std::string vectorName() const { return "co" + std::to_string(number); }

  Builder &builder;
  ChannelRun run;
  int number;
  Nest nest;
  std::vector<Halide::Var> vars;
};

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_CHANNELRUNS_H
