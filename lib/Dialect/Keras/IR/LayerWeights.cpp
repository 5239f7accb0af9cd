//===- LayerWeights.cpp - Bound variables against a layer's specs ---------===//

#include "ShapeInference.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv::keras;

LogicalResult upconv::keras::detail::verifyLayerWeights(Operation *op) {
  auto layerOp = cast<LayerOpInterface>(op);
  ArrayAttr weights = layerOp.getLayerWeights();
  if (!weights || weights.empty())
    return success();
  LayerContext layer{op->getLoc(), layerOp.getLayerClass()};
  SmallVector<VariableSpec> specs = layerOp.getVariableSpecs();
  if (weights.size() != specs.size())
    return layer.error() << "the layer has " << specs.size()
                         << " variables, but 'weights' holds "
                         << weights.size();
  bool valid = true;
  for (auto [attribute, spec] : llvm::zip(weights, specs)) {
    auto variable = dyn_cast<VariableAttr>(attribute);
    if (!variable)
      return layer.error() << "'weights' must hold variables, got "
                           << attribute;
    if (variable.getName() != spec.name) {
      layer.error() << "'weights' must name '" << spec.name << "' here, got '"
                    << variable.getName() << "'";
      valid = false;
    } else if (variable.getType().getShape() != ArrayRef(spec.shape) ||
               !variable.getType().getElementType().isF32()) {
      layer.error() << "variable '" << spec.name
                    << "' must be float32 of shape " << formatShape(spec.shape)
                    << ", got " << variable.getType();
      valid = false;
    }
  }
  return success(valid);
}
