//===- GpuDirect.cpp - A contraction with a thread per output element -----===//
//
// Taps and channels in one serial sum: what depthwise convolutions want, and
// the form that is legal for every other one.
//
//===----------------------------------------------------------------------===//

#include "GpuContraction.h"

using Halide::Expr;

namespace upconv {

static std::string numbered(const char *name, int64_t axis) {
  return name + std::to_string(axis);
}

namespace {

/// One stage: the loops over its output, and the same as variables of the sum.
class DirectStage {
public:
  DirectStage(Builder &builder, const Stage &stage, int number)
      : builder(builder), spec(builder.spec), stage(stage), number(number) {}

  void emit();

private:
  std::vector<Loop> loops() const;
  StagePosition
  position(const std::function<Expr(const std::string &)> &loop) const;
  Halide::Func sums(const Nest &outer) const;

  Builder &builder;
  const KernelSpec &spec;
  const Stage &stage;
  int number;
};

} // namespace

std::vector<Loop> DirectStage::loops() const {
  std::vector<Loop> list = {{"column", constant(stage.tiling.channels)}};
  for (int64_t a = axisCount(spec); a-- > 0;) {
    list.push_back(
        {numbered("p", a), positionCount(builder, stage.axes[a], a)});
    list.push_back({numbered("g", a), constant(stage.axes[a].copies)});
  }
  list.push_back({"group", constant(stage.tiling.groups)});
  if (!batchIsAxis(spec))
    list.push_back({"n", builder.size(spec.output.shape[0])});
  return list;
}

StagePosition DirectStage::position(
    const std::function<Expr(const std::string &)> &loop) const {
  StagePosition at;
  for (int64_t a = 0; a < axisCount(spec); ++a) {
    at.positions.push_back(loop(numbered("p", a)));
    at.copies.push_back(loop(numbered("g", a)));
  }
  at.image = batchIsAxis(spec) ? Expr(0) : loop("n");
  at.group = loop("group");
  at.column = loop("column");
  return at;
}

Halide::Func DirectStage::sums(const Nest &outer) const {
  const ChannelTiling &tiling = stage.tiling;
  std::vector<Loop> reduction = {{"ci", constant(tiling.reduction)}};
  for (int64_t a = axisCount(spec); a-- > 0;)
    reduction.push_back({numbered("k", a), constant(stage.axes[a].taps)});
  Nest nest(reduction);

  StagePosition at =
      position([&](const std::string &name) { return outer.in(name); });
  std::vector<Expr> coordinates;
  Expr tap = 0, copy = 0;
  for (int64_t a = 0; a < axisCount(spec); ++a) {
    const AxisStage &along = stage.axes[a];
    Expr k = nest.at(numbered("k", a));
    coordinates.push_back(
        inputCoordinate(builder, along, a, at.positions[a], k));
    tap = tap * constant(along.taps) + k;
    copy = copy * constant(along.copies) + at.copies[a];
  }
  Expr ci = nest.at("ci");
  Expr channel =
      tiling.depthwise ? at.column : at.group * constant(tiling.reduction) + ci;
  Expr value = inputElement(builder, coordinates, at.image, channel,
                            Halide::Internal::const_true());
  // The weights of a channel tile are rows of its width (Packing.cpp).
  Expr full = constant(tiling.vectors * tiling.lanes);
  Expr tile = at.column / full;
  Expr width = Halide::select(tile < constant(tiling.fullTiles), full,
                              constant(tiling.lastVectors * tiling.lanes));
  Expr row =
      (copy * constant(stage.taps()) + tap) * constant(tiling.reduction) + ci;
  Expr weight = builder.loadWeight(at.group * constant(panelFloats(spec)) +
                                   constant(stage.firstFloat) +
                                   tile * full * constant(stage.rows()) +
                                   row * width + (at.column - tile * full));

  Halide::Func func("sum" + std::to_string(number));
  std::vector<Halide::Var> variables = outer.variables();
  func(variables) = 0.0f;
  func(variables) += value * weight;
  return func;
}

void DirectStage::emit() {
  Nest nest = builder.outputNest(loops());
  StagePosition at =
      position([&](const std::string &name) { return nest.at(name); });
  std::vector<Expr> element = outputElement(builder, stage, at);
  leaveOutCutResidues(builder, stage, nest, element);
  Expr value = 0.0f;
  Halide::Func func;
  if (stage.taps() > 0) {
    func = sums(nest);
    value = func(nest.iteration());
  }
  builder.define(nest, builder.index(spec.output, element),
                 finishSum(builder, stage, at, value, element));
  if (stage.taps() > 0)
    builder.keepInside(func, nest, "column");
}

void emitGpuDirect(Builder &builder) {
  int number = 0;
  for (const Stage &stage : stages(builder.spec))
    DirectStage(builder, stage, number++).emit();
}

} // namespace upconv
