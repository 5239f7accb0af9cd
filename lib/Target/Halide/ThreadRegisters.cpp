//===- ThreadRegisters.cpp - A block's sums in its threads' registers -----===//

#include "ThreadRegisters.h"

#include <stdexcept>

using Halide::Expr;
using namespace Halide::Internal; // IR node names, throughout this file

namespace upconv {

namespace {

/// What an index is for thread number 0: names of values stand for the values.
class OfFirstThread : public IRMutator {
public:
  explicit OfFirstThread(const Scope<Expr> &lets) : lets(lets) {}

private:
  using IRMutator::visit;
  Expr visit(const Variable *op) override {
    if (op->name.find("thread_id_") != std::string::npos)
      return make_zero(op->type);
    if (lets.contains(op->name))
      return mutate(lets.get(op->name));
    return op;
  }

  const Scope<Expr> &lets;
};

} // namespace

const int64_t *ThreadRegisters::floatsOf(const std::string &name) const {
  auto found = floats.find(name.substr(0, name.find('.')));
  return found == floats.end() ? nullptr : &found->second;
}

Expr ThreadRegisters::ownIndex(int64_t count, const std::string &name,
                               const Expr &index) {
  Expr own = simplify(OfFirstThread(lets).mutate(index));
  const Ramp *ramp = own.as<Ramp>();
  auto first = as_const_int(ramp ? ramp->base : own);
  int64_t lanes = ramp ? ramp->lanes : 1;
  if (!first || *first < 0 || *first + lanes > count ||
      (ramp && !is_const_one(ramp->stride)))
    throw std::runtime_error("the sums '" + name +
                             "' of a thread are not in its registers");
  return own;
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
