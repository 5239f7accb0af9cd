//===- Lowering.h - Shared state of the keras to upconv conversion --------===//
//
// One Lowering per function: the run-time extents, the values already lowered,
// and the few builders that every layer needs. The layers themselves are in
// files of their families.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_CONVERSION_KERASTOUPCONV_LOWERING_H
#define UPCONV_LIB_CONVERSION_KERASTOUPCONV_LOWERING_H

#include "Scalars.h"

#include "upconv/Dialect/Keras/IR/KerasOps.h"
#include "upconv/Dialect/Keras/IR/LayerLocation.h"
#include "upconv/Dialect/Upconv/IR/UpconvOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace upconv {

using Extents = llvm::SmallVector<mlir::AffineExpr>;

/// Keras counts a negative axis from the end.
inline int64_t normalizeAxis(int64_t axis, int64_t rank) {
  return axis < 0 ? axis + rank : axis;
}

class Lowering {
public:
  Lowering(mlir::OpBuilder &builder) : builder(builder) {}

  mlir::OpBuilder &builder;
  mlir::IRMapping values;

  mlir::MLIRContext *context() const { return builder.getContext(); }
  mlir::Value lowered(mlir::Value value) const { return values.lookup(value); }
  mlir::AffineExpr constant(int64_t value) const {
    return mlir::getAffineConstantExpr(value, context());
  }

  /// The weights op of a layer's variable, reinterpreted as `shape` (same
  /// number of elements) with its output channels on `channelAxis`.
  mlir::Value weights(mlir::Operation *layer, llvm::StringRef variable,
                      llvm::StringRef role, int64_t channelAxis,
                      llvm::ArrayRef<int64_t> shape);
  /// Numbers that the layer's arguments say, rounded to float32.
  mlir::Value constants(mlir::Location loc, llvm::StringRef role,
                        llvm::ArrayRef<double> values,
                        llvm::ArrayRef<int64_t> shape);
  /// The weight-store key of a layer's variable, or "" if it has none.
  llvm::StringRef variableKey(mlir::Operation *layer, llvm::StringRef variable);

  /// Moves the channels of a channels_first tensor last, and back.
  mlir::Value toChannelsLast(mlir::Location loc, mlir::Value value);
  mlir::Value toChannelsFirst(mlir::Location loc, mlir::Value value);
  mlir::Value transpose(mlir::Location loc, mlir::Value value,
                        llvm::ArrayRef<int64_t> permutation);

  /// A map over `inputs` with a result of `extents`.
  using Body = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location,
                                              mlir::ValueRange)>;
  mlir::Value map(mlir::Location loc, mlir::ValueRange inputs,
                  llvm::ArrayRef<mlir::AffineExpr> extents, Body body);

  /// A map of one input, element by element.
  mlir::Value
  mapElements(mlir::Location loc, mlir::Value input,
              llvm::function_ref<mlir::Value(Scalars &, mlir::Value)> function);
  /// The same of a layer's first operand.
  mlir::Value mapElements(
      mlir::Operation *layer,
      llvm::function_ref<mlir::Value(Scalars &, mlir::Value)> function) {
    return mapElements(layer->getLoc(), lowered(layer->getOperand(0)),
                       function);
  }

  /// Keras's activation function `name` of `value`; softmax is over the last
  /// axis. Null for one that has no lowering.
  mlir::Value activation(mlir::Location loc, llvm::StringRef name,
                         mlir::Value value);

  /// Softmax over `axes` together.
  mlir::Value softmax(mlir::Location loc, mlir::Value value,
                      llvm::ArrayRef<int64_t> axes);

  /// A run-time check unless the condition is known to hold.
  void requirePositive(mlir::Location loc, mlir::AffineExpr extent,
                       const llvm::Twine &message);
  void requireEqual(mlir::Location loc, mlir::AffineExpr left,
                    mlir::AffineExpr right, const llvm::Twine &message);
};

/// One function per layer family: lower `layer` and return its value, null if
/// it is of another family or has no lowering.
mlir::Value lowerActivation(Lowering &lowering, mlir::Operation *layer);
mlir::Value lowerMerging(Lowering &lowering, mlir::Operation *layer);
mlir::Value lowerSlicing(Lowering &lowering, mlir::Operation *layer);
mlir::Value lowerContraction(Lowering &lowering, mlir::Operation *layer);
mlir::Value lowerWrapper(Lowering &lowering, mlir::Operation *layer);
mlir::Value lowerAdaptivePooling(Lowering &lowering, mlir::Operation *layer);
mlir::Value lowerStatistics(Lowering &lowering, mlir::Operation *layer);
mlir::Value lowerResampling(Lowering &lowering, mlir::Operation *layer);
mlir::Value lowerDepthwise(Lowering &lowering, mlir::Operation *layer);
mlir::Value lowerConvTranspose(Lowering &lowering, mlir::Operation *layer);
mlir::Value lowerConv(Lowering &lowering, mlir::Operation *layer);
mlir::Value lowerDense(Lowering &lowering, keras::DenseOp layer);
mlir::Value lowerPooling(Lowering &lowering, mlir::Operation *layer,
                         bool isMax);
mlir::Value lowerBatchNormalization(Lowering &lowering,
                                    keras::BatchNormalizationOp layer);
mlir::Value lowerBinary(Lowering &lowering, keras::OpsBinaryOp op);
mlir::Value lowerReshape(Lowering &lowering, keras::ReshapeOp layer);
mlir::Value lowerPermute(Lowering &lowering, keras::PermuteOp layer);
mlir::Value lowerRepeatVector(Lowering &lowering, keras::RepeatVectorOp layer);
mlir::Value lowerExpandDims(Lowering &lowering, keras::OpsExpandDimsOp op);
mlir::Value lowerSqueeze(Lowering &lowering, keras::OpsSqueezeOp op);
mlir::Value lowerRescaling(Lowering &lowering, keras::RescalingOp layer);
mlir::Value lowerNormalization(Lowering &lowering,
                               keras::NormalizationOp layer);
mlir::Value lowerFlatten(Lowering &lowering, keras::FlattenOp layer);

} // namespace upconv

#endif // UPCONV_LIB_CONVERSION_KERASTOUPCONV_LOWERING_H
