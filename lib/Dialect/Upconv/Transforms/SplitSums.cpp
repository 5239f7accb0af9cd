//===- SplitSums.cpp - Contractions whose sums are made in parts ----------===//
//
// Where a GPU has more multiprocessors than a layer has tiles, several blocks
// sum up parts of the input channels. The parts are a tensor of the workspace
// like any other, and their number is the schedule's, so that a result does not
// depend on which block ends first.
//
//===----------------------------------------------------------------------===//

#include "SplitSums.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace upconv;

static Block *openBody(OpBuilder &builder, KernelOp kernel) {
  SmallVector<Location> places(kernel.getInputs().size(), kernel.getLoc());
  return builder.createBlock(&kernel.getBody(), {},
                             kernel.getInputs().getTypes(), places);
}

/// The contraction alone, without its bias.
static KernelOp makeParts(OpBuilder &builder, KernelOp kernel, int64_t parts) {
  Operation *anchor = kernel.getAnchor();
  SmallVector<AffineExpr> extents = getExtents(anchor->getResult(0).getType());
  extents[0] = extents[0] * parts;
  RankedTensorType type = getTensorType(kernel.getContext(), extents);
  OpBuilder::InsertionGuard guard(builder);
  auto made = KernelOp::create(
      builder, kernel.getLoc(), type, kernel.getInputs().take_front(2),
      kernel.getScheduleAttr(), LayoutAttr(), LayoutAttr(), IntegerAttr());
  Block *body = openBody(builder, made);
  IRMapping arguments;
  for (auto [from, to] :
       llvm::zip(kernel.getBody().getArguments(), body->getArguments()))
    arguments.map(from, to);
  Operation *contraction = builder.clone(*anchor, arguments);
  if (contraction->getNumOperands() > 2)
    contraction->eraseOperand(2);
  contraction->getResult(0).setType(type);
  YieldOp::create(builder, kernel.getLoc(), contraction->getResult(0));
  return made;
}

/// The bias and what the epilogue does: a map of the sum and `others`, in the
/// order of the kernel's operands.
static Value finish(OpBuilder &builder, KernelOp kernel, Value sum,
                    ValueRange others) {
  MapOp epilogue = kernel.getEpilogue();
  bool hasBias = kernel.getAnchor()->getNumOperands() > 2;
  if (!epilogue && !hasBias)
    return sum;
  Location loc = kernel.getLoc();
  SmallVector<Value> operands = {sum};
  llvm::append_range(operands, others);
  auto map = MapOp::create(builder, loc, kernel.getType(), operands);
  SmallVector<Type> types(operands.size(), builder.getF32Type());
  SmallVector<Location> places(operands.size(), loc);
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(&map.getBody(), {}, types, places);
  Value value = body->getArgument(0);
  unsigned next = 1;
  if (hasBias)
    value =
        arith::AddFOp::create(builder, loc, value, body->getArgument(next++));
  if (epilogue) {
    Block &old = epilogue.getBody().front();
    IRMapping arguments;
    for (auto [argument, operand] :
         llvm::zip(old.getArguments(), epilogue->getOperands()))
      arguments.map(argument, operand.getDefiningOp() == kernel.getAnchor()
                                  ? value
                                  : body->getArgument(next++));
    for (Operation &op : old.without_terminator())
      builder.clone(op, arguments);
    value = arguments.lookupOrDefault(
        cast<YieldOp>(old.getTerminator()).getValue());
  }
  YieldOp::create(builder, loc, value);
  return map;
}

void upconv::splitSums(KernelOp kernel, int64_t parts) {
  OpBuilder builder(kernel);
  Operation *anchor = kernel.getAnchor();
  KernelOp made = makeParts(builder, kernel, parts);
  SmallVector<Value> inputs = {made};
  llvm::append_range(inputs, kernel.getInputs().drop_front(2));
  auto summed = KernelOp::create(builder, kernel.getLoc(), kernel.getType(),
                                 inputs, ScheduleAttr(), LayoutAttr(),
                                 LayoutAttr(), IntegerAttr());
  Block *body = openBody(builder, summed);
  Value sum = SumPartsOp::create(builder, kernel.getLoc(),
                                 anchor->getResult(0).getType(),
                                 body->getArgument(0), parts);
  Value value = finish(builder, kernel, sum, body->getArguments().drop_front());
  YieldOp::create(builder, kernel.getLoc(), value);
  kernel.getResult().replaceAllUsesWith(summed.getResult());
  kernel.erase();
}
