//===- Builder.cpp - A kernel under construction --------------------------===//
//
// Parameters, index expressions, task windows and output definitions that all
// strategies share. See Builder.h for why everything is flat.
//
//===----------------------------------------------------------------------===//

#include "Builder.h"

#include "GpuTile.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include <algorithm>

using Halide::Expr;
using Halide::Internal::simplify;

namespace upconv {

//===----------------------------------------------------------------------===//
// Nest
//===----------------------------------------------------------------------===//

static bool isOne(const Expr &extent) {
  return Halide::Internal::is_const_one(Halide::Internal::simplify(extent));
}

Nest::Nest(std::vector<Loop> loops) : list(std::move(loops)) {
  std::vector<Halide::Internal::ReductionVariable> variables;
  for (const Loop &loop : list)
    variables.push_back({loop.name, loop.min, loop.extent});
  domain = Halide::RDom(Halide::Internal::ReductionDomain(variables));
}

Nest Nest::flattened(const std::vector<Loop> &loops, int64_t threads) {
  Expr total = 1;
  for (const Loop &loop : loops)
    total = simplify(total * loop.extent);
  Expr size = static_cast<int32_t>(threads);
  // `total` can be close to the largest number.
  Expr blocks =
      simplify(total / size + Halide::select(total % size != 0, 1, 0));
  Nest nest({{"thread", size, Loop::Thread}, {"block", blocks, Loop::Block}});
  nest.flat = loops;
  Expr before = nest.at("block") * size;
  nest.where(nest.at("thread") < total - before);
  nest.number = before + nest.at("thread");
  return nest;
}

bool Nest::isFlat(const std::string &name) const {
  return std::any_of(flat.begin(), flat.end(),
                     [&](const Loop &loop) { return loop.name == name; });
}

Expr Nest::flatLoop(const std::string &name, Expr number) const {
  for (size_t i = 0; i < flat.size(); ++i) {
    bool last = i + 1 == flat.size();
    if (flat[i].name == name)
      return simplify((last ? number : number % flat[i].extent) + flat[i].min);
    number = number / flat[i].extent;
  }
  return 0;
}

std::vector<Halide::Var> Nest::variables() const {
  if (isFlattened())
    return {Halide::Var("number")};
  std::vector<Halide::Var> result;
  for (const Loop &loop : list)
    result.emplace_back(loop.name);
  return result;
}

Expr Nest::in(const std::string &name) const {
  Halide::Var variable(isFlattened() ? "number" : name);
  return isFlattened() ? flatLoop(name, variable) : Expr(variable);
}

std::vector<Expr> Nest::iteration() const {
  if (isFlattened())
    return {number};
  std::vector<Expr> result;
  for (const Loop &loop : list)
    result.push_back(at(loop.name));
  return result;
}

Halide::RVar Nest::operator[](const std::string &name) const {
  if (isFlat(name))
    return (*this)["thread"];
  for (size_t i = 0; i < list.size(); ++i)
    if (list[i].name == name)
      return domain[i];
  return Halide::RVar(name);
}

Expr Nest::at(const std::string &name) const {
  if (isFlat(name))
    return flatLoop(name, number);
  for (size_t i = 0; i < list.size(); ++i)
    if (list[i].name == name)
      return domain[i];
  return 0;
}

void Nest::where(Expr condition) { domain.where(std::move(condition)); }

void Nest::schedule(Halide::Stage stage) const {
  // Distinct iterations write distinct elements, or rewrite the same value.
  stage.allow_race_conditions();
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i].kind == Loop::Thread)
      stage.gpu_threads(domain[i]);
    else if (list[i].kind == Loop::Block)
      stage.gpu_blocks(domain[i]);
    else if (list[i].kind == Loop::Serial || isOne(list[i].extent))
      continue;
    else if (list[i].kind == Loop::Vectorized)
      stage.vectorize(domain[i]);
    else
      stage.unroll(domain[i]);
  }
}

//===----------------------------------------------------------------------===//
// Builder
//===----------------------------------------------------------------------===//

static Halide::ImageParam flatParam(const std::string &name,
                                    int64_t alignment) {
  Halide::ImageParam param(Halide::Float(32), 1, name);
  param.dim(0).set_min(0).set_stride(1);
  param.set_host_alignment(static_cast<int>(std::max<int64_t>(4, alignment)));
  return param;
}

