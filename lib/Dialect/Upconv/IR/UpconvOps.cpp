//===- UpconvOps.cpp - Verifiers, folders, canonical forms ----------------===//

#include "upconv/Dialect/Upconv/IR/UpconvOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace upconv;

#define GET_OP_CLASSES
#include "upconv/Dialect/Upconv/IR/UpconvOps.cpp.inc"

static int64_t rankOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

static int64_t lastDim(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape().back();
}

//===----------------------------------------------------------------------===//
// weights
//===----------------------------------------------------------------------===//

LogicalResult WeightsOp::verify() {
  static constexpr llvm::StringLiteral roles[] = {"kernel", "bias", "scale",
                                                  "shift"};
  if (!llvm::is_contained(roles, getRole()))
    return emitOpError("'role' must be kernel, bias, scale or shift, got '")
           << getRole() << "'";
  auto type = cast<RankedTensorType>(getOutput().getType());
  if (!type.hasStaticShape())
    return emitOpError("weights must have a known shape");
  if (getChannelAxis() >= static_cast<uint64_t>(type.getRank()))
    return emitOpError("'channel_axis' must name an axis, got ")
           << getChannelAxis() << " for rank " << type.getRank();
  if (std::optional<ArrayRef<int64_t>> factors = getUpsampled()) {
    ArrayRef<int64_t> shape = type.getShape();
    if (factors->size() + 2 != shape.size())
      return emitOpError("'upsampled' must have one factor per spatial axis");
    for (auto [factor, size] : llvm::zip(*factors, shape))
      if (factor < 1 || factor > size)
        return emitOpError(
            "'upsampled' must be positive and within the kernel");
  }
  if (std::optional<ArrayRef<float>> values = getValues())
    if (!getSource().empty() || getUpsampled() ||
        static_cast<int64_t>(values->size()) != type.getNumElements())
      return emitOpError("'values' must hold one number per element, without a "
                         "'source' beside them");
  if (std::optional<ArrayAttr> folds = getFolds())
    for (Attribute fold : *folds)
      if (!isa<FoldAttr>(fold))
        return emitOpError("'folds' must hold #upconv.fold only");
  return success();
}

//===----------------------------------------------------------------------===//
// Convolutions and pools
//===----------------------------------------------------------------------===//

// What the two convolutions share: ranks, geometry per spatial axis, channels.
static LogicalResult verifyConvolution(Operation *op, Value input,
                                       Value weights, Value bias, Value output,
                                       int64_t inputAxis, int64_t outputAxis,
                                       int64_t groups,
                                       ArrayRef<int64_t> strides,
                                       ArrayRef<int64_t> dilations) {
  int64_t rank = rankOf(input), spatial = rank - 2;
  if (spatial < 0 || rankOf(weights) != rank || rankOf(output) != rank)
    return op->emitOpError("input, weights and output must have one rank of at "
                           "least 2");
  if (static_cast<int64_t>(strides.size()) != spatial ||
      static_cast<int64_t>(dilations.size()) != spatial)
    return op->emitOpError(
        "wants one stride and one dilation per spatial axis");
  for (int64_t axis = 0; axis < spatial; ++axis)
    if (strides[axis] < 1 || dilations[axis] < 1)
      return op->emitOpError("strides and dilations must be positive");
  auto weightShape = cast<RankedTensorType>(weights.getType()).getShape();
  int64_t channels = weightShape[rank + inputAxis] * groups;
  if (holdsPairs(input.getType())) {
    if (groups != 1)
      return op->emitOpError(
                 "with pairs of channels must not have groups, got ")
             << groups;
    if ((channels + 1) / 2 != lastDim(input))
      return op->emitOpError("weights have ")
             << channels << " input channels, input has " << lastDim(input)
             << " pairs";
  } else if (channels != lastDim(input))
    return op->emitOpError("weights have ")
           << weightShape[rank + inputAxis]
           << " input channels per group, input has " << lastDim(input);
  if (weightShape[rank + outputAxis] != lastDim(output))
    return op->emitOpError("weights have ")
           << weightShape[rank + outputAxis] << " output channels, output has "
           << lastDim(output);
  if (bias && (rankOf(bias) != 1 || lastDim(bias) != lastDim(output)))
    return op->emitOpError("bias must have one entry per output channel");
  return success();
}

LogicalResult ConvTransposeOp::verify() {
  if (getCropLow().size() != getStrides().size())
    return emitOpError("wants one 'crop_low' per spatial axis");
  if (llvm::any_of(getCropLow(), [](int64_t crop) { return crop < 0; }))
    return emitOpError("'crop_low' must not be negative");
  return verifyConvolution(*this, getInput(), getWeights(), getBias(),
                           getOutput(), -1, -2, 1, getStrides(),
                           getDilations());
}

LogicalResult ConvOp::verify() {
  if (getPadLow().getNumResults() != getStrides().size())
    return emitOpError("wants one 'pad_low' result per spatial axis");
  if (getGroups() < 1 || lastDim(getOutput()) % getGroups() != 0)
    return emitOpError(
        "'groups' must be positive and divide the output channels");
  return verifyConvolution(*this, getInput(), getWeights(), getBias(),
                           getOutput(), -2, -1, getGroups(), getStrides(),
                           getDilations());
}

LogicalResult RoundOp::verify() {
  if (getType() != getPairedType(getInput().getType()))
    return emitOpError("of this input must have the type ")
           << getPairedType(getInput().getType());
  return success();
}

