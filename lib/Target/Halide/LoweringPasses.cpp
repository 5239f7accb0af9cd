//===- LoweringPasses.cpp - Passes over the lowered statement ---------===//
//
// See the header for what they are for.
//
//===----------------------------------------------------------------------===//

#include "LoweringPasses.h"

#include <algorithm>
#include <cctype>
#include <optional>

using Halide::Expr;
using namespace Halide::Internal; // IR node names, throughout this file

namespace upconv {

static bool endsWith(const std::string &text, const std::string &end) {
  return text.size() >= end.size() &&
         text.compare(text.size() - end.size(), end.size(), end) == 0;
}

Stmt PinBufferMins::visit(const LetStmt *op) {
  const Call *call = op->value.as<Call>();
  if (!call || call->name != "_halide_buffer_get_min" ||
      !endsWith(op->name, ".min.0"))
    return IRMutator::visit(op);
  return simplify(mutate(substitute(op->name, Expr(0), op->body)));
}

Expr UnalignedSums::visit(const Load *op) {
  if (op->name != output)
    return IRMutator::visit(op);
  return Load::make(op->type, op->name, mutate(op->index), op->image, op->param,
                    mutate(op->predicate), ModulusRemainder());
}

Expr NameNegativePlaces::visit(const Load *op) {
  const Ramp *ramp = op->index.as<Ramp>();
  std::optional<int64_t> base;
  if (ramp)
    base = as_const_int(ramp->base);
  if (!base || *base >= 0)
    return IRMutator::visit(op);
  std::string name = unique_name("place");
  Expr index = Ramp::make(Variable::make(ramp->base.type(), name),
                          mutate(ramp->stride), ramp->lanes);
  return Let::make(name, ramp->base,
                   Load::make(op->type, op->name, index, op->image, op->param,
                              mutate(op->predicate), op->alignment));
}

LanesOfVectors::LanesOfVectors(std::string input,
                               const std::vector<std::string> &multiples)
    : input(std::move(input)) {
  for (const std::string &name : multiples)
    known.push(name, ModulusRemainder(splatFloats, 0));
}

Stmt LanesOfVectors::visit(const LetStmt *op) {
  if (op->value.type() != Halide::Int(32))
    return IRMutator::visit(op);
  ScopedBinding<ModulusRemainder> bind(known, op->name,
                                       modulus_remainder(op->value, known));
  return IRMutator::visit(op);
}

Expr LanesOfVectors::visit(const Broadcast *op) {
  const Load *load = op->value.as<Load>();
  if (!load || load->name != input || !load->type.is_scalar())
    return IRMutator::visit(op);
  ModulusRemainder place = modulus_remainder(load->index, known);
  if (place.modulus % splatFloats != 0)
    return IRMutator::visit(op);
  int lane = static_cast<int>(mod_imp(place.remainder, splatFloats));
  int count = static_cast<int>(splatFloats);
  Expr vector = Load::make(
      load->type.with_lanes(count), load->name,
      Ramp::make(simplify(mutate(load->index) - lane), Expr(1), count),
      load->image, load->param, const_true(count), ModulusRemainder());
  return Shuffle::make({vector}, std::vector<int>(op->lanes, lane));
}

static const char *const prefetchName = "upconv_prefetch";

Expr prefetched(Expr value, Expr load) {
  return Call::make(Halide::Float(32), prefetchName,
                    {std::move(value), std::move(load)}, Call::Extern);
}

/// Asks for the cache line of an element.
static Stmt request(const std::string &buffer, Expr index) {
  return Evaluate::make(Call::make(Halide::Float(32), Call::prefetch,
                                   {Variable::make(Halide::Handle(), buffer),
                                    std::move(index), Expr(1), Expr(1)},
                                   Call::Intrinsic));
}

Stmt LowerPrefetches::visit(const Store *op) {
  const Call *call = op->value.as<Call>();
  if (!call || call->name != prefetchName)
    return IRMutator::visit(op);
  const Load *load = call->args[1].as<Load>();
  return request(load->name, load->index);
}

namespace {
class Loops : public IRVisitor {
public:
  bool any = false;

private:
  using IRVisitor::visit;
  void visit(const For *) override { any = true; }
};
} // namespace

Stmt PrefetchWeights::visit(const For *op) {
  Loops loops;
  op->body.accept(&loops);
  if (loops.any)
    return IRMutator::visit(op);
  inLoop = true;
  asked.clear();
  Stmt result = IRMutator::visit(op);
  inLoop = false;
  return result;
}

namespace {
/// The first elements of the vectors of a buffer that an expression loads.
class VectorLoads : public IRVisitor {
public:
  VectorLoads(const std::string &buffer) : buffer(buffer) {}
  std::vector<Expr> bases;

private:
  using IRVisitor::visit;
  void visit(const Load *op) override {
    const Ramp *ramp = op->index.as<Ramp>();
    if (op->name == buffer && ramp && is_const_one(ramp->stride))
      bases.push_back(ramp->base);
    IRVisitor::visit(op);
  }
  const std::string &buffer;
};
} // namespace

Stmt PrefetchWeights::visit(const Store *op) {
  if (!inLoop)
    return op;
  VectorLoads loads(weights);
  op->value.accept(&loads);
  std::vector<Stmt> statements;
  for (const Expr &base : loads.bases) {
    auto isSame = [&](const Expr &other) { return equal(base, other); };
    if (std::any_of(asked.begin(), asked.end(), isSame))
      continue;
    asked.push_back(base);
    statements.push_back(request(weights, base + distance));
  }
  statements.emplace_back(op);
  return Block::make(statements);
}

Expr PlainFloats::visit(const Call *op) {
  Expr plain = IRMutator::visit(op);
  const Call *call = plain.as<Call>();
  return call && call->is_strict_float_intrinsic() ? unstrictify_float(call)
                                                   : plain;
}

/// "co" of "out.s2.co".
static std::string loopVariable(const std::string &name) {
  return name.substr(name.rfind('.') + 1);
}

static void flatten(const Stmt &statement, std::vector<Stmt> &list) {
  if (const Block *block = statement.as<Block>()) {
    flatten(block->first, list);
    flatten(block->rest, list);
    return;
  }
  list.push_back(statement);
}

static Expr expanded(Expr e,
                     const std::vector<std::pair<std::string, Expr>> &lets) {
  for (size_t i = lets.size(); i-- > 0;)
    e = substitute(lets[i].first, lets[i].second, e);
  return simplify(e);
}

bool FuseLoops::tryFuse(const Stmt &first, const Stmt &second,
                        Stmt &fused) const {
  Lets lets[2];
  const For *loops[2];
  const Stmt *statements[2] = {&first, &second};
  for (int i = 0; i < 2; ++i) {
    Stmt inner = *statements[i];
    while (const LetStmt *let = inner.as<LetStmt>()) {
      lets[i].emplace_back(let->name, let->value);
      inner = let->body;
    }
    loops[i] = inner.as<For>();
    if (!loops[i] || loops[i]->for_type != ForType::Serial)
      return false;
  }
  std::string names[2] = {loopVariable(loops[0]->name),
                          loopVariable(loops[1]->name)};
  if (tiles) // the tile loops' numbers make them unique; x1 and x2 may merge
    for (std::string &name : names)
      if (name.size() > 1 && name[0] == 'x')
        name.resize(1);
  if (names[0] != names[1] ||
      !equal(expanded(loops[0]->min, lets[0]),
             expanded(loops[1]->min, lets[1])) ||
      !equal(expanded(loops[0]->extent, lets[0]),
             expanded(loops[1]->extent, lets[1])))
    return false;
  Stmt tail = substitute(loops[1]->name,
                         Variable::make(Halide::Int(32), loops[0]->name),
                         loops[1]->body);
  fused = For::make(loops[0]->name, loops[0]->min, loops[0]->extent,
                    loops[0]->for_type, loops[0]->partition_policy,
                    loops[0]->device_api, Block::make(loops[0]->body, tail));
  for (int i = 2; i-- > 0;)
    for (size_t l = lets[i].size(); l-- > 0;)
      fused = LetStmt::make(lets[i][l].first, lets[i][l].second, fused);
  return true;
}

Stmt FuseLoops::visit(const Block *op) {
  std::vector<Stmt> list, merged;
  flatten(op, list);
  for (const Stmt &statement : list) {
    Stmt fused;
    // Between two stages' tiles lie the first one's edges.
    size_t reach = tiles ? merged.size() : std::min<size_t>(1, merged.size());
    size_t at = merged.size();
    for (size_t back = 1; back <= reach && !fused.defined(); ++back)
      if (tryFuse(merged[merged.size() - back], statement, fused))
        at = merged.size() - back;
    if (fused.defined())
      merged[at] = fused;
    else
      merged.push_back(statement);
  }
  for (Stmt &statement : merged)
    statement = mutate(statement);
  return Block::make(merged);
}

Expr PairNeighbours::visit(const Shuffle *op) {
  const Add *sum = op->vectors.size() == 1 ? op->vectors[0].as<Add>() : nullptr;
  const Load *first = sum ? sum->a.as<Load>() : nullptr;
  const Load *second = sum ? sum->b.as<Load>() : nullptr;
  const Ramp *even = first ? first->index.as<Ramp>() : nullptr;
  const Ramp *odd = second ? second->index.as<Ramp>() : nullptr;
  if (!even || !odd || !op->is_slice() || op->slice_begin() != 0 ||
      op->slice_stride() != 2 || first->name != second->name ||
      !is_const_one(even->stride) || !is_const_one(odd->stride) ||
      !is_const_one(simplify(odd->base - even->base)))
    return IRMutator::visit(op);
  int count = op->type.lanes(), width = std::min(lanes, 2 * count);
  std::vector<Expr> vectors;
  for (int from = 0; from < 2 * count; from += width)
    vectors.push_back(Load::make(
        op->type.with_lanes(width), first->name,
        Ramp::make(simplify(even->base + from), Expr(1), width), first->image,
        first->param, const_true(width), ModulusRemainder()));
  Expr all = vectors.size() == 1 ? vectors[0] : Shuffle::make_concat(vectors);
  return Shuffle::make_slice(all, 0, 2, count) +
         Shuffle::make_slice(all, 1, 2, count);
}

} // namespace upconv
