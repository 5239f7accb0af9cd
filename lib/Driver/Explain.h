//===- Explain.h - Where Keras's back ends disagree on a model ------------===//

#ifndef UPCONV_LIB_DRIVER_EXPLAIN_H
#define UPCONV_LIB_DRIVER_EXPLAIN_H

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace upconv {

struct BackEndNote {
  std::string layer, note;
};

/// What TensorFlow, JAX and torch would make differently, or refuse, layer by
/// layer, of a module in the keras dialect.
std::vector<BackEndNote> explainBackEnds(mlir::ModuleOp model);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_EXPLAIN_H
