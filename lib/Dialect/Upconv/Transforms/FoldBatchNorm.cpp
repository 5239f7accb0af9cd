//===- FoldBatchNorm.cpp - Batch normalization into weights or maps -------===//
//
//     %c = upconv.conv_transpose %x, %w, %b        %c = upconv.conv_transpose
//     %x, %w', %b' %y = upconv.batch_norm %c #n           -->   (w' and b'
//     carry the fold #n)
//
//===----------------------------------------------------------------------===//

#include "upconv/Dialect/Upconv/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

namespace upconv {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "upconv/Dialect/Upconv/Transforms/Passes.h.inc"
} // namespace upconv

using namespace mlir;
using namespace upconv;

static void appendFold(WeightsOp weights, FoldAttr fold) {
  SmallVector<Attribute> folds;
  if (std::optional<ArrayAttr> present = weights.getFolds())
    folds.append(present->begin(), present->end());
  folds.push_back(fold);
  weights.setFoldsAttr(ArrayAttr::get(weights.getContext(), folds));
}

static WeightsOp channelWeights(OpBuilder &builder, Location loc,
                                int64_t channels, StringRef role,
                                FoldAttr fold) {
  auto type = RankedTensorType::get({channels}, builder.getF32Type());
  return WeightsOp::create(builder, loc, type, /*source=*/"", role,
                           /*channel_axis=*/0, /*hash=*/"",
                           builder.getArrayAttr({fold}),
                           /*upsampled=*/DenseI64ArrayAttr(),
                           /*values=*/DenseF32ArrayAttr());
}

// Folds into `conv`, whose only user is the batch normalization.
template <typename OpTy> static bool foldInto(OpTy conv, FoldAttr fold) {
  auto kernel = conv.getWeights().template getDefiningOp<WeightsOp>();
  if (!kernel || !kernel->hasOneUse())
    return false;
  OpBuilder builder(conv);
  if (Value bias = conv.getBias()) {
    auto weights = bias.getDefiningOp<WeightsOp>();
    if (!weights || !weights->hasOneUse())
      return false;
    appendFold(weights, fold);
  } else {
    int64_t channels = cast<RankedTensorType>(conv.getType()).getShape().back();
    conv.getBiasMutable().assign(
        channelWeights(builder, conv.getLoc(), channels, "bias", fold));
  }
  appendFold(kernel, fold);
  return true;
}

static bool foldIntoProducer(BatchNormOp norm) {
  Operation *producer = norm.getInput().getDefiningOp();
  if (!producer || !producer->hasOneUse())
    return false;
  if (auto conv = dyn_cast<ConvOp>(producer))
    return foldInto(conv, norm.getNorm());
  if (auto conv = dyn_cast<ConvTransposeOp>(producer))
    return foldInto(conv, norm.getNorm());
  return false;
}

static Value asMap(BatchNormOp norm) {
  OpBuilder builder(norm);
  Location loc = norm.getLoc();
  int64_t channels = cast<RankedTensorType>(norm.getType()).getShape().back();
  Value scale = channelWeights(builder, loc, channels, "scale", norm.getNorm());
  Value shift = channelWeights(builder, loc, channels, "shift", norm.getNorm());
  auto map = MapOp::create(builder, loc, norm.getType(),
                           ValueRange{norm.getInput(), scale, shift});
  SmallVector<Type> types(3, builder.getF32Type());
  SmallVector<Location> locations(3, loc);
  Block *body = builder.createBlock(&map.getBody(), {}, types, locations);
  Value scaled = arith::MulFOp::create(builder, loc, body->getArgument(0),
                                       body->getArgument(1));
  YieldOp::create(
      builder, loc,
      arith::AddFOp::create(builder, loc, scaled, body->getArgument(2)));
  return map;
}

namespace {
struct FoldBatchNorm : upconv::impl::FoldBatchNormBase<FoldBatchNorm> {
  void runOnOperation() override {
    SmallVector<BatchNormOp> norms;
    getOperation().walk([&](BatchNormOp norm) { norms.push_back(norm); });
    // In order, so that a chain of normalizations folds from the front.
    for (BatchNormOp norm : norms) {
      Value replacement =
          foldIntoProducer(norm) ? norm.getInput() : asMap(norm);
      norm.getOutput().replaceAllUsesWith(replacement);
      norm.erase();
    }
  }
};
} // namespace
