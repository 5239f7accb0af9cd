//===- ThreadRegisters.cpp - A block's sums in its threads' registers -----===//

#include "ThreadRegisters.h"

#include <optional>
#include <stdexcept>
#include <utility>

using Halide::Expr;
using namespace Halide::Internal; // IR node names, throughout this file

namespace upconv {

namespace {

/// What an index is for the thread whose numbers are all `number`: names of
/// values stand for the values.
class OfThread : public IRMutator {
public:
  OfThread(const Scope<Expr> &lets, int number) : lets(lets), number(number) {}

private:
  using IRMutator::visit;
  Expr visit(const Variable *op) override {
    if (op->name.find("thread_id_") != std::string::npos)
      return make_const(op->type, number);
    if (lets.contains(op->name))
      return mutate(lets.get(op->name));
    return op;
  }

  const Scope<Expr> &lets;
  int number;
};

/// The first element and the number of lanes, if the index is known.
std::optional<std::pair<int64_t, int64_t>> knownPlace(const Expr &index) {
  const Ramp *ramp = index.as<Ramp>();
  if (ramp && !is_const_one(ramp->stride))
    return std::nullopt;
  auto first = as_const_int(ramp ? ramp->base : index);
  if (!first)
    return std::nullopt;
  return std::pair(*first, int64_t(index.type().lanes()));
}

} // namespace

const int64_t *ThreadRegisters::floatsOf(const std::string &name) const {
  auto found = floats.find(name.substr(0, name.find('.')));
  return found == floats.end() ? nullptr : &found->second;
}

Expr ThreadRegisters::ownIndex(int64_t count, const std::string &name,
                               const Expr &index) {
  // Threads' sums lie one behind the other, `count` each. Where a test leaves
  // one thread only, Halide may have put its number in.
  auto first = knownPlace(simplify(OfThread(lets, 0).mutate(index)));
  auto other = knownPlace(simplify(OfThread(lets, 1).mutate(index)));
  if (!first || !other || first->first < 0 ||
      (other->first - first->first) % count != 0 ||
      first->first % count + first->second > count)
    throw std::runtime_error("the sums '" + name +
                             "' of a thread are not in its registers");
  int lanes = static_cast<int>(first->second);
  Expr own = static_cast<int32_t>(first->first % count);
  return lanes == 1 ? own : Ramp::make(own, 1, lanes);
}

Expr ThreadRegisters::visit(const Let *op) {
  Expr value = mutate(op->value);
  ScopedBinding<Expr> bind(lets, op->name, op->value);
  return Let::make(op->name, value, mutate(op->body));
}

Stmt ThreadRegisters::visit(const LetStmt *op) {
  Expr value = mutate(op->value);
  ScopedBinding<Expr> bind(lets, op->name, op->value);
  return LetStmt::make(op->name, value, mutate(op->body));
}

Stmt ThreadRegisters::visit(const Allocate *op) {
  const int64_t *count = floatsOf(op->name);
  if (!count)
    return IRMutator::visit(op);
  return Allocate::make(op->name, op->type, op->memory_type,
                        {static_cast<int32_t>(*count)}, op->condition,
                        mutate(op->body));
}

Expr ThreadRegisters::visit(const Load *op) {
  const int64_t *count = floatsOf(op->name);
  if (!count)
    return IRMutator::visit(op);
  return Load::make(op->type, op->name, ownIndex(*count, op->name, op->index),
                    op->image, op->param, mutate(op->predicate),
                    ModulusRemainder());
}

Stmt ThreadRegisters::visit(const Store *op) {
  const int64_t *count = floatsOf(op->name);
  if (!count)
    return IRMutator::visit(op);
  return Store::make(op->name, mutate(op->value),
                     ownIndex(*count, op->name, op->index), op->param,
                     mutate(op->predicate), ModulusRemainder());
}

} // namespace upconv
