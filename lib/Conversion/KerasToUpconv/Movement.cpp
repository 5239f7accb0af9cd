//===- Movement.cpp - Builders that move, resample and reduce -------------===//

#include "Movement.h"

using namespace mlir;
using namespace upconv;

SmallVector<AxisIndex> upconv::identityIndices(Value value) {
  SmallVector<AxisIndex> indices;
  AffineExpr zero = getAffineConstantExpr(0, value.getContext());
  for (AffineExpr extent : getExtents(value.getType()))
    indices.push_back({extent, zero});
  return indices;
}

Value upconv::reindex(Lowering &lowering, Location loc, Value value,
                      ArrayRef<AxisIndex> indices, StringRef border,
                      double fill) {
  OpBuilder &builder = lowering.builder;
  Extents extents, starts;
  SmallVector<int64_t> steps, repeats;
  for (const AxisIndex &index : indices) {
    extents.push_back(index.extent);
    starts.push_back(index.start);
    steps.push_back(index.step);
    repeats.push_back(index.repeat);
  }
  return ReindexOp::create(builder, loc,
                           getTensorType(lowering.context(), extents), value,
                           getExtentMap(lowering.context(), starts), steps,
                           repeats, border, APFloat(static_cast<float>(fill)));
}

Value upconv::concat(Lowering &lowering, Location loc, ValueRange parts,
                     int64_t axis) {
  Extents extents = getExtents(parts.front().getType());
  for (Value part : parts.drop_front())
    extents[axis] = extents[axis] + getExtents(part.getType())[axis];
  return ConcatOp::create(lowering.builder, loc,
                          getTensorType(lowering.context(), extents), parts,
                          axis, LayoutAttr(), IntegerAttr());
}

Value upconv::reshape(Lowering &lowering, Location loc, Value value,
                      ArrayRef<AffineExpr> extents) {
  return ReshapeOp::create(lowering.builder, loc,
                           getTensorType(lowering.context(), extents), value);
}

Value upconv::reduce(Lowering &lowering, Location loc, StringRef kind,
                     ValueRange inputs, ArrayRef<AffineExpr> domain,
                     int64_t axis, Lowering::Body body) {
  OpBuilder &builder = lowering.builder;
  Extents extents(domain);
  extents[axis] = lowering.constant(1);
  auto op =
      ReduceOp::create(builder, loc, getTensorType(lowering.context(), extents),
                       inputs, kind, static_cast<uint64_t>(axis));
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> types(inputs.size(), builder.getF32Type());
  SmallVector<Location> locations(inputs.size(), loc);
  Block *block = builder.createBlock(&op.getBody(), {}, types, locations);
  YieldOp::create(builder, loc, body(builder, loc, block->getArguments()));
  return op;
}

Value upconv::reduce(Lowering &lowering, Location loc, StringRef kind,
                     Value value, ArrayRef<int64_t> axes) {
  SmallVector<int64_t> sorted(axes);
  llvm::sort(sorted, std::greater<>());
  for (int64_t axis : sorted)
    value =
        reduce(lowering, loc, kind, value, getExtents(value.getType()), axis,
               [](OpBuilder &, Location, ValueRange in) { return in.front(); });
  return value;
}
