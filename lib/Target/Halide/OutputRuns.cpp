//===- OutputRuns.cpp - Sums in the order of the output -------------------===//
//
// A tile's sums are vectors of columns, or single values. Where neither is what
// the output stores at a time they pass through a Func in the order of its
// rows.
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include <algorithm>

using Halide::Var;

namespace upconv {

int64_t rowVector(const ChannelTiling &tiling, int64_t columns) {
  if (tiling.horizontal) // values of their own
    return columns;
  int64_t part = columns & -columns;
  if (part >= tiling.lanes / 2)
    return std::min(part, tiling.lanes);
  int64_t step = 1;
  while (step < std::min(columns, tiling.lanes))
    step *= 2;
  return step;
}

Halide::Func
ContractionEmitter::inColumns(Halide::Func sums, const ChannelPart &part,
                              const Tiling &x, const Tiling &y,
                              const std::vector<std::string> &outer) const {
  Var column("column"), lane("lane"), v("v");
  std::vector<Var> arguments = {column, Var("xi"), Var("yi")};
  for (const std::string &name : outer)
    arguments.emplace_back(name);
  int64_t last = part.vectors - 1;
  std::vector<Expr> place(arguments.begin(), arguments.end());
  place[0] = column % constant(tiling.lanes);
  // A mask at the last row's end reaches behind the last vector.
  place.insert(place.begin() + 1,
               Halide::min(column / constant(tiling.lanes), constant(last)));
  Halide::Func func("columns" + std::to_string(counter));
  func(arguments) = sums(place);
  func.bound(column, 0, constant((part.vectors + 1) * tiling.lanes))
      .bound(Var("xi"), 0, constant(x.size))
      .bound(Var("yi"), 0, constant(y.size))
      .store_in(Halide::MemoryType::Stack);
  func.split(column, v, lane, constant(tiling.lanes))
      .vectorize(lane)
      .unroll(v)
      .unroll(Var("xi"))
      .unroll(Var("yi"));
  return func;
}

/// Activations that cost more than a few instructions.
static bool hasLongEpilogue(const KernelSpec &spec) {
  using Kind = ScalarNode::Kind;
  auto isLong = [](const ScalarNode &node) {
    return node.kind >= Kind::Sqrt && node.kind <= Kind::Cos;
  };
  return std::any_of(spec.epilogue.begin(), spec.epilogue.end(), isLong);
}

/// Added up lanes are single values, of which LLVM makes vectors again for a
/// few instructions, not for a tanh.
bool ContractionEmitter::storesRuns(const Stage &stage, const ChannelPart &part,
                                    const Tiling &x) const {
  const AxisStage &inner = stage.axes.back();
  return tiling.horizontal && !x.partial && stage.taps() > 0 &&
         hasLongEpilogue(spec) && spec.operands.empty() &&
         tiling.tiles() == 1 &&
         part.vectors * tiling.step() >= tiling.channels &&
         inner.stacked == inner.outStep && hasDensePixels(spec.output);
}

int64_t ContractionEmitter::runVector(int64_t values) const {
  return std::min(values & -values, spec.target.vectorFloats);
}

Halide::Func
ContractionEmitter::inRuns(Halide::Func sums, const Stage &stage,
                           const ChannelPart &part, const Tiling &x,
                           const Tiling &y,
                           const std::vector<std::string> &outer) const {
  int64_t perRow = tiling.channels / stage.rowsBeside();
  Var value("value"), row("row"), yi("yi");
  std::vector<Var> arguments = {value, row, yi};
  Expr pixel = value / constant(perRow) + constant(x.size) * yi;
  std::vector<Expr> place = {value % constant(perRow) + row * constant(perRow) +
                             pixel * constant(part.vectors * tiling.step())};
  for (const std::string &name : outer) {
    arguments.emplace_back(name);
    place.emplace_back(arguments.back());
  }
  Halide::Func func("run" + std::to_string(counter));
  func(arguments) = sums(place);
  func.bound(value, 0, constant(perRow * x.size))
      .bound(row, 0, constant(stage.rowsBeside()))
      .bound(yi, 0, constant(y.size))
      .store_in(Halide::MemoryType::Stack);
  func.unroll(value).unroll(row).unroll(yi);
  return func;
}

} // namespace upconv
