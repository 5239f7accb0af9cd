//===- ExtentFunction.h - Sizes that depend on run-time extents -----------===//
//
// One emitted function evaluates, from the extents, everything that run,
// workspace_size and output_shape want to know: checks, slot offsets, shapes,
// scalars. It fills an array of int64; this class says where each value stands
// in it. A plan without run-time extents has no such function: every value is a
// constant.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_LIBRARY_EXTENTFUNCTION_H
#define UPCONV_LIB_TARGET_LIBRARY_EXTENTFUNCTION_H

#include "PlanQueries.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

namespace upconv {

class ExtentFunction {
public:
  ExtentFunction(const LibraryPlan &plan, llvm::Module &module);

  /// Entries of the array of values.
  unsigned valueCount() const { return count; }

  /// The function `i32 (ptr extents, ptr values)`, or null. It returns a
  /// status, and in the bits above the lowest eight the number of the broken
  /// rule.
  llvm::Function *function() const { return emitted; }
  /// Messages for those numbers, from 1.
  const std::vector<std::string> &messages() const { return texts; }

  /// A value as int64, read from `values` where it is not a constant.
  llvm::Value *get(llvm::IRBuilderBase &builder, llvm::Value *values,
                   mlir::AffineExpr expression) const;
  /// Work may be unknown (-1) and saturates instead of overflowing.
  llvm::Value *getWork(llvm::IRBuilderBase &builder, llvm::Value *values,
                       mlir::AffineExpr work) const;
  llvm::Value *getTotalWork(llvm::IRBuilderBase &builder,
                            llvm::Value *values) const;
  /// In bytes.
  llvm::Value *getSlotOffset(llvm::IRBuilderBase &builder, llvm::Value *values,
                             unsigned slot) const;
  llvm::Value *getWorkspaceSize(llvm::IRBuilderBase &builder,
                                llvm::Value *values) const;
  /// Elements of an output.
  llvm::Value *getOutputCount(llvm::IRBuilderBase &builder, llvm::Value *values,
                              unsigned output) const;

private:
  class Emitter;
  void collect();
  llvm::Value *load(llvm::IRBuilderBase &builder, llvm::Value *values,
                    unsigned index) const;

  const LibraryPlan &plan;
  llvm::Function *emitted = nullptr;
  std::vector<std::string> texts;
  llvm::MapVector<mlir::AffineExpr, unsigned> expressions, works;
  bool workIsKnown = true;
  unsigned slotsAt = 0, totalAt = 0, countsAt = 0, totalWorkAt = 0, count = 0;
};

} // namespace upconv

#endif // UPCONV_LIB_TARGET_LIBRARY_EXTENTFUNCTION_H
