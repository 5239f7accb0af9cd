//===- DropUnitAxes.cpp - Spatial axes that hold one position -------------===//
//
// A 1-D layer spelled as a 2-D one (expand_dims, Conv2DTranspose((k, 1), (s,
// 1)), squeeze) becomes the 1-D operation between two reshapes, which meet the
// layer's own and vanish.
//
//===----------------------------------------------------------------------===//

#include "upconv/Dialect/Upconv/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

namespace upconv {
#define GEN_PASS_DEF_DROPUNITAXES
#include "upconv/Dialect/Upconv/Transforms/Passes.h.inc"
} // namespace upconv

using namespace mlir;
using namespace upconv;

namespace {

// The spatial axes that stay.
class KeptAxes {
public:
  // `isTrivial(axis)`: along it the operation reads one element as it is.
  template <typename OpTy, typename IsTrivial>
  KeptAxes(OpTy op, IsTrivial isTrivial)
      : in(getExtents(op.getInput().getType())), out(getExtents(op.getType())) {
    for (size_t axis = 0; axis + 2 < in.size(); ++axis)
      if (getConstant(in[axis + 1]) != 1 || getConstant(out[axis + 1]) != 1 ||
          !isTrivial(axis))
        kept.push_back(axis);
    // One axis is what the strategies are written for; none is a product.
    if (kept.empty() && in.size() > 2)
      kept.push_back(0);
  }

  bool all() const { return kept.size() + 2 == in.size(); }

  template <typename T> SmallVector<T> select(ArrayRef<T> perAxis) const {
    SmallVector<T> selected;
    for (size_t axis : kept)
      selected.push_back(perAxis[axis]);
    return selected;
  }
  // Without the dropped axes of [batch, spatial..., channels].
  SmallVector<AffineExpr> reduced(ArrayRef<AffineExpr> extents) const {
    SmallVector<AffineExpr> result = {extents.front()};
    for (size_t axis : kept)
      result.push_back(extents[axis + 1]);
    result.push_back(extents.back());
    return result;
  }
  // Of weights [spatial..., a, b].
  SmallVector<int64_t> reducedKernel(ArrayRef<int64_t> shape) const {
    SmallVector<int64_t> result = select(shape.drop_back(2));
    llvm::append_range(result, shape.take_back(2));
    return result;
  }

  SmallVector<AffineExpr> in, out;
  SmallVector<size_t> kept;
};

} // namespace

static Value reshape(OpBuilder &builder, Location loc, Value value,
                     ArrayRef<AffineExpr> extents) {
  return ReshapeOp::create(builder, loc,
                           getTensorType(builder.getContext(), extents), value);
}

// The same variable under a shape with fewer axes of size 1.
static Value reducedWeights(OpBuilder &builder, WeightsOp weights,
                            const KeptAxes &axes) {
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(weights.getType()).getShape();
  SmallVector<int64_t> reduced = axes.reducedKernel(shape);
  int64_t dropped = shape.size() - reduced.size();
  auto clone = cast<WeightsOp>(builder.clone(*weights));
  clone.setChannelAxis(weights.getChannelAxis() - dropped);
  clone.getOutput().setType(
      RankedTensorType::get(reduced, builder.getF32Type()));
  return clone;
}

template <typename OpTy, typename Build>
static void rewrite(OpTy op, const KeptAxes &axes, Build build) {
  auto weights = op.getWeights().template getDefiningOp<WeightsOp>();
  if (axes.all() || !weights || weights.getUpsampled())
    return;
  OpBuilder builder(op);
  Location loc = op.getLoc();
  Value input = reshape(builder, loc, op.getInput(), axes.reduced(axes.in));
  Value kernel = reducedWeights(builder, weights, axes);
  Type type = getTensorType(builder.getContext(), axes.reduced(axes.out));
  Value result = build(builder, loc, type, input, kernel);
  op.replaceAllUsesWith(reshape(builder, loc, result, axes.out));
  op.erase();
}

static void dropAxes(ConvTransposeOp op) {
  auto kernel = cast<RankedTensorType>(op.getWeights().getType()).getShape();
  KeptAxes axes(op, [&](size_t axis) {
    return kernel[axis] == 1 && op.getStrides()[axis] == 1 &&
           op.getCropLow()[axis] == 0;
  });
  rewrite(op, axes,
          [&](OpBuilder &builder, Location loc, Type type, Value input,
              Value weights) -> Value {
            return ConvTransposeOp::create(
                builder, loc, type, input, weights, op.getBias(),
                axes.select(op.getStrides()), axes.select(op.getDilations()),
                axes.select(op.getCropLow()));
          });
}

static void dropAxes(ConvOp op) {
  auto kernel = cast<RankedTensorType>(op.getWeights().getType()).getShape();
  KeptAxes axes(op, [&](size_t axis) {
    return kernel[axis] == 1 &&
           getConstant(op.getPadLow().getResult(axis)) == 0;
  });
  rewrite(op, axes,
          [&](OpBuilder &builder, Location loc, Type type, Value input,
              Value weights) -> Value {
            SmallVector<AffineExpr> pads =
                axes.select(op.getPadLow().getResults());
            return ConvOp::create(
                builder, loc, type, input, weights, op.getBias(),
                axes.select(op.getStrides()), axes.select(op.getDilations()),
                getExtentMap(op.getContext(), pads), op.getGroups());
          });
}

namespace {
struct DropUnitAxes : upconv::impl::DropUnitAxesBase<DropUnitAxes> {
  void runOnOperation() override {
    SmallVector<Operation *> operations;
    getOperation().walk([&](Operation *op) {
      if (isa<ConvOp, ConvTransposeOp>(op))
        operations.push_back(op);
    });
    for (Operation *op : operations) {
      if (auto conv = dyn_cast<ConvOp>(op))
        dropAxes(conv);
      else
        dropAxes(cast<ConvTransposeOp>(op));
    }
  }
};
} // namespace
