//===- MacCount.cpp - Executed multiply-adds of a lowered statement -------===//
//
// Interprets the control flow of the lowered statement: a loop whose variable
// decides a test or another loop's range is stepped through, any other is
// multiplied.
//
//===----------------------------------------------------------------------===//

#include "MacCount.h"

#include "MatrixTiles.h"

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

using Halide::Expr;
using namespace Halide::Internal; // IR node names, throughout this file

namespace upconv {

namespace {

/// Variables that decide a test or a loop range, also through lets.
class ControlVariables : public IRVisitor {
public:
  std::set<std::string> names;
  std::map<std::string, Expr> lets;

  void mark(const Expr &e) {
    struct Uses : IRVisitor {
      ControlVariables &owner;
      explicit Uses(ControlVariables &owner) : owner(owner) {}
      void visit(const Variable *op) override {
        if (!owner.names.insert(op->name).second)
          return;
        auto it = owner.lets.find(op->name);
        if (it != owner.lets.end())
          it->second.accept(this);
      }
    } uses(*this);
    e.accept(&uses);
  }

private:
  using IRVisitor::visit;
  void visit(const LetStmt *op) override {
    lets[op->name] = op->value;
    IRVisitor::visit(op);
  }
  void visit(const For *op) override {
    mark(op->min);
    mark(op->extent);
    IRVisitor::visit(op);
  }
  void visit(const IfThenElse *op) override {
    mark(op->condition);
    IRVisitor::visit(op);
  }
};

class Multiplies : public IRVisitor {
public:
  int64_t count = 0;

private:
  using IRVisitor::visit;
  void visit(const Mul *op) override {
    if (op->type.is_float())
      count += op->type.lanes();
    IRVisitor::visit(op);
  }
  void visit(const Call *op) override {
    if (op->name == "dot_product") // of pairs
      count += 2 * op->type.lanes();
    IRVisitor::visit(op);
  }
};

struct NotConstant : std::runtime_error {
  NotConstant() : std::runtime_error("not a constant") {}
};

class Counter : public IRVisitor {
public:
  Counter(const ControlVariables &control, int64_t begin, int64_t end)
      : control(control) {
    values["task_begin"] = Expr(static_cast<int32_t>(begin));
    values["task_end"] = Expr(static_cast<int32_t>(end));
  }
  std::map<std::string, int64_t> loops;

private:
  using IRVisitor::visit;

  int64_t evaluate(const Expr &e) {
    Expr result = simplify(substitute(values, e));
    if (auto value = as_const_int(result))
      return *value;
    if (is_const_one(result))
      return 1;
    if (is_const_zero(result))
      return 0;
    throw NotConstant();
  }

  void visit(const LetStmt *op) override {
    if (control.names.count(op->name)) {
      values[op->name] = make_const(op->value.type(), evaluate(op->value));
      op->body.accept(this);
      values.erase(op->name);
      return;
    }
    op->body.accept(this);
  }

  void visit(const For *op) override {
    int64_t extent = evaluate(op->extent);
    if (extent <= 0)
      return;
    std::string around = std::exchange(innermost, op->name);
    if (!control.names.count(op->name)) {
      std::map<std::string, int64_t> before = loops;
      op->body.accept(this);
      for (auto &[name, macs] : loops)
        macs = before[name] + (macs - before[name]) * extent;
    } else {
      int64_t min = evaluate(op->min);
      for (int64_t i = 0; i < extent; ++i) {
        values[op->name] = Expr(static_cast<int32_t>(min + i));
        op->body.accept(this);
      }
      values.erase(op->name);
    }
    innermost = around;
  }

  void visit(const IfThenElse *op) override {
    std::map<std::string, int64_t> before = loops;
    op->then_case.accept(this);
    if (loops == before && !op->else_case.defined())
      return; // a masked store: nothing of ours inside
    loops = before;
    if (evaluate(op->condition))
      op->then_case.accept(this);
    else if (op->else_case.defined())
      op->else_case.accept(this);
  }

  void visit(const Store *op) override {
    if (op->name.compare(0, 3, "acc") != 0)
      return;
    Multiplies multiplies;
    op->value.accept(&multiplies);
    loops[innermost] += multiplies.count;
  }

  void visit(const Evaluate *op) override {
    const Call *call = op->value.as<Call>();
    if (call && call->name == multiplyTilesName)
      loops[innermost] += evaluate(call->args.back());
  }

  const ControlVariables &control;
  std::string innermost;
  std::map<std::string, Expr> values;
};

} // namespace

std::optional<std::map<std::string, int64_t>>
countMacs(const Stmt &statement, int64_t windowBegin, int64_t windowEnd) {
  try {
    ControlVariables control;
    statement.accept(&control);
    Counter counter(control, windowBegin, windowEnd);
    statement.accept(&counter);
    return counter.loops;
  } catch (const NotConstant &) {
    return std::nullopt;
  }
}

} // namespace upconv
