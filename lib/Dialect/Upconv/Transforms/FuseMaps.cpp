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

// map_b(map_a(x, y), z) is one map of (x, y, z) when nothing else reads map_a
// and both have the same shape (a broadcast would compute map_a more than
// once).
struct FuseProducer : OpRewritePattern<MapOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MapOp consumer,
                                PatternRewriter &rewriter) const override {
    for (auto [index, input] : llvm::enumerate(consumer.getInputs())) {
      auto producer = input.getDefiningOp<MapOp>();
      if (!producer || !producer->hasOneUse() ||
          producer.getType() != consumer.getType())
        continue;
      fuse(consumer, index, producer, rewriter);
      return success();
    }
    return failure();
  }

  static void fuse(MapOp consumer, size_t index, MapOp producer,
                   PatternRewriter &rewriter) {
    // The producer's operands take the place of its result.
    SmallVector<Value> inputs(consumer.getInputs().take_front(index));
    llvm::append_range(inputs, producer.getInputs());
    llvm::append_range(inputs, consumer.getInputs().drop_front(index + 1));

    Location loc = consumer.getLoc();
    auto fused = MapOp::create(rewriter, loc, consumer.getType(), inputs);
    SmallVector<Type> types(inputs.size(), rewriter.getF32Type());
    SmallVector<Location> locations(inputs.size(), loc);
    Block *body = rewriter.createBlock(&fused.getBody(), {}, types, locations);

    auto cloneBody = [&](MapOp from, IRMapping &mapping) {
      Block &block = from.getBody().front();
      for (Operation &op : block.without_terminator())
        rewriter.clone(op, mapping);
      return mapping.lookupOrDefault(
          cast<YieldOp>(block.getTerminator()).getValue());
    };
    IRMapping inner, outer;
    for (auto [i, argument] :
         llvm::enumerate(producer.getBody().getArguments()))
      inner.map(argument, body->getArgument(index + i));
    Value value = cloneBody(producer, inner);
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
    YieldOp::create(rewriter, loc, cloneBody(consumer, outer));
    rewriter.replaceOp(consumer, fused);
    rewriter.eraseOp(producer);
  }
};

struct FuseMaps : upconv::impl::FuseMapsBase<FuseMaps> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseProducer>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
