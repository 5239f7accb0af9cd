//===- FuseUpsampling.cpp - Repetition and convolution in one -------------===//
//
//     %u = upconv.reindex %x repeats f             %y = upconv.conv_transpose
//     %y = upconv.conv %u, %w                 -->       %x, %w' strides f
//
// With u[j] = x[floor(j / f)], y[o] = sum_k w[k] u[o + k - P] is the transposed
// convolution by f with kernel size K + f - 1, crop K - 1 - P and
// w'[t] = sum_{j < f} w[K - 1 - t + j]: each output phase sums the taps that
// meet the same source sample, so ceil((K + f - 1) / f) multiply-adds per axis
// take the place of K.
//
//===----------------------------------------------------------------------===//

#include "upconv/Dialect/Upconv/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

namespace upconv {
#define GEN_PASS_DEF_FUSEUPSAMPLING
#include "upconv/Dialect/Upconv/Transforms/Passes.h.inc"
} // namespace upconv

using namespace mlir;
using namespace upconv;

static bool isOne(int64_t value) { return value == 1; }

// Whether `op` only repeats, along spatial axes.
static bool isUpsampling(ReindexOp op) {
  ArrayRef<int64_t> repeats = op.getRepeats();
  return op.getBorder() == "none" && llvm::all_of(op.getSteps(), isOne) &&
         llvm::all_of(
             op.getStarts().getResults(),
             [](AffineExpr start) { return getConstant(start) == 0; }) &&
         repeats.size() > 2 && repeats.front() == 1 && repeats.back() == 1 &&
         !llvm::all_of(repeats, isOne);
}

static bool fuse(ConvOp conv) {
  auto upsampling = conv.getInput().getDefiningOp<ReindexOp>();
  auto weights = conv.getWeights().getDefiningOp<WeightsOp>();
  if (!upsampling || !upsampling->hasOneUse() || !isUpsampling(upsampling) ||
      !weights || weights.getSource().empty() || weights.getUpsampled() ||
      conv.getGroups() != 1 || !llvm::all_of(conv.getStrides(), isOne) ||
      !llvm::all_of(conv.getDilations(), isOne))
    return false;
  ArrayRef<int64_t> factors = upsampling.getRepeats().drop_front().drop_back();
  ArrayRef<int64_t> kernel =
      cast<RankedTensorType>(weights.getType()).getShape();
  int64_t rank = factors.size();
  SmallVector<int64_t> shape, crop;
  for (int64_t axis = 0; axis < rank; ++axis) {
    std::optional<int64_t> pad = getConstant(conv.getPadLow().getResult(axis));
    if (!pad || *pad >= kernel[axis])
      return false;
    shape.push_back(kernel[axis] + factors[axis] - 1);
    crop.push_back(kernel[axis] - 1 - *pad);
  }
  shape.append({kernel[rank + 1], kernel[rank]});

  OpBuilder builder(conv);
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  auto equivalent = WeightsOp::create(
      builder, weights.getLoc(), type, weights.getSource(), weights.getRole(),
      /*channel_axis=*/rank, weights.getHash(), /*folds=*/ArrayAttr(),
      builder.getDenseI64ArrayAttr(factors), /*values=*/DenseF32ArrayAttr());
  Location loc = builder.getFusedLoc({upsampling.getLoc(), conv.getLoc()});
  auto transposed = ConvTransposeOp::create(
      builder, loc, conv.getType(), upsampling.getInput(), equivalent,
      conv.getBias(), factors, conv.getDilations(), crop);
  conv.replaceAllUsesWith(transposed.getOutput());
  conv.erase();
  upsampling.erase();
  return true;
}

namespace {
struct FuseUpsampling : upconv::impl::FuseUpsamplingBase<FuseUpsampling> {
  void runOnOperation() override {
    SmallVector<ConvOp> convs;
    getOperation().walk([&](ConvOp conv) { convs.push_back(conv); });
    for (ConvOp conv : convs)
      fuse(conv);
  }
};
} // namespace
