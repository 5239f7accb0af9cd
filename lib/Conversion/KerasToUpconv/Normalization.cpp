//===- Normalization.cpp - Lowering of normalizations ---------------------===//

#include "Lowering.h"

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
