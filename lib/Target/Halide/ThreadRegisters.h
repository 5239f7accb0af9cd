//===- ThreadRegisters.h - A block's sums in its threads' registers -------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_THREADREGISTERS_H
#define UPCONV_LIB_TARGET_HALIDE_THREADREGISTERS_H

#include <Halide.h>

#include <map>
#include <string>

namespace upconv {

/// Sums that live across the steps of a reduction are a Func of the thread
/// block, computed by its threads. Halide gives every thread room for the whole
/// block's sums and has it address its own by its number, which no register
/// file can do. Here a thread gets room for its own sums: its number leaves the
/// index, and what is left has to be a constant. A sum that is not is an error
/// (std::runtime_error), never a wrong address. Each float is an allocation of
/// its own: of one for all, LLVM makes the place a variable where it joins the
/// ends of branches that store different sums, and then it is memory.
class ThreadRegisters : public Halide::Internal::IRMutator {
public:
  /// `floats`: per Func, the floats of one thread. The Func's storage has the
  /// thread's own dimensions innermost.
  explicit ThreadRegisters(std::map<std::string, int64_t> floats)
      : floats(std::move(floats)) {}

private:
  using IRMutator::visit;
  Halide::Expr visit(const Halide::Internal::Let *op) override;
  Halide::Internal::Stmt visit(const Halide::Internal::LetStmt *op) override;
  Halide::Internal::Stmt visit(const Halide::Internal::Allocate *op) override;
  Halide::Internal::Stmt visit(const Halide::Internal::Free *op) override;
  Halide::Expr visit(const Halide::Internal::Load *op) override;
  Halide::Internal::Stmt visit(const Halide::Internal::Store *op) override;
  /// The floats of a thread if `name` is the memory of one of the Funcs: the
  /// Func's name, or that and a number.
  const int64_t *floatsOf(const std::string &name) const;
  /// The first of the thread's floats that `index` means; the others follow.
  int64_t ownPlace(int64_t count, const std::string &name,
                   const Halide::Expr &index) const;

  std::map<std::string, int64_t> floats;
  Halide::Internal::Scope<Halide::Expr> lets;
};

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_THREADREGISTERS_H
