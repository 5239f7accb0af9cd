//===- PlanMemory.cpp - Workspace slots by liveness -----------------------===//
//
// The order of kernels is the order of the block. A tensor lives from its first
// kernel (the parts of a concat have one each) to its last reader (through
// views); slots whose tenant is dead are taken again, the one that fits best
// first. With run-time extents sizes are compared as expressions: an equal
// expression fits best.
//
//===----------------------------------------------------------------------===//

#include "upconv/Dialect/Upconv/Transforms/Passes.h"

#include "mlir/IR/Builders.h"

namespace upconv {
#define GEN_PASS_DEF_PLANMEMORY
#include "upconv/Dialect/Upconv/Transforms/Passes.h.inc"
} // namespace upconv

using namespace mlir;
using namespace upconv;

namespace {

struct Slot {
  AffineExpr size;       // of the largest tenant as far as that is known
  Operation *lastReader; // of the present tenant
};

struct PlanMemory : upconv::impl::PlanMemoryBase<PlanMemory> {
  // The last reader of `value` or of a part of it, or null if it is a result of
  // the model.
  static Operation *lastReader(Value value) {
    Operation *last = value.getDefiningOp();
    if (auto concat = value.getDefiningOp<ConcatOp>())
      for (Value part : concat.getInputs())
        if (Operation *reader = lastReader(part); last->isBeforeInBlock(reader))
          last = reader;
    for (Operation *user : value.getUsers()) {
      if (isa<func::ReturnOp>(user))
        return nullptr;
      Operation *reader = user;
      if (auto view = dyn_cast<ReshapeOp>(user)) {
        reader = lastReader(view);
        if (!reader)
          return nullptr;
      }
      if (last->isBeforeInBlock(reader))
        last = reader;
    }
    return last;
  }

  static AffineExpr sizeOf(const Storage &storage) {
    return getProduct(
        storage.owner.getContext(),
        getPaddedExtents(getExtents(storage.owner.getType()), storage.layout));
  }

  static void setSlot(Value owner, IntegerAttr slot) {
    if (auto concat = owner.getDefiningOp<ConcatOp>())
      concat.setSlotAttr(slot);
    else
      owner.getDefiningOp<KernelOp>().setSlotAttr(slot);
  }

  // How well a tenant of `size` fits: smaller is better.
  static int64_t misfit(AffineExpr slot, AffineExpr size) {
    if (slot == size)
      return 0;
    std::optional<int64_t> have = getConstant(slot), want = getConstant(size);
    if (!have || !want)
      return std::numeric_limits<int64_t>::max() / 2;
    // Growing a slot costs as much memory as it grows; too large costs nothing
    // now but may be missed later.
    return *want > *have ? 2 * (*want - *have) : *have - *want;
  }

  void runOnOperation() override {
    SmallVector<Slot> slots;
    llvm::DenseSet<Value> placed;
    Builder builder(&getContext());
    for (auto kernel : getOperation().getBody().front().getOps<KernelOp>()) {
      Storage storage = getStorage(kernel.getResult());
      if (!placed.insert(storage.owner).second)
        continue;
      Operation *reader = lastReader(storage.owner);
      if (!reader)
        continue;
      AffineExpr size = sizeOf(storage);
      size_t best = slots.size();
      for (auto [index, slot] : llvm::enumerate(slots)) {
        if (!slot.lastReader->isBeforeInBlock(kernel))
          continue;
        if (best == slots.size() ||
            misfit(slot.size, size) < misfit(slots[best].size, size))
          best = index;
      }
      if (best == slots.size())
        slots.push_back({size, reader});
      std::optional<int64_t> have = getConstant(slots[best].size),
                             want = getConstant(size);
      if (!have || !want || *want > *have)
        slots[best].size = size;
      slots[best].lastReader = reader;
      setSlot(storage.owner, builder.getI64IntegerAttr(best));
    }
  }
};

} // namespace
