//===- FormKernels.cpp - Anchors and their epilogues into kernels ---------===//

#include "upconv/Dialect/Upconv/Transforms/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace upconv {
#define GEN_PASS_DEF_FORMKERNELS
#include "upconv/Dialect/Upconv/Transforms/Passes.h.inc"
} // namespace upconv

using namespace mlir;
using namespace upconv;

static bool takesEpilogue(Operation *op) {
  return isa_and_nonnull<ConvOp, ConvTransposeOp, PoolOp, ReindexOp,
                         InterpolateOp>(op);
}

// The anchor that `map` completes: the last of its operands' producers that
// nothing else reads and that has the map's shape.
static Operation *anchorOf(MapOp map) {
  Operation *anchor = nullptr;
  for (Value input : map.getInputs()) {
    Operation *producer = input.getDefiningOp();
    if (!takesEpilogue(producer) || !producer->hasOneUse() ||
        input.getType() != map.getType())
      continue;
    if (!anchor || anchor->isBeforeInBlock(producer))
      anchor = producer;
  }
  return anchor;
}

// Puts `anchor` and, if not null, `epilogue` into a kernel at the last of them.
static void formKernel(Operation *anchor, MapOp epilogue) {
  Operation *last = epilogue ? epilogue.getOperation() : anchor;
  OpBuilder builder(last);

  SmallVector<Value> inputs(anchor->getOperands());
  if (epilogue)
    for (Value input : epilogue.getInputs())
      if (input.getDefiningOp() != anchor)
        inputs.push_back(input);

  auto kernel = KernelOp::create(
      builder, last->getLoc(), last->getResult(0).getType(), inputs,
      ScheduleAttr(), LayoutAttr(), LayoutAttr(), IntegerAttr());
  SmallVector<Location> locations;
  for (Value input : inputs)
    locations.push_back(input.getLoc());
  SmallVector<Type> types(ValueRange(inputs).getTypes());
  Block *body = builder.createBlock(&kernel.getBody(), {}, types, locations);

  // Operands are mapped by position: the same value may enter twice.
  unsigned next = 0;
  IRMapping mapping;
  Operation *inner = builder.clone(*anchor, mapping);
  for (OpOperand &operand : inner->getOpOperands())
    operand.set(body->getArgument(next++));
  Value result = inner->getResult(0);
  if (epilogue) {
    Operation *map = builder.clone(*epilogue);
    for (OpOperand &operand : map->getOpOperands())
      operand.set(operand.get().getDefiningOp() == anchor
                      ? result
                      : Value(body->getArgument(next++)));
    result = map->getResult(0);
  }
  YieldOp::create(builder, last->getLoc(), result);
  last->getResult(0).replaceAllUsesWith(kernel);
  last->erase();
  if (epilogue)
    anchor->erase();
}

// A result of the model is written by kernels of its own: an argument that is
// returned, or a value that is returned twice, is copied.
static void copySharedResults(func::ReturnOp returnOp) {
  llvm::DenseSet<Value> written;
  for (OpOperand &operand : returnOp->getOpOperands()) {
    Value root = getRoot(operand.get());
    Operation *producer = root.getDefiningOp();
    if (producer && (isAnchor(producer) || isa<ConcatOp>(producer)) &&
        written.insert(root).second)
      continue;
    OpBuilder builder(returnOp);
    Value copy = CopyOp::create(builder, returnOp.getLoc(),
                                operand.get().getType(), operand.get());
    operand.set(copy);
  }
}

namespace {
struct FormKernels : upconv::impl::FormKernelsBase<FormKernels> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    copySharedResults(cast<func::ReturnOp>(block.getTerminator()));

    SmallVector<MapOp> maps(block.getOps<MapOp>());
    for (MapOp map : maps)
      if (Operation *anchor = anchorOf(map))
        formKernel(anchor, map);
    SmallVector<Operation *> rest;
    for (Operation &op : block)
      if (isAnchor(&op))
        rest.push_back(&op);
    for (Operation *anchor : rest)
      formKernel(anchor, nullptr);
  }
};
} // namespace
