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

int64_t ThreadRegisters::ownPlace(int64_t count, const std::string &name,
                                  const Expr &index) const {
  // Threads' sums lie one behind the other, `count` each. Where a test leaves
  // one thread only, Halide may have put its number in.
  auto first = knownPlace(simplify(OfThread(lets, 0).mutate(index)));
  auto other = knownPlace(simplify(OfThread(lets, 1).mutate(index)));
  if (!first || !other || first->first < 0 ||
      (other->first - first->first) % count != 0 ||
      first->first % count + first->second > count)
    throw std::runtime_error("the sums '" + name +
                             "' of a thread are not in its registers");
  return first->first % count;
}

/// The allocation of one float.
static std::string ownName(const std::string &name, int64_t place) {
  return name + ".r" + std::to_string(place);
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
  Stmt body = mutate(op->body);
  for (int64_t place = *count; place-- > 0;)
    body = Allocate::make(ownName(op->name, place), op->type, op->memory_type,
                          {1}, op->condition, body);
  return body;
}

Stmt ThreadRegisters::visit(const Free *op) {
  const int64_t *count = floatsOf(op->name);
  if (!count)
    return op;
  std::vector<Stmt> all;
  for (int64_t place = 0; place < *count; ++place)
    all.push_back(Free::make(ownName(op->name, place)));
  return Block::make(all);
}

Expr ThreadRegisters::visit(const Load *op) {
  const int64_t *count = floatsOf(op->name);
  if (!count)
    return IRMutator::visit(op);
  int64_t first = ownPlace(*count, op->name, op->index);
  std::vector<Expr> lanes;
  for (int64_t lane = 0; lane < op->type.lanes(); ++lane)
    lanes.push_back(Load::make(op->type.element_of(),
                               ownName(op->name, first + lane), 0, op->image,
                               op->param, const_true(), ModulusRemainder()));
  return lanes.size() == 1 ? lanes[0] : Shuffle::make_concat(lanes);
}

Stmt ThreadRegisters::visit(const Store *op) {
  const int64_t *count = floatsOf(op->name);
  if (!count)
    return IRMutator::visit(op);
  int64_t first = ownPlace(*count, op->name, op->index);
  Expr value = mutate(op->value);
  int lanes = value.type().lanes();
  auto store = [&](int lane, const Expr &element) {
    return Store::make(ownName(op->name, first + lane), element, 0, op->param,
                       const_true(), ModulusRemainder());
  };
  if (lanes == 1)
    return store(0, value);
  std::string name = unique_name("sums");
  Expr all = Variable::make(value.type(), name);
  std::vector<Stmt> stores;
  for (int lane = 0; lane < lanes; ++lane)
    stores.push_back(store(lane, Shuffle::make_extract_element(all, lane)));
  return LetStmt::make(name, value, Block::make(stores));
}

} // namespace upconv
