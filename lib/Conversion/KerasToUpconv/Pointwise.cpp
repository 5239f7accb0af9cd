//===- Pointwise.cpp - Activations, normalization, merging ----------------===//

#include "Lowering.h"

using namespace mlir;
using namespace upconv;

static Value scalar(OpBuilder &builder, Location loc, double value) {
  return arith::ConstantOp::create(
      builder, loc, builder.getF32FloatAttr(static_cast<float>(value)));
}

static Value compare(OpBuilder &builder, Location loc,
                     arith::CmpFPredicate predicate, Value left, Value right) {
  return arith::CmpFOp::create(builder, loc, predicate, left, right);
}

static Value leakyReLU(OpBuilder &builder, Location loc, Value x,
                       double slope) {
  Value positive = compare(builder, loc, arith::CmpFPredicate::OGT, x,
                           scalar(builder, loc, 0));
  Value scaled =
      arith::MulFOp::create(builder, loc, x, scalar(builder, loc, slope));
  return arith::SelectOp::create(builder, loc, positive, x, scaled);
}

static Value sigmoid(OpBuilder &builder, Location loc, Value x) {
  Value one = scalar(builder, loc, 1);
  Value e =
      math::ExpOp::create(builder, loc, arith::NegFOp::create(builder, loc, x));
  return arith::DivFOp::create(builder, loc, one,
                               arith::AddFOp::create(builder, loc, one, e));
}

Value Lowering::activation(Location loc, StringRef name, Value value) {
  if (name == "linear")
    return value;
  if (name == "softmax")
    return softmax(loc, value,
                   cast<RankedTensorType>(value.getType()).getRank() - 1);
  return map(loc, value, getExtents(value.getType()),
             [&](OpBuilder &builder, Location loc, ValueRange in) -> Value {
               Value x = in.front();
               if (name == "relu")
                 return arith::MaximumFOp::create(builder, loc, x,
                                                  scalar(builder, loc, 0));
               // Keras's function has slope 0.2; its layer has 0.3.
               if (name == "leaky_relu")
                 return leakyReLU(builder, loc, x, 0.2);
               if (name == "sigmoid")
                 return sigmoid(builder, loc, x);
               assert(name == "tanh" && "checked by the keras verifier");
               return math::TanhOp::create(builder, loc, x);
             });
}

Value upconv::lowerLeakyReLU(Lowering &lowering, keras::LeakyReLUOp op) {
  Value input = lowering.lowered(op.getInput());
  double slope = op.getNegativeSlope().convertToDouble();
  return lowering.map(op.getLoc(), input, getExtents(input.getType()),
                      [&](OpBuilder &builder, Location loc, ValueRange in) {
                        return leakyReLU(builder, loc, in.front(), slope);
                      });
}

Value upconv::lowerReLU(Lowering &lowering, keras::ReLUOp op) {
  Value input = lowering.lowered(op.getInput());
  double slope = op.getNegativeSlope().convertToDouble();
  double threshold = op.getThreshold().convertToDouble();
  return lowering.map(
      op.getLoc(), input, getExtents(input.getType()),
      [&](OpBuilder &builder, Location loc, ValueRange in) -> Value {
        Value x = in.front(), result;
        if (slope == 0 && threshold == 0) {
          result = arith::MaximumFOp::create(builder, loc, x,
                                             scalar(builder, loc, 0));
        } else {
          Value limit = scalar(builder, loc, threshold);
          Value below = arith::MulFOp::create(
              builder, loc, arith::SubFOp::create(builder, loc, x, limit),
              scalar(builder, loc, slope));
          Value above =
              compare(builder, loc, arith::CmpFPredicate::OGT, x, limit);
          result = arith::SelectOp::create(builder, loc, above, x, below);
        }
        if (!op.getMaxValue())
          return result;
        Value ceiling =
            scalar(builder, loc, op.getMaxValue()->convertToDouble());
        return arith::MinimumFOp::create(builder, loc, result, ceiling);
      });
}

Value upconv::lowerBatchNormalization(Lowering &lowering,
                                      keras::BatchNormalizationOp op) {
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  int64_t rank = cast<RankedTensorType>(input.getType()).getRank();
  int64_t axis = normalizeAxis(op.getAxis(), rank);
  auto fold = FoldAttr::get(
      lowering.context(),
      op.getScale() ? lowering.variableKey(op, "gamma") : "",
      op.getCenter() ? lowering.variableKey(op, "beta") : "",
      lowering.variableKey(op, "moving_mean"),
      lowering.variableKey(op, "moving_variance"), op.getEpsilonAttr());

  // channels_first means the whole rotation, so that it cancels against the
  // neighbouring convolutions'; any other axis is swapped with the last.
  bool rotate = axis == 1 && rank > 2;
  SmallVector<int64_t> swap = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(swap[axis], swap[rank - 1]);
  Value moved = rotate             ? lowering.toChannelsLast(loc, input)
                : axis != rank - 1 ? lowering.transpose(loc, input, swap)
                                   : input;
  Value result =
      BatchNormOp::create(lowering.builder, loc, moved.getType(), moved, fold);
  return rotate             ? lowering.toChannelsFirst(loc, result)
         : axis != rank - 1 ? lowering.transpose(loc, result, swap)
                            : result;
}

// Keras aligns a lower rank by axes of size 1 after the batch axis.
static Value withRank(Lowering &lowering, Location loc, Value value,
                      size_t rank) {
  Extents extents = getExtents(value.getType());
  if (extents.size() == rank)
    return value;
  extents.insert(extents.begin() + 1, rank - extents.size(),
                 lowering.constant(1));
  return ReshapeOp::create(lowering.builder, loc,
                           getTensorType(lowering.context(), extents), value);
}

Value upconv::lowerAdd(Lowering &lowering, keras::AddOp op) {
  Location loc = op.getLoc();
  size_t rank = 0;
  for (Value input : op.getInputs())
    rank = std::max<size_t>(rank,
                            cast<RankedTensorType>(input.getType()).getRank());

  SmallVector<Value> inputs;
  Extents result(rank, lowering.constant(1));
  for (Value input : op.getInputs()) {
    inputs.push_back(withRank(lowering, loc, lowering.lowered(input), rank));
    for (auto [axis, extent] :
         llvm::enumerate(getExtents(inputs.back().getType()))) {
      if (getConstant(extent) == 1)
        continue;
      if (getConstant(result[axis]) == 1)
        result[axis] = extent;
      lowering.requireEqual(loc, result[axis], extent,
                            "the operands of layer '" +
                                keras::getLayerName(loc) +
                                "' differ in size on axis " + Twine(axis));
      // A known size says more than an expression that must equal it.
      if (getConstant(extent))
        result[axis] = extent;
    }
  }
  return lowering.map(loc, inputs, result,
                      [](OpBuilder &builder, Location loc, ValueRange in) {
                        Value sum = in.front();
                        for (Value next : in.drop_front())
                          sum = arith::AddFOp::create(builder, loc, sum, next);
                        return sum;
                      });
}
