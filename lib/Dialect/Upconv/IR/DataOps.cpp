//===- DataOps.cpp - Verifiers of the operations in DataOps.td ------------===//

#include "upconv/Dialect/Upconv/IR/UpconvOps.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace upconv;

static int64_t rankOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getRank();
}

static LogicalResult verifyAxis(Operation *op, uint64_t axis, int64_t rank) {
  if (axis < static_cast<uint64_t>(rank))
    return success();
  return op->emitOpError("'axis' must name an axis, got ")
         << axis << " for rank " << rank;
}

//===----------------------------------------------------------------------===//
// concat
//===----------------------------------------------------------------------===//

LogicalResult ConcatOp::verify() {
  int64_t rank = rankOf(getOutput());
  if (getInputs().empty())
    return emitOpError("wants at least one operand");
  if (failed(verifyAxis(*this, getAxis(), rank)))
    return failure();
  for (Value input : getInputs())
    if (rankOf(input) != rank)
      return emitOpError("operands and result must have one rank");
  return success();
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 && getInputs().front().getType() == getType()
             ? OpFoldResult(getInputs().front())
             : OpFoldResult();
}

namespace {

// concat(transpose(x), transpose(y)) is transpose(concat(x, y)), as for a map.
struct HoistTransposesOverConcat : OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConcatOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> inputs;
    ArrayRef<int64_t> permutation;
    for (Value input : op.getInputs()) {
      auto transpose = input.getDefiningOp<TransposeOp>();
      if (!transpose)
        return failure();
      if (inputs.empty())
        permutation = transpose.getPermutation();
      if (transpose.getPermutation() != permutation)
        return failure();
      inputs.push_back(transpose.getInput());
    }
    SmallVector<AffineExpr> outer = getExtents(op.getType());
    SmallVector<AffineExpr> inner(outer.size());
    for (auto [axis, source] : llvm::enumerate(permutation))
      inner[source] = outer[axis];
    auto joined = ConcatOp::create(
        rewriter, op.getLoc(), getTensorType(op.getContext(), inner), inputs,
        permutation[op.getAxis()], LayoutAttr(), IntegerAttr());
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), joined,
                                             permutation);
    return success();
  }
};

} // namespace

void ConcatOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *context) {
  patterns.add<HoistTransposesOverConcat>(context);
}

//===----------------------------------------------------------------------===//
// reindex, interpolate
//===----------------------------------------------------------------------===//

LogicalResult ReindexOp::verify() {
  size_t rank = rankOf(getInput());
  if (rankOf(getOutput()) != static_cast<int64_t>(rank) ||
      getStarts().getNumResults() != rank || getSteps().size() != rank ||
      getRepeats().size() != rank)
    return emitOpError("wants one start, step and repeat per dimension");
  if (llvm::any_of(getRepeats(), [](int64_t repeat) { return repeat < 1; }))
    return emitOpError("'repeats' must be positive");
  static constexpr llvm::StringLiteral borders[] = {"none", "fill", "edge",
                                                    "reflect", "symmetric"};
  if (!llvm::is_contained(borders, getBorder()))
    return emitOpError("'border' must be none, fill, edge, reflect or "
                       "symmetric, got '")
           << getBorder() << "'";
  return success();
}

LogicalResult InterpolateOp::verify() {
  if (failed(verifyAxis(*this, getAxis(), rankOf(getInput()))))
    return failure();
  uint64_t factor = getFactor();
  if (factor < 1 || getFirst().size() != factor || getWeights().empty() ||
      getWeights().size() % factor != 0)
    return emitOpError("wants a positive factor, one 'first' and one row of "
                       "'weights' per residue");
  if (getBorder() != "edge" && getBorder() != "renormalize")
    return emitOpError("'border' must be edge or renormalize, got '")
           << getBorder() << "'";
  return success();
}

LogicalResult LookupOp::verify() {
  if (rankOf(getTable()) != 2 ||
      rankOf(getOutput()) != rankOf(getIndices()) + 1)
    return emitOpError("wants a table of rank 2 and a result of one more axis "
                       "than the indices");
  return success();
}

//===----------------------------------------------------------------------===//
// reduce
//===----------------------------------------------------------------------===//

SmallVector<AffineExpr> ReduceOp::getDomain() {
  SmallVector<AffineExpr> domain = getExtents(getType());
  int64_t axis = getAxis(), rank = domain.size();
  for (Value input : getInputs()) {
    SmallVector<AffineExpr> extents = getExtents(input.getType());
    int64_t own = axis - (rank - static_cast<int64_t>(extents.size()));
    if (own >= 0 && getConstant(extents[own]) != 1)
      domain[axis] = extents[own];
  }
  return domain;
}

LogicalResult ReduceOp::verify() {
  static constexpr llvm::StringLiteral kinds[] = {"sum", "mean", "product",
                                                  "max", "min"};
  if (!llvm::is_contained(kinds, getKind()))
    return emitOpError("'kind' must be sum, mean, product, max or min, got '")
           << getKind() << "'";
  int64_t rank = rankOf(getOutput());
  if (failed(verifyAxis(*this, getAxis(), rank)))
    return failure();
  if (getConstant(getExtents(getType())[getAxis()]) != 1)
    return emitOpError("the result's size along 'axis' must be 1");
  Block &block = getBody().front();
  if (getInputs().empty() || block.getNumArguments() != getInputs().size())
    return emitOpError("body must take one scalar per operand");
  for (Value input : getInputs())
    if (rankOf(input) > rank)
      return emitOpError("an operand has a higher rank than the result");
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || !yield.getValue().getType().isF32())
    return emitOpError("body must end in an upconv.yield of f32");
  return success();
}