Builder::Builder(const KernelSpec &spec)
    : spec(spec), output("out"), task(taskAxis(spec)),
      input(flatParam("input", spec.input.alignment)),
      weights(flatParam("weights", 64)), bias(flatParam("bias", 64)) {
  for (size_t i = 0; i < spec.operands.size(); ++i)
    operands.push_back(
        flatParam("operand" + std::to_string(i), spec.operands[i].alignment));
  for (int i = 0; i < spec.scalars; ++i)
    scalars.emplace_back("scalar" + std::to_string(i));
  Halide::Var element("element");
  output(element) = Halide::undef<float>();
  output.output_buffer().dim(0).set_min(0).set_stride(1);
  output.output_buffer().set_host_alignment(
      static_cast<int>(std::max<int64_t>(4, spec.output.alignment)));
}

Expr Builder::size(const Size &size) const {
  if (size.isConstant())
    return static_cast<int32_t>(size.constant);
  return scalars.at(size.scalar);
}

Expr Builder::index(const TensorArgument &tensor,
                    const std::vector<Expr> &coordinates) const {
  Expr sum = 0;
  size_t skipped = coordinates.size() - tensor.rank();
  for (size_t d = 0; d < tensor.rank(); ++d) {
    if (tensor.shape[d] == Size::of(1))
      continue;
    sum += coordinates[skipped + d] * size(tensor.strides[d]);
  }
  return sum;
}

Expr Builder::windowBegin(TaskAxis axis) const {
  return isWindowed(axis) ? Expr(begin) : Expr(0);
}

Expr Builder::windowEnd(TaskAxis axis, Expr extent) const {
  return isWindowed(axis) ? Expr(end) : extent;
}

TaskAxis Builder::axisOf(unsigned d) const {
  if (d == 0)
    return TaskAxis::Batch;
  size_t rank = spec.output.shape.size();
  if (d == 1 && rank >= 3)
    return rank == 3 ? TaskAxis::Columns : TaskAxis::Rows;
  return TaskAxis::None;
}

Expr Builder::rangeBegin(unsigned d) const {
  return windowBegin(axisOf(d)) * constant(taskUnit(spec));
}

Expr Builder::rangeEnd(unsigned d) const {
  return isWindowed(axisOf(d)) ? end * constant(taskUnit(spec))
                               : size(spec.output.shape[d]);
}

bool Builder::epilogueTestsValues() const {
  for (const ScalarNode &node : spec.epilogue)
    switch (node.kind) {
    case ScalarNode::Kind::Anchor:
    case ScalarNode::Kind::Operand:
    case ScalarNode::Kind::Constant:
    case ScalarNode::Kind::Add:
    case ScalarNode::Kind::Sub:
    case ScalarNode::Kind::Mul:
    case ScalarNode::Kind::Div:
      break;
    default:
      return true;
    }
  return false;
}

Expr Builder::opaque(Expr sum) const {
  if (hasBias() || !spec.hasWeights() || !epilogueTestsValues())
    return sum;
  Expr last = static_cast<int32_t>(packedWeightCount(spec) - 1);
  Expr zero = Halide::reinterpret<int32_t>(weights(last));
  return Halide::reinterpret<float>(Halide::reinterpret<int32_t>(sum) ^ zero);
}

Expr Builder::finish(Expr anchor, const std::vector<Expr> &coordinates) const {
  std::vector<Expr> indices;
  for (const TensorArgument &operand : spec.operands)
    indices.push_back(index(operand, coordinates));
  return finishAt(std::move(anchor), indices);
}

Expr Builder::finishAt(Expr anchor, const std::vector<Expr> &indices) const {
  if (spec.epilogue.empty())
    return anchor;
  std::vector<Expr> values;
  for (size_t i = 0; i < operands.size(); ++i)
    values.push_back(operands[i](indices[i]));
  return epilogueExpr(spec.epilogue, std::move(anchor), values);
}

Nest Builder::outputNest(const std::vector<Loop> &loops) const {
  return spec.target.isGpu() ? Nest::flattened(loops, kFlatThreads)
                             : Nest(loops);
}

void Builder::define(const Nest &nest, Expr index, Expr value) {
  output(index) = value;
  nest.schedule(output.update(definitions++));
}

void Builder::keepInside(Halide::Func func, const Nest &nest,
                         const std::string &loop) {
  func.compute_at(output, nest[loop]).store_in(Halide::MemoryType::Stack);
  // Halide derives a last number from the test of the threads too, and does not
  // see that it is the thread's own.
  if (nest.isFlattened())
    func.bound_extent(nest.variables().front(), 1);
}

std::vector<Halide::Argument> Builder::arguments() const {
  std::vector<Halide::Argument> result = {input};
  if (spec.hasWeights())
    result.push_back(weights);
  if (spec.hasBias)
    result.push_back(bias);
  for (const Halide::ImageParam &operand : operands)
    result.push_back(operand);
  for (const Halide::Param<int32_t> &scalar : scalars)
    result.push_back(scalar);
  if (task != TaskAxis::None) {
    result.push_back(begin);
    result.push_back(end);
  }
  return result;
}

} // namespace upconv
