//===- OutputRuns.cpp - Sums in the order of the output -------------------===//
//
// A tile's sums are vectors of columns, or single values. Where neither is what
// the output stores at a time they pass through a Func in the order of its
// rows.
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"

#include "upconv/Target/Halide/CompileKernel.h"

using Halide::Var;

namespace upconv {

OutputRuns ContractionEmitter::outputRuns(const Stage &stage,
                                          const ChannelPart &part,
                                          const Tiling &x) const {
  OutputRuns runs;
  runs.rows = stage.rowsBeside();
  runs.columns = tiling.channels / runs.rows;
  runs.step = tiling.step();
  runs.vectors = part.vectors;
  runs.masked = part.masked;
  if (runs.rows == 1)
    return runs;
  // Added up lanes are single values, and those of the rows take turns.
  if (tiling.horizontal && stage.taps() > 0 && spec.operands.empty()) {
    int64_t values = runs.columns * x.size;
    runs.step = vectorOf(values, spec.target.vectorFloats);
    runs.vectors = values / runs.step;
    runs.masked = false;
    runs.wholeTile = true;
    return runs;
  }
  // Whole parts of a vector, or the whole row under a mask.
  int64_t even = vectorOf(runs.columns, tiling.lanes);
  if (tiling.horizontal)
    runs.step = runs.columns;
  else if (even >= tiling.lanes / 2)
    runs.step = even;
  else
    while (runs.step / 2 >= runs.columns)
      runs.step /= 2;
  runs.vectors = ceilDiv(runs.columns, runs.step);
  runs.masked = runs.columns % runs.step != 0;
  return runs;
}

Halide::Func
ContractionEmitter::inColumns(Halide::Func sums, const ChannelPart &part,
                              const Tiling &y, const Tiling &x,
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

Halide::Func
ContractionEmitter::inRuns(Halide::Func sums, const OutputRuns &runs,
                           const ChannelPart &part, const Tiling &y,
                           const Tiling &x,
                           const std::vector<std::string> &outer) const {
  Var value("value"), row("row"), yi("yi");
  std::vector<Var> arguments = {value, row, yi};
  Expr pixel = value / constant(runs.columns) + constant(x.size) * yi;
  std::vector<Expr> place = {value % constant(runs.columns) +
                             row * constant(runs.columns) +
                             pixel * constant(part.vectors * tiling.step())};
  for (const std::string &name : outer) {
    arguments.emplace_back(name);
    place.emplace_back(arguments.back());
  }
  Halide::Func func("run" + std::to_string(counter));
  func(arguments) = sums(place);
  func.bound(value, 0, constant(runs.columns * x.size))
      .bound(row, 0, constant(runs.rows))
      .bound(yi, 0, constant(y.size))
      .store_in(Halide::MemoryType::Stack);
  func.unroll(value).unroll(row).unroll(yi);
  return func;
}

} // namespace upconv
