//===- AssignLayouts.cpp - Halos where readers want them ------------------===//
//
// A kernel whose schedule reads zeros around its input says so in `halo`. The
// producer then writes into a layout that has this margin, and the calling
// sequence zeroes the margin: padding costs no copy of the tensor. A tensor
// that somebody else sees (an argument, a result, a reshape) must stay dense;
// its reader gets a copy.
//
//===----------------------------------------------------------------------===//

#include "upconv/Dialect/Upconv/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

namespace upconv {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "upconv/Dialect/Upconv/Transforms/Passes.h.inc"
} // namespace upconv

using namespace mlir;
using namespace upconv;

static LayoutAttr unite(LayoutAttr a, LayoutAttr b) {
  if (!a)
    return b;
  SmallVector<int64_t> low(a.getLow()), high(a.getHigh());
  for (size_t i = 0; i < low.size(); ++i) {
    low[i] = std::max(low[i], b.getLow()[i]);
    high[i] = std::max(high[i], b.getHigh()[i]);
  }
  return LayoutAttr::get(a.getContext(), low, high);
}

static bool readsHalo(OpOperand &use) {
  auto kernel = dyn_cast<KernelOp>(use.getOwner());
  return kernel && use.getOperandNumber() == 0 && kernel.getHaloAttr() &&
         !kernel.getHaloAttr().isDense();
}

static bool mayBePadded(Value value) {
  return value.getDefiningOp<KernelOp>() &&
         llvm::all_of(value.getUsers(),
                      [](Operation *user) { return isa<KernelOp>(user); });
}

// A copy kernel in front of the first reader.
static KernelOp insertCopy(Value value, ArrayRef<OpOperand *> readers) {
  Operation *first = readers.front()->getOwner();
  for (OpOperand *reader : readers)
    if (reader->getOwner()->isBeforeInBlock(first))
      first = reader->getOwner();
  OpBuilder builder(first);
  Location loc = first->getLoc();
  auto kernel =
      KernelOp::create(builder, loc, value.getType(), value, ScheduleAttr(),
                       LayoutAttr(), LayoutAttr(), IntegerAttr());
  Block *body =
      builder.createBlock(&kernel.getBody(), {}, value.getType(), loc);
  Value copy =
      CopyOp::create(builder, loc, value.getType(), body->getArgument(0));
  YieldOp::create(builder, loc, copy);
  for (OpOperand *reader : readers)
    reader->set(kernel);
  return kernel;
}

namespace {
struct AssignLayouts : upconv::impl::AssignLayoutsBase<AssignLayouts> {
  void assign(Value value) {
    LayoutAttr wanted;
    SmallVector<OpOperand *> readers;
    for (OpOperand &use : value.getUses())
      if (readsHalo(use)) {
        wanted = unite(wanted, cast<KernelOp>(use.getOwner()).getHaloAttr());
        readers.push_back(&use);
      }
    if (!wanted)
      return;
    KernelOp producer = mayBePadded(value) ? value.getDefiningOp<KernelOp>()
                                           : insertCopy(value, readers);
    producer.setLayoutAttr(wanted);
  }

  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    SmallVector<Value> values(block.getArguments());
    for (Operation &op : block)
      llvm::append_range(values, op.getResults());
    for (Value value : values)
      assign(value);
  }
};
} // namespace
