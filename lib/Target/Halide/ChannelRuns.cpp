//===- ChannelRuns.cpp - The last dimension in vectors --------------------===//

#include "ChannelRuns.h"

#include <set>

using Halide::Expr;
using Halide::Var;

namespace upconv {

std::vector<ChannelRun> channelRuns(const Builder &builder) {
  const KernelSpec &spec = builder.spec;
  const Size &extent = spec.output.shape.back();
  if (!extent.isConstant())
    return {{0, 1, builder.size(extent)}};
  std::vector<ChannelRun> runs;
  int64_t first = 0, channels = extent.constant;
  int64_t widest = spec.schedule.knob("lanes", spec.target.vectorFloats);
  for (int64_t lanes = widest; lanes > 0; lanes /= 2) {
    int64_t count = (channels - first) / lanes;
    if (count > 0)
      runs.push_back({first, lanes, static_cast<int>(count)});
    first += count * lanes;
  }
  return runs;
}

static std::string outer(unsigned d) { return "o" + std::to_string(d); }

static Nest outputNest(const Builder &builder, const ChannelRun &run,
                       const std::string &vector) {
  std::vector<Loop> loops = {
      {"lane", static_cast<int>(run.lanes), Loop::Vectorized},
      {vector, run.count}};
  for (unsigned d = builder.spec.output.rank() - 1; d-- > 0;)
    loops.push_back({outer(d), builder.rangeEnd(d) - builder.rangeBegin(d)});
  return builder.outputNest(loops);
}

RunEmitter::RunEmitter(Builder &builder, const ChannelRun &run, int number)
    : builder(builder), run(run), number(number),
      nest(outputNest(builder, run, vectorName())), vars(nest.variables()) {}

std::vector<Expr> RunEmitter::coordinates() const {
  std::vector<Expr> result;
  for (unsigned d = 0; d + 1 < builder.spec.output.rank(); ++d)
    result.push_back(nest.in(outer(d)) + builder.rangeBegin(d));
  result.push_back(run.channel(nest.in(vectorName()), nest.in("lane")));
  return result;
}

Expr RunEmitter::outerCoordinate(unsigned d) const {
  if (d + 1 == builder.spec.output.rank())
    return run.channel(nest.at(vectorName()), nest.at("lane"));
  return nest.at(outer(d)) + builder.rangeBegin(d);
}

void RunEmitter::vectorize(Halide::Func value,
                           const std::vector<Halide::RVar> &inner) {
  if (nest.isFlattened()) // one lane, and no variable for it
    return;
  value.bound(Var("lane"), 0, static_cast<int>(run.lanes));
  if (value.has_update_definition()) {
    Halide::Stage update = value.update(0);
    // Along dimensions of one element the update refers to no variable and has
    // no loop.
    std::set<std::string> loops;
    for (const auto &dim : update.get_schedule().dims())
      loops.insert(dim.var);
    std::vector<Halide::VarOrRVar> order = {Var("lane")};
    for (const Halide::RVar &variable : inner)
      if (loops.count(variable.name()))
        order.push_back(variable);
    update.reorder(order);
  }
  if (run.lanes == 1)
    return;
  value.vectorize(Var("lane"));
  if (value.has_update_definition())
    value.update(0).vectorize(Var("lane"));
}

std::vector<Expr> RunEmitter::outputElement() const {
  std::vector<Expr> out;
  for (unsigned d = 0; d < builder.spec.output.rank(); ++d)
    out.push_back(outerCoordinate(d));
  return out;
}

Expr RunEmitter::valueAt(Halide::Func value) const {
  return value(nest.iteration());
}

void RunEmitter::keepInside(Halide::Func func) {
  builder.keepInside(func, nest, vectorName());
}

void RunEmitter::store(Halide::Func value, const Function &f) {
  storeBare(value, [&](Expr result) {
    return builder.finish(f(std::move(result)), outputElement());
  });
}

void RunEmitter::storeBare(Halide::Func value, const Function &f) {
  builder.define(nest, builder.index(builder.spec.output, outputElement()),
                 f(valueAt(value)));
  keepInside(value);
}

} // namespace upconv
