//===- AssignLayouts.cpp - Halos where readers want them ------------------===//
//
// A kernel whose schedule reads zeros around its input says so in `halo`. The
// producer then writes into a layout that has this margin, and the calling
// sequence zeroes the margin: padding costs no copy of the tensor. A tensor
// that somebody else sees (an argument, a result, a reshape) must stay dense;
// its reader gets a copy.
//
// An operand of a concat is written where the concat wants it. What cannot be
// (an argument, a result, a reshape, an operand of two) is copied there.
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

static bool readsAlong(Value value, int64_t axis) {
  return llvm::any_of(value.getUses(), [&](OpOperand &use) {
    if (!readsHalo(use))
      return false;
    LayoutAttr halo = cast<KernelOp>(use.getOwner()).getHaloAttr();
    return halo.getLow()[axis] != 0 || halo.getHigh()[axis] != 0;
  });
}

static bool mayBePartOf(Value value, ConcatOp concat) {
  Operation *producer = value.getDefiningOp();
  if (!isa_and_nonnull<KernelOp, ConcatOp>(producer))
    return false;
  unsigned concats = 0;
  for (Operation *user : value.getUsers()) {
    if (isa<ConcatOp>(user))
      ++concats;
    else if (!isa<KernelOp>(user))
      return false;
  }
  return concats == 1 && !readsAlong(value, concat.getAxis());
}

static void copyForeignParts(ConcatOp concat) {
  // By number: the same value may be an operand twice.
  for (unsigned i = 0; i < concat.getInputs().size(); ++i) {
    OpOperand &part = concat->getOpOperand(i);
    if (!mayBePartOf(part.get(), concat))
      insertCopy(part.get(), &part);
  }
}

// A value and what is written into parts of it.
static void collectParts(Value owner, SmallVectorImpl<Value> &parts) {
  parts.push_back(owner);
  if (auto concat = owner.getDefiningOp<ConcatOp>())
    for (Value part : concat.getInputs())
      collectParts(part, parts);
}

static bool mayBePadded(Value owner) {
  return isa_and_nonnull<KernelOp, ConcatOp>(owner.getDefiningOp()) &&
         llvm::all_of(owner.getUsers(),
                      [](Operation *user) { return isa<KernelOp>(user); });
}

static void setLayout(Value owner, LayoutAttr layout) {
  if (auto concat = owner.getDefiningOp<ConcatOp>())
    concat.setLayoutAttr(layout);
  else
    owner.getDefiningOp<KernelOp>().setLayoutAttr(layout);
}

namespace {
struct AssignLayouts : upconv::impl::AssignLayoutsBase<AssignLayouts> {
  void assign(Value owner) {
    SmallVector<Value> parts;
    collectParts(owner, parts);
    bool padded = mayBePadded(owner);
    LayoutAttr wanted;
    for (Value part : parts) {
      SmallVector<OpOperand *> readers;
      LayoutAttr halo;
      for (OpOperand &use : part.getUses())
        if (readsHalo(use)) {
          halo = unite(halo, cast<KernelOp>(use.getOwner()).getHaloAttr());
          readers.push_back(&use);
        }
      if (!halo)
        continue;
      if (padded)
        wanted = unite(wanted, halo);
      else
        insertCopy(part, readers).setLayoutAttr(halo);
    }
    if (wanted)
      setLayout(owner, wanted);
  }

  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    for (auto concat : llvm::to_vector(block.getOps<ConcatOp>()))
      copyForeignParts(concat);
    SmallVector<Value> values(block.getArguments());
    for (Operation &op : block)
      llvm::append_range(values, op.getResults());
    for (Value value : values)
      if (!getConcatOf(value))
        assign(value);
  }
};
} // namespace
