//===- Graph.h - A plan to IR ---------------------------------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_GRAPH_H
#define UPCONV_LIB_IMPORT_KERAS_GRAPH_H

#include "LayerPlan.h"

namespace upconv::keras_import {

/// An op and the layer whose call it is.
struct LayerOp {
  mlir::Operation *op;
  const LayerPlan *plan;
};

/// Builds the model's function in a new module. A layer that cannot be built is
/// reported and its consumers are checked as far as their arguments go; the
/// module is complete only if `reporter` is still clean.
mlir::OwningOpRef<mlir::ModuleOp> buildGraph(const ModelPlan &plan,
                                             llvm::StringRef source,
                                             Reporter &reporter,
                                             std::vector<LayerOp> &layerOps);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_GRAPH_H
