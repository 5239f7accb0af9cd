//===- FuseMaps.cpp - Merge chains of elementwise maps --------------------===//

#include "upconv/Dialect/Upconv/Transforms/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace upconv {
#define GEN_PASS_DEF_FUSEMAPS
#include "upconv/Dialect/Upconv/Transforms/Passes.h.inc"
} // namespace upconv

using namespace mlir;
using namespace upconv;

namespace {

// What the operands of a consumer broadcast to.
SmallVector<AffineExpr> domainOf(MapOp map) {
  return getExtents(map.getType());
}
SmallVector<AffineExpr> domainOf(ReduceOp reduce) { return reduce.getDomain(); }

// map_b(map_a(x, y), z) is one map of (x, y, z) when nothing else reads map_a
// and both have the same shape (a broadcast would compute map_a more than
// once). A reduction takes a map into its body in the same way.
template <typename Consumer> struct FuseProducer : OpRewritePattern<Consumer> {
  using OpRewritePattern<Consumer>::OpRewritePattern;

  LogicalResult matchAndRewrite(Consumer consumer,
                                PatternRewriter &rewriter) const override {
    for (auto [index, input] : llvm::enumerate(consumer.getInputs())) {
      auto producer = input.template getDefiningOp<MapOp>();
      if (!producer || !producer->hasOneUse() ||
          domainOf(producer) != domainOf(consumer))
        continue;
      fuse(consumer, index, producer, rewriter);
      return success();
    }
    return failure();
  }

  static void fuse(Consumer consumer, size_t index, MapOp producer,
                   PatternRewriter &rewriter) {
    // The producer's operands take the place of its result.
    SmallVector<Value> inputs(consumer.getInputs().take_front(index));
    llvm::append_range(inputs, producer.getInputs());
    llvm::append_range(inputs, consumer.getInputs().drop_front(index + 1));

    Location loc = consumer.getLoc();
    OperationState state(loc, Consumer::getOperationName(), inputs,
                         consumer->getResultTypes(), consumer->getAttrs());
    state.addRegion();
    Operation *fused = rewriter.create(state);
    SmallVector<Type> types(inputs.size(), rewriter.getF32Type());
    SmallVector<Location> locations(inputs.size(), loc);
    Block *body =
        rewriter.createBlock(&fused->getRegion(0), {}, types, locations);

    auto cloneBody = [&](Region &region, IRMapping &mapping) {
      Block &block = region.front();
      for (Operation &op : block.without_terminator())
        rewriter.clone(op, mapping);
      return mapping.lookupOrDefault(
          cast<YieldOp>(block.getTerminator()).getValue());
    };
    IRMapping inner, outer;
    for (auto [i, argument] :
         llvm::enumerate(producer.getBody().getArguments()))
      inner.map(argument, body->getArgument(index + i));
    Value value = cloneBody(producer.getBody(), inner);
    unsigned next = 0;
    for (auto [i, argument] :
         llvm::enumerate(consumer.getBody().getArguments())) {
      if (i == index) {
        outer.map(argument, value);
        next += producer.getInputs().size();
      } else {
        outer.map(argument, body->getArgument(next++));
      }
    }
    YieldOp::create(rewriter, loc, cloneBody(consumer.getBody(), outer));
    rewriter.replaceOp(consumer, fused);
    rewriter.eraseOp(producer);
  }
};

struct FuseMaps : upconv::impl::FuseMapsBase<FuseMaps> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseProducer<MapOp>, FuseProducer<ReduceOp>>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
