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

// Views both: at inference no layer looks from one sample to another.
Value upconv::lowerWrapper(Lowering &lowering, Operation *layer) {
  auto view = [&](Extents extents) -> Value {
    return ReshapeOp::create(lowering.builder, layer->getLoc(),
                             getTensorType(lowering.context(), extents),
                             lowering.lowered(layer->getOperand(0)));
  };
  auto extentsOf = [&](Value value) {
    return getExtents(lowering.lowered(value).getType());
  };
  if (auto op = dyn_cast<keras::MergeStepsOp>(layer)) {
    Extents extents = extentsOf(op.getInput());
    extents[1] = getProduct(lowering.context(), {extents[0], extents[1]});
    extents.erase(extents.begin());
    return view(extents);
  }
  if (auto op = dyn_cast<keras::TimeDistributedOp>(layer)) {
    Extents extents = extentsOf(op.getSteps()), in = extentsOf(op.getInput());
    extents.front() = in[1];
    extents.insert(extents.begin(), in[0]);
    return view(extents);
  }
  return {};
}

Value upconv::lowerPermute(Lowering &lowering, keras::PermuteOp op) {
  SmallVector<int64_t> permutation = {0};
  llvm::append_range(permutation, op.getDims());
  return lowering.transpose(op.getLoc(), lowering.lowered(op.getInput()),
                            permutation);
}

// A map that broadcasts a new axis of size 1.
Value upconv::lowerRepeatVector(Lowering &lowering, keras::RepeatVectorOp op) {
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  Extents extents = getExtents(input.getType());
  extents.insert(extents.begin() + 1, lowering.constant(1));
  Value steps = ReshapeOp::create(
      lowering.builder, loc, getTensorType(lowering.context(), extents), input);
  extents[1] = lowering.constant(op.getN());
  return lowering.map(
      loc, steps, extents,
      [](OpBuilder &, Location, ValueRange in) { return in.front(); });
}

// The axis is only a view.
static Value reshaped(Lowering &lowering, Operation *op, Extents extents) {
  return ReshapeOp::create(lowering.builder, op->getLoc(),
                           getTensorType(lowering.context(), extents),
                           lowering.lowered(op->getOperand(0)));
}

Value upconv::lowerExpandDims(Lowering &lowering, keras::OpsExpandDimsOp op) {
  Extents extents = getExtents(lowering.lowered(op.getInput()).getType());
  int64_t axis = normalizeAxis(op.getAxis(), extents.size() + 1);
  extents.insert(extents.begin() + axis, lowering.constant(1));
  return reshaped(lowering, op, extents);
}

Value upconv::lowerSqueeze(Lowering &lowering, keras::OpsSqueezeOp op) {
  Extents extents = getExtents(lowering.lowered(op.getInput()).getType());
  SmallVector<int64_t> axes;
  for (int64_t axis : op.getAxis())
    axes.push_back(normalizeAxis(axis, extents.size()));
  llvm::sort(axes, std::greater<>());
  for (int64_t axis : axes) {
    lowering.requireEqual(op.getLoc(), extents[axis], lowering.constant(1),
                          "axis " + Twine(axis) + " of layer '" +
                              keras::getLayerName(op.getLoc()) +
                              "' must have size 1");
    extents.erase(extents.begin() + axis);
  }
  return reshaped(lowering, op, extents);
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
