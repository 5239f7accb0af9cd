//===- Lowering.cpp - Builders that every layer's lowering shares ---------===//

#include "Lowering.h"

using namespace mlir;
using namespace upconv;

static keras::VariableAttr findVariable(Operation *layer, StringRef name) {
  auto weights = layer->getAttrOfType<ArrayAttr>("weights");
  if (weights)
    for (auto variable : weights.getAsRange<keras::VariableAttr>())
      if (variable.getName() == name)
        return variable;
  return {};
}

StringRef Lowering::variableKey(Operation *layer, StringRef variable) {
  keras::VariableAttr attr = findVariable(layer, variable);
  return attr ? attr.getSource() : StringRef();
}

Value Lowering::weights(Operation *layer, StringRef variable, StringRef role,
                        int64_t channelAxis, ArrayRef<int64_t> shape) {
  keras::VariableAttr attr = findVariable(layer, variable);
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  // Text that was written by hand may leave the variables out; the key is the
  // one that an importer would have chosen.
  std::string key =
      attr ? attr.getSource().str()
           : (keras::getLayerName(layer->getLoc()) + "/" + variable).str();
  return WeightsOp::create(builder, layer->getLoc(), type, key, role,
                           channelAxis, attr ? attr.getHash() : StringRef(),
                           /*folds=*/ArrayAttr(),
                           /*upsampled=*/DenseI64ArrayAttr(),
                           /*values=*/DenseF32ArrayAttr());
}

Value Lowering::constants(Location loc, StringRef role, ArrayRef<double> values,
                          ArrayRef<int64_t> shape) {
  SmallVector<float> rounded(values.begin(), values.end());
  return WeightsOp::create(
      builder, loc, RankedTensorType::get(shape, builder.getF32Type()),
      /*source=*/"", role, /*channel_axis=*/shape.size() - 1, /*hash=*/"",
      /*folds=*/ArrayAttr(), /*upsampled=*/DenseI64ArrayAttr(),
      builder.getDenseF32ArrayAttr(rounded));
}

Value Lowering::transpose(Location loc, Value value,
                          ArrayRef<int64_t> permutation) {
  Extents extents = getExtents(value.getType()), permuted;
  for (int64_t axis : permutation)
    permuted.push_back(extents[axis]);
  return TransposeOp::create(builder, loc, getTensorType(context(), permuted),
                             value, permutation);
}

Value Lowering::toChannelsLast(Location loc, Value value) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  SmallVector<int64_t> permutation = {0};
  for (int64_t axis = 2; axis < rank; ++axis)
    permutation.push_back(axis);
  permutation.push_back(1);
  return transpose(loc, value, permutation);
}

Value Lowering::toChannelsFirst(Location loc, Value value) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  SmallVector<int64_t> permutation = {0, rank - 1};
  for (int64_t axis = 1; axis < rank - 1; ++axis)
    permutation.push_back(axis);
  return transpose(loc, value, permutation);
}

Value Lowering::map(Location loc, ValueRange inputs,
                    ArrayRef<AffineExpr> extents, Body body) {
  auto op =
      MapOp::create(builder, loc, getTensorType(context(), extents), inputs);
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> types(inputs.size(), builder.getF32Type());
  SmallVector<Location> locations(inputs.size(), loc);
  Block *block = builder.createBlock(&op.getBody(), {}, types, locations);
  YieldOp::create(builder, loc, body(builder, loc, block->getArguments()));
  return op;
}

void Lowering::requirePositive(Location loc, AffineExpr extent,
                               const Twine &message) {
  // A known extent was checked when the layer's type was inferred.
  if (getConstant(extent) || isa<AffineSymbolExpr>(extent))
    return;
  RequireOp::create(builder, loc, "positive", getExtentMap(context(), {extent}),
                    message.str());
}

void Lowering::requireEqual(Location loc, AffineExpr left, AffineExpr right,
                            const Twine &message) {
  AffineMap extents = getExtentMap(context(), {left, right});
  if (extents.getResult(0) == extents.getResult(1))
    return;
  RequireOp::create(builder, loc, "equal", extents, message.str());
}
