//===- Normalization.cpp - Lowering of normalizations ---------------------===//

#include "Lowering.h"

#include <cmath>

using namespace mlir;
using namespace upconv;

// Variables of several axes have the input's rank already.
static Value lowerAlongAxes(Lowering &lowering,
                            keras::BatchNormalizationOp op) {
  Value input = lowering.lowered(op.getInput());
  Extents extents = getExtents(input.getType());
  SmallVector<int64_t> shape(extents.size(), 1);
  for (int64_t entry : op.getAxis()) {
    int64_t axis = normalizeAxis(entry, extents.size());
    shape[axis] = *getConstant(extents[axis]);
  }
  SmallVector<Value> inputs = {input};
  auto add = [&](StringRef variable, StringRef role) {
    inputs.push_back(
        lowering.weights(op, variable, role, shape.size() - 1, shape));
  };
  add("moving_mean", "shift");
  add("moving_variance", "scale");
  if (op.getScale())
    add("gamma", "scale");
  if (op.getCenter())
    add("beta", "shift");
  return lowering.map(op.getLoc(), inputs, extents,
                      [&](OpBuilder &builder, Location loc, ValueRange in) {
                        Scalars s(builder, loc);
                        double epsilon = op.getEpsilon().convertToDouble();
                        Value deviation =
                            s.unary("sqrt", s.add(in[2], s(epsilon)));
                        Value x = s.div(s.sub(in[0], in[1]), deviation);
                        if (op.getScale())
                          x = s.mul(x, in[3]);
                        return op.getCenter() ? s.add(x, in.back()) : x;
                      });
}

Value upconv::lowerBatchNormalization(Lowering &lowering,
                                      keras::BatchNormalizationOp op) {
  if (op.getAxis().size() > 1)
    return lowerAlongAxes(lowering, op);
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  int64_t rank = cast<RankedTensorType>(input.getType()).getRank();
  int64_t axis = normalizeAxis(op.getAxis().front(), rank);
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

// A list has one entry per element of the last axis.
Value upconv::lowerRescaling(Lowering &lowering, keras::RescalingOp op) {
  ArrayRef<double> scale = op.getScale(), offset = op.getOffset();
  SmallVector<Value> inputs = {lowering.lowered(op.getInput())};
  for (auto [role, values] : {std::pair("scale", scale), {"shift", offset}})
    if (values.size() > 1)
      inputs.push_back(lowering.constants(
          op.getLoc(), role, values, {static_cast<int64_t>(values.size())}));
  return lowering.map(
      op.getLoc(), inputs, getExtents(inputs.front().getType()),
      [&](OpBuilder &builder, Location loc, ValueRange in) {
        Scalars s(builder, loc);
        Value x = s.mul(in[0], scale.size() > 1 ? in[1] : s(scale.front()));
        if (offset.size() > 1)
          return s.add(x, in.back());
        return offset.front() == 0 ? x : s.add(x, s(offset.front()));
      });
}

// (x - mean) / deviation, or back.
static Value normalized(Scalars &s, Value x, Value mean, Value deviation,
                        bool invert) {
  return invert ? s.add(s.mul(x, deviation), mean)
                : s.div(s.sub(x, mean), deviation);
}

Value upconv::lowerNormalization(Lowering &lowering,
                                 keras::NormalizationOp op) {
  bool invert = op.getInvert();
  auto deviationOf = [](double variance) {
    return std::max(std::sqrt(variance), 1e-7);
  };
  auto given = op.getMean();
  if (given && given->size() == 1) {
    double deviation = deviationOf(op.getVariance()->front());
    return lowering.mapElements(op, [&](Scalars &s, Value x) {
      return normalized(s, x, s(given->front()), s(deviation), invert);
    });
  }
  // One value per element of the kept axes, broadcast over the others.
  Value input = lowering.lowered(op.getInput());
  Extents extents = getExtents(input.getType());
  SmallVector<int64_t> shape(extents.size(), 1);
  for (int64_t entry : op.getAxis()) {
    int64_t axis = normalizeAxis(entry, extents.size());
    shape[axis] = *getConstant(extents[axis]);
  }
  Value mean, deviation;
  if (given) {
    mean = lowering.constants(op.getLoc(), "shift", *given, shape);
    deviation = lowering.constants(
        op.getLoc(), "scale",
        llvm::map_to_vector(*op.getVariance(), deviationOf), shape);
  } else {
    mean = lowering.weights(op, "mean", "shift", 0, shape);
    deviation = lowering.weights(op, "variance", "scale", 0, shape);
  }
  return lowering.map(
      op.getLoc(), {input, mean, deviation}, extents,
      [&](OpBuilder &builder, Location loc, ValueRange in) {
        Scalars s(builder, loc);
        Value scale = given ? in[2] : s.max(s.unary("sqrt", in[2]), s(1e-7));
        return normalized(s, in[0], in[1], scale, invert);
      });
}
