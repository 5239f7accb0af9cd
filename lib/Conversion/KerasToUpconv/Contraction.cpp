//===- Contraction.cpp - Lowering of sums over axes -----------------------===//

#include "Movement.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace upconv;

static int64_t rankOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

static SmallVector<int64_t> normalizeAxes(ArrayRef<int64_t> axes,
                                          int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes)
    result.push_back(normalizeAxis(axis, rank));
  return result;
}

static Value lowerReduce(Lowering &lowering, keras::OpsReduceOp op) {
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  SmallVector<int64_t> axes = normalizeAxes(op.getAxis(), rankOf(input));
  StringRef kind = op.getFunction() == "prod" ? "product" : op.getFunction();
  Value result = reduce(lowering, loc, kind, input, axes);
  if (op.getKeepdims())
    return result;
  Extents kept;
  for (auto [axis, extent] : llvm::enumerate(getExtents(result.getType())))
    if (!llvm::is_contained(axes, axis))
      kept.push_back(extent);
  return reshape(lowering, loc, result, kept);
}

//===----------------------------------------------------------------------===//
// Products of two tensors
//===----------------------------------------------------------------------===//

// sum_k a[..., i, k] * b[..., j, k]; the axes in front broadcast.
static Value contract(Lowering &lowering, Location loc, Value a, Value b) {
  Extents left = getExtents(a.getType()), right = getExtents(b.getType());
  int64_t rank = left.size();
  Extents domain, wideLeft = left, wideRight = right;
  for (int64_t axis = 0; axis + 2 < rank; ++axis)
    domain.push_back(getConstant(left[axis]) == 1 ? right[axis] : left[axis]);
  domain.append(
      {left[rank - 2], right[rank - 2],
       getConstant(left[rank - 1]) ? left[rank - 1] : right[rank - 1]});
  wideLeft.insert(wideLeft.begin() + rank - 1, lowering.constant(1));
  wideRight.insert(wideRight.begin() + rank - 2, lowering.constant(1));
  Value result =
      reduce(lowering, loc, "sum",
             {reshape(lowering, loc, a, wideLeft),
              reshape(lowering, loc, b, wideRight)},
             domain, rank, [](OpBuilder &builder, Location loc, ValueRange in) {
               return Scalars(builder, loc).mul(in[0], in[1]);
             });
  domain.pop_back();
  return reshape(lowering, loc, result, domain);
}

static Value lowerMatmul(Lowering &lowering, keras::OpsMatmulOp op) {
  Location loc = op.getLoc();
  Value a = lowering.lowered(op.getInputs()[0]);
  Value b = lowering.lowered(op.getInputs()[1]);
  int64_t rank = rankOf(a);
  Extents left = getExtents(a.getType()), right = getExtents(b.getType());
  lowering.requireEqual(loc, left[rank - 1], right[rank - 2],
                        "the operands of layer '" + keras::getLayerName(loc) +
                            "' do not match");
  SmallVector<int64_t> swap = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(swap[rank - 2], swap[rank - 1]);
  return contract(lowering, loc, a, lowering.transpose(loc, b, swap));
}

// Divided by the L2 norm along `axis`.
static Value normalized(Lowering &lowering, Location loc, Value value,
                        int64_t axis) {
  Extents extents = getExtents(value.getType());
  Value squares = reduce(lowering, loc, "sum", value, extents, axis,
                         [](OpBuilder &builder, Location loc, ValueRange in) {
                           return Scalars(builder, loc).mul(in[0], in[0]);
                         });
  return lowering.map(
      loc, {value, squares}, extents,
      [](OpBuilder &builder, Location loc, ValueRange in) {
        Scalars scalars(builder, loc);
        return scalars.div(
            in[0], scalars.unary("sqrt", scalars.max(in[1], scalars(1e-12))));
      });
}

// (batch, other axes in one, contracted axis).
static Value asRows(Lowering &lowering, Location loc, Value value, int64_t axis,
                    Extents &others) {
  Extents extents = getExtents(value.getType());
  SmallVector<int64_t> permutation;
  for (int64_t d = 0; d < static_cast<int64_t>(extents.size()); ++d) {
    if (d == axis)
      continue;
    permutation.push_back(d);
    if (d > 0)
      others.push_back(extents[d]);
  }
  permutation.push_back(axis);
  Value moved = lowering.transpose(loc, value, permutation);
  return reshape(
      lowering, loc, moved,
      {extents[0], getProduct(lowering.context(), others), extents[axis]});
}

static Value lowerDot(Lowering &lowering, keras::DotOp op) {
  Location loc = op.getLoc();
  SmallVector<Value> rows;
  Extents others[2], sizes;
  for (int i = 0; i < 2; ++i) {
    Value value = lowering.lowered(op.getInputs()[i]);
    int64_t axis = normalizeAxis(op.getAxes()[i], rankOf(value));
    sizes.push_back(getExtents(value.getType())[axis]);
    if (op.getNormalize())
      value = normalized(lowering, loc, value, axis);
    rows.push_back(asRows(lowering, loc, value, axis, others[i]));
  }
  lowering.requireEqual(loc, sizes[0], sizes[1],
                        "the operands of layer '" + keras::getLayerName(loc) +
                            "' do not match");
  Value result = contract(lowering, loc, rows[0], rows[1]);
  Extents shape = {getExtents(result.getType()).front()};
  shape.append(others[0]);
  shape.append(others[1]);
  if (shape.size() == 1)
    shape.push_back(lowering.constant(1));
  return reshape(lowering, loc, result, shape);
}

Value upconv::lowerContraction(Lowering &lowering, Operation *layer) {
  return llvm::TypeSwitch<Operation *, Value>(layer)
      .Case([&](keras::OpsReduceOp op) { return lowerReduce(lowering, op); })
      .Case([&](keras::OpsMatmulOp op) { return lowerMatmul(lowering, op); })
      .Case([&](keras::DotOp op) { return lowerDot(lowering, op); })
      .Default([](Operation *) { return Value(); });
}
