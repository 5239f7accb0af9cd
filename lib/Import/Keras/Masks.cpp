//===- Masks.cpp - Where Keras would leave steps out ----------------------===//

#include "Masks.h"

#include "upconv/Dialect/Keras/IR/KerasOps.h"
#include "upconv/Dialect/Keras/IR/LayerLocation.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace upconv::keras;
using namespace upconv::keras_import;

/// Layers whose result depends on the mask of their input.
static bool readsMask(Operation *op) {
  return isa<SoftmaxOp, GlobalAveragePooling1DOp>(op);
}

static bool makesMask(Operation *op) {
  auto embedding = dyn_cast<EmbeddingOp>(op);
  return isa<MaskingOp>(op) || (embedding && embedding.getMaskZero());
}

/// Layers that hand the mask of an input on; at the others it ends, and Keras
/// only warns.
static bool passesMask(Operation *op) {
  if (op->hasTrait<IdentityAtInference>())
    return !cast<LayerOpInterface>(op).getLayerClass().starts_with("Random");
  return isa<ActivationOp, ReLUOp, LeakyReLUOp, ELUOp, PReLUOp, SoftmaxOp,
             AddOp, SubtractOp, MultiplyOp, AverageOp, MaximumOp, MinimumOp,
             ConcatenateOp, BatchNormalizationOp, LayerNormalizationOp,
             GroupNormalizationOp, UnitNormalizationOp, NormalizationOp,
             RescalingOp, DenseOp, MergeStepsOp, TimeDistributedOp>(op);
}

void upconv::keras_import::checkMasks(ModuleOp module, Reporter &reporter) {
  llvm::DenseSet<Value> masked;
  module.walk([&](LayerOpInterface layer) {
    Operation *op = layer;
    bool isMasked = llvm::any_of(op->getOperands(), [&](Value operand) {
      return masked.contains(operand);
    });
    if (isMasked && readsMask(op)) {
      reporter.unsupported(getArgumentLocation(op->getLoc(), ""))
          << "layer '" << getLayerName(op->getLoc()) << "' ("
          << layer.getLayerClass()
          << "): a mask from an earlier layer reaches it, which would leave "
             "steps out; masks are not supported";
      return;
    }
    if (makesMask(op) || (isMasked && passesMask(op)))
      masked.insert(op->getResult(0));
  });
}
