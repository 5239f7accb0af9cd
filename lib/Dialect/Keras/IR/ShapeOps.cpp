//===- ShapeOps.cpp - Layers that move elements ---------------------------===//

#include "LayerFamily.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv::keras;

namespace {
struct ReshapeFamily : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // reshape_c1
    ArrayRef<int64_t> target = adaptor.getTargetShape();
    if (llvm::count(target, -1) > 1 || llvm::any_of(target, [](int64_t size) {
          return size < -1 || size == 0;
        }))
      return layer.error("target_shape") << "'target_shape' must hold positive "
                                            "sizes and at most one -1, got "
                                         << formatShape(target);
    return success();
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    auto input = cast<RankedTensorType>(adaptor.getInput().getType());
    ArrayRef<int64_t> sizes = input.getShape().drop_front();
    ArrayRef<int64_t> target = adaptor.getTargetShape();
    SmallVector<int64_t> shape{input.getDimSize(0)};
    llvm::append_range(shape, target);

    // reshape_c2
    CheckedInt known = 1, wanted = 1;
    for (int64_t size : sizes)
      if (!ShapedType::isDynamic(size))
        known = known * size;
    for (int64_t size : target)
      if (size != -1)
        wanted = wanted * size;
    if (known.overflowed() || wanted.overflowed())
      return layer.error("target_shape")
             << "'target_shape' " << formatShape(target)
             << " has a size that overflows 64 bits";
    bool allKnown = !llvm::any_of(sizes, ShapedType::isDynamic);
    auto unknown = llvm::find(target, -1);
    bool agrees = true;
    if (unknown == target.end())
      agrees = allKnown ? known.get() == wanted.get()
                        : known.get() > 0 && wanted.get() % known.get() == 0;
    else if (allKnown)
      agrees = known.get() % wanted.get() == 0;
    if (!agrees) {
      InFlightDiagnostic diagnostic = layer.error("target_shape");
      diagnostic
          << "'target_shape' must keep the number of elements per sample, "
             "got "
          << formatShape(target) << " for an input of shape "
          << formatShape(input.getShape());
      return diagnostic;
    }
    if (unknown != target.end())
      shape[1 + (unknown - target.begin())] =
          allKnown ? known.get() / wanted.get() : ShapedType::kDynamic;
    return finishShape(layer, shape, input.getElementType(), results);
  }
};
} // namespace

UPCONV_DEFINE_LAYER(ReshapeOp, ReshapeFamily)

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  // With two unknown sizes or more, equal types do not mean equal shapes.
  auto type = cast<RankedTensorType>(getType());
  return type == getInput().getType() && type.getNumDynamicDims() <= 1
             ? getInput()
             : Value();
}

namespace {
struct FlattenFamily : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // flatten_c1
    return verifyDataFormat(layer, adaptor.getDataFormat());
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    auto input = cast<RankedTensorType>(adaptor.getInput().getType());
    ArrayRef<int64_t> sizes = input.getShape().drop_front();
    CheckedInt total = 1;
    for (int64_t size : sizes)
      total = total * (ShapedType::isDynamic(size) ? 1 : size);
    if (total.overflowed())
      return layer.error() << "the flattened size of "
                           << formatShape(input.getShape())
                           << " overflows 64 bits";
    bool allKnown = !llvm::any_of(sizes, ShapedType::isDynamic);
    return finishShape(
        layer,
        {input.getDimSize(0), allKnown ? total.get() : ShapedType::kDynamic},
        input.getElementType(), results);
  }
};
} // namespace

UPCONV_DEFINE_LAYER(FlattenOp, FlattenFamily)

namespace {

//===----------------------------------------------------------------------===//
// Permute and RepeatVector
//===----------------------------------------------------------------------===//

struct Permute : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // permute_c1
    SmallVector<int64_t> sorted(adaptor.getDims());
    llvm::sort(sorted);
    for (auto [index, dim] : llvm::enumerate(sorted))
      if (dim != int64_t(index) + 1)
        return layer.error("dims")
               << "'dims' must be a permutation of 1, 2, ..., got "
               << formatShape(adaptor.getDims());
    return success();
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // permute_c2
    if (failed(verifyRank(layer, input, adaptor.getDims().size() + 1)))
      return failure();
    SmallVector<int64_t> shape{input.getDimSize(0)};
    for (int64_t dim : adaptor.getDims())
      shape.push_back(input.getDimSize(dim));
    return finishShape(layer, shape, input.getElementType(), results);
  }
};

struct RepeatVector : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // repeat_vector_c1
    return verifyPositive(layer, "n", adaptor.getN());
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // repeat_vector_c2
    if (failed(verifyRank(layer, input, 2)))
      return failure();
    return finishShape(
        layer,
        {input.getDimSize(0), int64_t(adaptor.getN()), input.getDimSize(1)},
        input.getElementType(), results);
  }
};

} // namespace

UPCONV_DEFINE_LAYER(PermuteOp, Permute)
UPCONV_DEFINE_LAYER(RepeatVectorOp, RepeatVector)

OpFoldResult PermuteOp::fold(FoldAdaptor) {
  return llvm::is_sorted(getDims()) ? getInput() : Value();
}
