//===- Storage.cpp - Where tensors lie ------------------------------------===//
//
// A reshape is a view of its input, and an operand of a concat is a part of its
// result; the value at the end of that chain owns the memory and has the
// layout.
//
//===----------------------------------------------------------------------===//

#include "upconv/Dialect/Upconv/IR/UpconvOps.h"

using namespace mlir;
using namespace upconv;

Value upconv::getRoot(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getInput();
  return value;
}

ConcatOp upconv::getConcatOf(Value value) {
  for (Operation *user : value.getUsers())
    if (auto concat = dyn_cast<ConcatOp>(user))
      return concat;
  return {};
}

static LayoutAttr layoutOf(Value owner) {
  LayoutAttr layout;
  if (auto kernel = owner.getDefiningOp<KernelOp>())
    layout = kernel.getLayoutAttr();
  else if (auto concat = owner.getDefiningOp<ConcatOp>())
    layout = concat.getLayoutAttr();
  if (layout)
    return layout;
  return LayoutAttr::getDense(
      owner.getContext(), cast<RankedTensorType>(owner.getType()).getRank());
}

// A tensor that is seen under another shape is dense.
static Storage viewedStorage(Value view) {
  SmallVector<AffineExpr> extents = getExtents(view.getType());
  AffineExpr zero = getAffineConstantExpr(0, view.getContext());
  Storage storage;
  storage.owner = getRoot(view);
  storage.layout = LayoutAttr::getDense(view.getContext(), extents.size());
  storage.offsets.assign(extents.size(), zero);
  storage.strides = getStrides(extents, storage.layout);
  storage.origin = zero;
  storage.haloLow.assign(extents.size(), 0);
  storage.haloHigh.assign(extents.size(), 0);
  return storage;
}

Storage upconv::getStorage(Value value) {
  if (value.getDefiningOp<ReshapeOp>())
    return viewedStorage(value);
  Storage storage;
  SmallVector<AffineExpr> extents = getExtents(value.getType());
  MLIRContext *context = value.getContext();
  storage.offsets.assign(extents.size(), getAffineConstantExpr(0, context));
  SmallVector<bool> whole(extents.size(), true);
  storage.owner = value;
  while (ConcatOp concat = getConcatOf(storage.owner)) {
    uint64_t axis = concat.getAxis();
    for (Value part : concat.getInputs()) {
      if (part == storage.owner)
        break;
      storage.offsets[axis] =
          storage.offsets[axis] + getExtents(part.getType())[axis];
    }
    whole[axis] = whole[axis] && concat.getInputs().size() == 1;
    storage.owner = concat.getOutput();
  }
  LayoutAttr layout = layoutOf(storage.owner);
  storage.strides = getStrides(getExtents(storage.owner.getType()), layout);
  storage.origin = getAffineConstantExpr(0, context);
  for (auto [index, stride] : llvm::enumerate(storage.strides)) {
    AffineExpr before = storage.offsets[index] + layout.getLow()[index];
    // Affine multiplication wants a constant on the right.
    storage.origin = storage.origin +
                     (getConstant(before) ? stride * before : before * stride);
    storage.haloLow.push_back(whole[index] ? layout.getLow()[index] : 0);
    storage.haloHigh.push_back(whole[index] ? layout.getHigh()[index] : 0);
  }
  storage.layout = layout;
  return storage;
}
