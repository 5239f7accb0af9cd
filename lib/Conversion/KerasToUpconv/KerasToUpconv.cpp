//===- KerasToUpconv.cpp - The conversion pass ----------------------------===//
//
// Walks a function of layers in order and builds the same function over upconv
// operations. Types change (None becomes an expression over the run-time
// extents), so this is a translation with a value map, not a pattern set.
//
//===----------------------------------------------------------------------===//

#include "upconv/Conversion/Passes.h"

#include "Lowering.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace upconv {
#define GEN_PASS_DEF_CONVERTKERASTOUPCONV
#include "upconv/Conversion/Passes.h.inc"
} // namespace upconv

using namespace mlir;
using namespace upconv;

static Value lowerLayer(Lowering &lowering, Operation *layer) {
  if (layer->hasTrait<keras::IdentityAtInference>())
    return lowering.lowered(layer->getOperand(0));
  for (auto lowerFamily : {lowerActivation, lowerMerging, lowerSlicing,
                           lowerContraction, lowerStatistics, lowerResampling,
                           lowerDepthwise, lowerAdaptivePooling, lowerWrapper})
    if (Value value = lowerFamily(lowering, layer))
      return value;
  return llvm::TypeSwitch<Operation *, Value>(layer)
      .Case<keras::Conv1DTransposeOp, keras::Conv2DTransposeOp,
            keras::Conv3DTransposeOp>(
          [&](auto op) { return lowerConvTranspose(lowering, op); })
      .Case<keras::Conv1DOp, keras::Conv2DOp, keras::Conv3DOp>(
          [&](auto op) { return lowerConv(lowering, op); })
      .Case<keras::MaxPooling1DOp, keras::MaxPooling2DOp,
            keras::MaxPooling3DOp>(
          [&](auto op) { return lowerPooling(lowering, op, /*isMax=*/true); })
      .Case<keras::AveragePooling1DOp, keras::AveragePooling2DOp,
            keras::AveragePooling3DOp>(
          [&](auto op) { return lowerPooling(lowering, op, /*isMax=*/false); })
      .Case([&](keras::DenseOp op) { return lowerDense(lowering, op); })
      .Case([&](keras::ReshapeOp op) { return lowerReshape(lowering, op); })
      .Case([&](keras::FlattenOp op) { return lowerFlatten(lowering, op); })
      .Case([&](keras::BatchNormalizationOp op) {
        return lowerBatchNormalization(lowering, op);
      })
      .Case([&](keras::PermuteOp op) { return lowerPermute(lowering, op); })
      .Case([&](keras::RepeatVectorOp op) {
        return lowerRepeatVector(lowering, op);
      })
      .Case([&](keras::RescalingOp op) { return lowerRescaling(lowering, op); })
      .Case([&](keras::NormalizationOp op) {
        return lowerNormalization(lowering, op);
      })
      .Case([&](keras::OpsExpandDimsOp op) {
        return lowerExpandDims(lowering, op);
      })
      .Case([&](keras::OpsSqueezeOp op) { return lowerSqueeze(lowering, op); })
      .Case([&](keras::OpsBinaryOp op) { return lowerBinary(lowering, op); })
      .Default([](Operation *) { return Value(); });
}

static LogicalResult lowerFunction(func::FuncOp function) {
  MLIRContext *context = function.getContext();
  Block &body = function.getBody().front();
  OpBuilder builder(context);
  Lowering lowering(builder);

  // Each unknown dimension of an argument is a run-time extent of its own.
  SmallVector<Attribute> extents;
  SmallVector<Type> argumentTypes;
  for (BlockArgument argument : body.getArguments()) {
    Extents shape;
    for (auto [axis, size] : llvm::enumerate(
             cast<RankedTensorType>(argument.getType()).getShape())) {
      if (!ShapedType::isDynamic(size)) {
        shape.push_back(lowering.constant(size));
        continue;
      }
      shape.push_back(getAffineSymbolExpr(extents.size(), context));
      extents.push_back(builder.getDenseI64ArrayAttr(
          {static_cast<int64_t>(argument.getArgNumber()),
           static_cast<int64_t>(axis)}));
    }
    argumentTypes.push_back(getTensorType(context, shape));
  }

  auto *newBody = new Block;
  for (auto [argument, type] : llvm::zip(body.getArguments(), argumentTypes))
    lowering.values.map(argument,
                        newBody->addArgument(type, argument.getLoc()));
  builder.setInsertionPointToEnd(newBody);

  SmallVector<Type> resultTypes;
  for (Operation &op : body) {
    if (auto returnOp = dyn_cast<func::ReturnOp>(op)) {
      SmallVector<Value> results;
      for (Value operand : returnOp.getOperands())
        results.push_back(lowering.lowered(operand));
      resultTypes = llvm::to_vector(ValueRange(results).getTypes());
      func::ReturnOp::create(builder, op.getLoc(), results);
      break;
    }
    Value value = lowerLayer(lowering, &op);
    if (!value) {
      delete newBody;
      return keras::emitLayerError(
                 op.getLoc(), cast<keras::LayerOpInterface>(op).getLayerClass())
             << "these arguments are not supported yet";
    }
    lowering.values.map(op.getResult(0), value);
  }

  function.getBody().getBlocks().clear();
  function.getBody().push_back(newBody);
  function.setFunctionType(
      FunctionType::get(context, argumentTypes, resultTypes));
  function->setAttr("upconv.extents", builder.getArrayAttr(extents));
  return success();
}

namespace {
struct ConvertKerasToUpconv
    : upconv::impl::ConvertKerasToUpconvBase<ConvertKerasToUpconv> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(lowerFunction(function)))
        return signalPassFailure();
  }
};
} // namespace
