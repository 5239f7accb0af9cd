//===- Shape.cpp - Reshape and Flatten ------------------------------------===//

#include "Lowering.h"

using namespace mlir;
using namespace upconv;

Value upconv::lowerReshape(Lowering &lowering, keras::ReshapeOp op) {
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  Extents in = getExtents(input.getType()), out = {in.front()};
  AffineExpr elements =
      getProduct(lowering.context(), ArrayRef(in).drop_front());

  int64_t known = 1;
  for (int64_t size : op.getTargetShape())
    known *= size == -1 ? 1 : size;
  for (int64_t size : op.getTargetShape())
    out.push_back(size == -1 ? elements.floorDiv(known)
                             : lowering.constant(size));
  lowering.requireEqual(
      loc, elements, getProduct(lowering.context(), ArrayRef(out).drop_front()),
      "the elements of layer '" + keras::getLayerName(loc) +
          "' do not fill its target shape");
  return ReshapeOp::create(lowering.builder, loc,
                           getTensorType(lowering.context(), out), input);
}

Value upconv::lowerFlatten(Lowering &lowering, keras::FlattenOp op) {
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  int64_t rank = cast<RankedTensorType>(input.getType()).getRank();
  if (op.getDataFormat() == "channels_first" && rank > 2)
    input = lowering.toChannelsLast(loc, input);
  Extents in = getExtents(input.getType());
  AffineExpr elements =
      getProduct(lowering.context(), ArrayRef(in).drop_front());
  return ReshapeOp::create(
      lowering.builder, loc,
      getTensorType(lowering.context(), {in.front(), elements}), input);
}
