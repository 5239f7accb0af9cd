//===- Normalization.cpp - Lowering of normalizations ---------------------===//

#include "Lowering.h"

#include <cmath>

using namespace mlir;
using namespace upconv;

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

// One number each; a list would need constants that no weights file holds.
Value upconv::lowerRescaling(Lowering &lowering, keras::RescalingOp op) {
  if (op.getScale().size() != 1 || op.getOffset().size() != 1)
    return {};
  double scale = op.getScale().front(), offset = op.getOffset().front();
  return lowering.mapElements(op, [&](Scalars &s, Value x) {
    Value scaled = s.mul(x, s(scale));
    return offset == 0 ? scaled : s.add(scaled, s(offset));
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
  if (auto mean = op.getMean()) {
    if (mean->size() != 1)
      return {};
    double deviation = std::max(std::sqrt(op.getVariance()->front()), 1e-7);
    return lowering.mapElements(op, [&](Scalars &s, Value x) {
      return normalized(s, x, s(mean->front()), s(deviation), invert);
    });
  }
  // Variables over the kept axes, broadcast over the others.
  Value input = lowering.lowered(op.getInput());
  Extents extents = getExtents(input.getType());
  SmallVector<int64_t> shape(extents.size(), 1);
  for (int64_t entry : op.getAxis()) {
    int64_t axis = normalizeAxis(entry, extents.size());
    shape[axis] = *getConstant(extents[axis]);
  }
  Value mean = lowering.weights(op, "mean", "shift", 0, shape);
  Value variance = lowering.weights(op, "variance", "scale", 0, shape);
  return lowering.map(op.getLoc(), {input, mean, variance}, extents,
                      [&](OpBuilder &builder, Location loc, ValueRange in) {
                        Scalars s(builder, loc);
                        Value deviation =
                            s.max(s.unary("sqrt", in[2]), s(1e-7));
                        return normalized(s, in[0], in[1], deviation, invert);
                      });
}
