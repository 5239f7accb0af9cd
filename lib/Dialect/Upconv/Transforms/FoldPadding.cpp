//===- FoldPadding.cpp - Explicit zero padding into convolutions ----------===//
//
//     %p = upconv.reindex %x border "fill" 0       %y = upconv.conv %x
//     %y = upconv.conv %p pad_low 0           -->       pad_low (the padding)
//
//===----------------------------------------------------------------------===//

#include "upconv/Dialect/Upconv/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

namespace upconv {
#define GEN_PASS_DEF_FOLDPADDING
#include "upconv/Dialect/Upconv/Transforms/Passes.h.inc"
} // namespace upconv

using namespace mlir;
using namespace upconv;

static bool isOne(int64_t value) { return value == 1; }

// Zeros before and after each dimension; nothing if the operation does anything
// else.
static std::optional<SmallVector<std::pair<int64_t, int64_t>>>
zerosOf(ReindexOp op) {
  if (op.getBorder() != "fill" || !op.getFill().isZero() ||
      !llvm::all_of(op.getSteps(), isOne) ||
      !llvm::all_of(op.getRepeats(), isOne))
    return std::nullopt;
  SmallVector<std::pair<int64_t, int64_t>> zeros;
  for (auto [start, in, out] : llvm::zip(op.getStarts().getResults(),
                                         getExtents(op.getInput().getType()),
                                         getExtents(op.getType()))) {
    std::optional<int64_t> low = getConstant(start);
    std::optional<int64_t> all = getConstant(simplifyAffineExpr(
        out - in, 0, getExtentMap(op.getContext(), {in, out}).getNumSymbols()));
    if (!low || *low > 0 || !all || *all + *low < 0)
      return std::nullopt;
    zeros.push_back({-*low, *all + *low});
  }
  return zeros;
}

// Whether the convolution reads nothing outside its (padded) input, and the
// kernels' halo has room for the zeros: what lies beyond the reach of a window
// is never read together with the input.
static bool takes(ConvOp conv, ArrayRef<std::pair<int64_t, int64_t>> zeros) {
  auto kernel = cast<RankedTensorType>(conv.getWeights().getType()).getShape();
  SmallVector<AffineExpr> in = getExtents(conv.getInput().getType());
  SmallVector<AffineExpr> out = getExtents(conv.getType());
  if (zeros.front() != std::pair<int64_t, int64_t>(0, 0) ||
      zeros.back() != std::pair<int64_t, int64_t>(0, 0))
    return false;
  for (size_t axis = 0; axis < conv.getStrides().size(); ++axis) {
    int64_t reach = (kernel[axis] - 1) * conv.getDilations()[axis];
    AffineExpr valid =
        (in[axis + 1] - (reach + 1)).floorDiv(conv.getStrides()[axis]) + 1;
    AffineMap lengths = getExtentMap(conv.getContext(), {valid, out[axis + 1]});
    auto [low, high] = zeros[axis + 1];
    if (getConstant(conv.getPadLow().getResult(axis)) != 0 ||
        lengths.getResult(0) != lengths.getResult(1) || low > reach ||
        high > reach)
      return false;
  }
  return true;
}

namespace {
struct FoldPadding : upconv::impl::FoldPaddingBase<FoldPadding> {
  void runOnOperation() override {
    getOperation().walk([&](ConvOp conv) {
      auto padding = conv.getInput().getDefiningOp<ReindexOp>();
      if (!padding)
        return;
      auto zeros = zerosOf(padding);
      if (!zeros || !takes(conv, *zeros))
        return;
      SmallVector<AffineExpr> pads;
      for (auto [low, high] : ArrayRef(*zeros).drop_front().drop_back())
        pads.push_back(getAffineConstantExpr(low, &getContext()));
      conv.getInputMutable().assign(padding.getInput());
      conv.setPadLowAttr(AffineMapAttr::get(getExtentMap(&getContext(), pads)));
      if (padding->use_empty())
        padding.erase();
    });
  }
};
} // namespace
