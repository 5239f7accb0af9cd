//===- Evaluator.h - The float64 meaning of the keras dialect -------------===//
//
// Slow and obvious: one loop nest per layer, written from Keras's definitions,
// sharing no code with the lowering. The second of the project's three
// witnesses (docs/RationaleNumerics.md).
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_REFERENCE_EVALUATOR_H
#define UPCONV_REFERENCE_EVALUATOR_H

#include "upconv/Support/Tensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <vector>

namespace upconv::reference {

/// Runs `function` (keras dialect) on `inputs`, whose shapes must agree with
/// the argument types where those are known. Weights come from `store`. Returns
/// the function's results; on failure a diagnostic has been emitted.
mlir::FailureOr<std::vector<Tensor64>>
evaluate(mlir::func::FuncOp function, const WeightStore &store,
         llvm::ArrayRef<Tensor64> inputs);

} // namespace upconv::reference

#endif // UPCONV_REFERENCE_EVALUATOR_H