LogicalResult SumPartsOp::verify() {
  SmallVector<AffineExpr> extents = getExtents(getType());
  if (getParts() < 1)
    return emitOpError("'parts' must be positive, got ") << getParts();
  extents[0] = extents[0] * static_cast<int64_t>(getParts());
  RankedTensorType input = getTensorType(getContext(), extents);
  if (getInput().getType() != input)
    return emitOpError("of ")
           << getParts() << " parts must have an input of type " << input;
  return success();
}

LogicalResult PoolOp::verify() {
  if (getKind() != "max" && getKind() != "average")
    return emitOpError("'kind' must be max or average, got '")
           << getKind() << "'";
  size_t spatial = rankOf(getInput()) - 2;
  if (getWindow().size() != spatial || getStrides().size() != spatial ||
      getPadLow().getNumResults() != spatial)
    return emitOpError("wants one window, stride and pad per spatial axis");
  return success();
}

//===----------------------------------------------------------------------===//
// transpose, reshape
//===----------------------------------------------------------------------===//

LogicalResult TransposeOp::verify() {
  SmallVector<int64_t> sorted(getPermutation());
  llvm::sort(sorted);
  for (auto [index, value] : llvm::enumerate(sorted))
    if (static_cast<int64_t>(index) != value)
      return emitOpError("'permutation' must be a permutation of the axes");
  if (static_cast<int64_t>(sorted.size()) != rankOf(getInput()))
    return emitOpError("'permutation' must have one entry per axis");
  return success();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  for (auto [index, value] : llvm::enumerate(getPermutation()))
    if (static_cast<int64_t>(index) != value)
      return {};
  return getInput();
}

namespace {

// transpose(transpose(x)) is one transpose.
struct ComposeTransposes : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<TransposeOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> permutation;
    for (int64_t axis : op.getPermutation())
      permutation.push_back(inner.getPermutation()[axis]);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner.getInput(),
                                             permutation);
    return success();
  }
};

// map(transpose(x), transpose(y)) is transpose(map(x, y)), so that the
// transposes at the edges of neighbouring layers meet and cancel.
struct HoistTransposesOverMap : OpRewritePattern<MapOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MapOp op,
                                PatternRewriter &rewriter) const override {
    TransposeOp first;
    SmallVector<Value> inputs;
    for (Value input : op.getInputs()) {
      auto transpose = input.getDefiningOp<TransposeOp>();
      if (!transpose || transpose.getType() != op.getType())
        return failure();
      if (!first)
        first = transpose;
      if (transpose.getPermutation() != first.getPermutation())
        return failure();
      inputs.push_back(transpose.getInput());
    }
    if (!first)
      return failure();
    auto inner =
        MapOp::create(rewriter, op.getLoc(), inputs.front().getType(), inputs);
    rewriter.inlineRegionBefore(op.getBody(), inner.getBody(),
                                inner.getBody().end());
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner,
                                             first.getPermutation());
    return success();
  }
};

struct ComposeReshapes : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<ReshapeOp>();
    if (!inner)
      return failure();
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), inner.getInput());
    return success();
  }
};

} // namespace

void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<ComposeTransposes>(context);
}

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput())
                                           : OpFoldResult();
}

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<ComposeReshapes>(context);
}

//===----------------------------------------------------------------------===//
// map, kernel, require
//===----------------------------------------------------------------------===//

LogicalResult MapOp::verify() {
  Block &block = getBody().front();
  if (block.getNumArguments() != getInputs().size())
    return emitOpError("body must take one scalar per operand");
  for (BlockArgument argument : block.getArguments())
    if (!argument.getType().isF32())
      return emitOpError("body must take f32 scalars");
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || !yield.getValue().getType().isF32())
    return emitOpError("body must end in an upconv.yield of f32");
  SmallVector<AffineExpr> result = getExtents(getType());
  for (Value input : getInputs()) {
    SmallVector<AffineExpr> extents = getExtents(input.getType());
    if (extents.size() > result.size())
      return emitOpError("an operand has a higher rank than the result");
    for (auto [extent, wanted] :
         llvm::zip(llvm::reverse(extents), llvm::reverse(result))) {
      std::optional<int64_t> known = getConstant(extent),
                             want = getConstant(wanted);
      if (known && want && *known != 1 && *known != *want)
        return emitOpError("an operand's size ")
               << *known << " does not broadcast to " << *want;
    }
  }
  return success();
}

void MapOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                        MLIRContext *context) {
  patterns.add<HoistTransposesOverMap>(context);
}

bool upconv::isAnchor(Operation *op) {
  return isa<ConvOp, ConvTransposeOp, PoolOp, SoftmaxOp, TransposeOp, CopyOp,
             RoundOp, SumPartsOp, MapOp, ReindexOp, InterpolateOp, ReduceOp,
             LookupOp>(op);
}

MapOp KernelOp::getEpilogue() {
  Operation *second = getAnchor()->getNextNode();
  return dyn_cast_or_null<MapOp>(second);
}

LogicalResult KernelOp::verify() {
  Block &block = getBody().front();
  if (block.getArgumentTypes() != getInputs().getTypes())
    return emitOpError("body must take the operands' types");
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || yield.getValue().getType() != getType())
    return emitOpError("body must end in an upconv.yield of the result type");
  if (!isAnchor(getAnchor()))
    return emitOpError("the first operation of the body must be an anchor");
  return success();
}

LogicalResult RequireOp::verify() {
  unsigned results = getExtents().getNumResults();
  if (getRule() == "positive" ? results == 1
                              : getRule() == "equal" && results == 2)
    return success();
  return emitOpError("'rule' is positive (one result) or equal (two results)");
}
