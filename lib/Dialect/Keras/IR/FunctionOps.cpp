//===- FunctionOps.cpp - Functions of tensors, not layers -----------------===//

#include "Broadcasting.h"

#include "upconv/Dialect/Keras/IR/Functions.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv::keras;

namespace {

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

struct Unary : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // ops_unary_c1
    if (isUnaryFunction(adaptor.getFunction()))
      return success();
    return layer.error("function")
           << "'function' must be a function of one element, got '"
           << adaptor.getFunction() << "'";
  }
};

struct Binary : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // ops_binary_c1
    if (llvm::is_contained(getBinaryFunctionNames(), adaptor.getFunction()))
      return success();
    return layer.error("function")
           << "'function' must be a function of two elements, got '"
           << adaptor.getFunction() << "'";
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    // ops_binary_c2
    ValueRange inputs = adaptor.getInputs();
    if (inputs.size() != (adaptor.getScalar() ? 1u : 2u))
      return layer.error()
             << "two inputs, or one and a scalar, are required, got "
             << inputs.size() << (adaptor.getScalar() ? " and a scalar" : "");
    // ops_binary_c3
    auto shape = broadcastShapes(layer, inputs, /*insertAt=*/0);
    if (failed(shape))
      return failure();
    return finishShape(layer, *shape, typeOf(inputs.front()).getElementType(),
                       results);
  }
};

struct Matmul : LayerFamily {
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    // ops_matmul_c1
    ValueRange inputs = adaptor.getInputs();
    if (inputs.size() != 2)
      return layer.error() << "exactly 2 inputs are required, got "
                           << inputs.size();
    ArrayRef<int64_t> a = shapeOf(inputs[0]), b = shapeOf(inputs[1]);
    size_t rank = a.size();
    bool agrees =
        rank == b.size() && rank >= 3 && sizesAgree(a[rank - 1], b[rank - 2]);
    // ops_matmul_c2
    SmallVector<int64_t> shape(a);
    for (size_t axis = 0; agrees && axis + 2 < rank; ++axis) {
      auto size = broadcastSize(a[axis], b[axis]);
      agrees = size.has_value();
      shape[axis] = size.value_or(0);
    }
    if (!agrees)
      return layer.error()
             << "the inputs must be stacks of matrices that can be multiplied, "
                "got "
             << formatShape(a) << " and " << formatShape(b);
    shape.back() = b.back();
    return finishShape(layer, shape, typeOf(inputs[0]).getElementType(),
                       results);
  }
};

//===----------------------------------------------------------------------===//
// Axes
//===----------------------------------------------------------------------===//

struct ExpandDims : LayerFamily {
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    SmallVector<int64_t> shape(shapeOf(adaptor.getInput()));
    // ops_expand_dims_c1
    auto axis = normalizeAxis(adaptor.getAxis(), shape.size() + 1);
    if (!axis || *axis == 0)
      return layer.error("axis")
             << "'axis' must name a place behind the batch axis, got "
             << int64_t(adaptor.getAxis()) << " for an input of shape "
             << formatShape(shape);
    shape.insert(shape.begin() + *axis, 1);
    return finishShape(layer, shape,
                       typeOf(adaptor.getInput()).getElementType(), results);
  }
};

struct Squeeze : LayerFamily {
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // ops_squeeze_c1
    auto axes = verifyAxes(layer, "axis", adaptor.getAxis(), input);
    if (failed(axes))
      return failure();
    SmallVector<int64_t> shape(input.getShape());
    for (int64_t axis : llvm::reverse(*axes)) {
      // ops_squeeze_c2
      if (!sizesAgree(shape[axis], 1))
        return layer.error("axis")
               << "'axis' must name axes of size 1, got "
               << formatShape(adaptor.getAxis()) << " for an input of shape "
               << formatShape(input.getShape());
      shape.erase(shape.begin() + axis);
    }
    return finishShape(layer, shape, input.getElementType(), results);
  }
};

struct Reduce : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // ops_reduce_c1
    return verifyChoice(layer, "function", adaptor.getFunction(),
                        {"mean", "sum", "max", "min", "prod"});
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // ops_reduce_c2
    auto axes = verifyAxes(layer, "axis", adaptor.getAxis(), input);
    if (failed(axes))
      return failure();
    SmallVector<int64_t> shape(input.getShape());
    for (int64_t axis : llvm::reverse(*axes))
      if (adaptor.getKeepdims())
        shape[axis] = 1;
      else
        shape.erase(shape.begin() + axis);
    return finishShape(layer, shape, input.getElementType(), results);
  }
};

//===----------------------------------------------------------------------===//
// Moves
//===----------------------------------------------------------------------===//

struct Pad : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // ops_pad_c2
    return verifyChoice(layer, "mode", adaptor.getMode(),
                        {"constant", "reflect", "symmetric", "edge"});
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    SmallVector<int64_t> shape(shapeOf(adaptor.getInput()));
    ArrayRef<int64_t> width = adaptor.getPadWidth();
    // ops_pad_c1
    if (width.size() != 2 * shape.size() || width[0] != 0 || width[1] != 0 ||
        llvm::any_of(width, [](int64_t entry) { return entry < 0; }))
      return layer.error("pad_width")
             << "'pad_width' must have two entries per axis, none negative, "
                "zero for the batch, got "
             << formatShape(width) << " for an input of shape "
             << formatShape(shape);
    StringRef mode = adaptor.getMode();
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      int64_t low = width[2 * axis], high = width[2 * axis + 1];
      CheckedInt length = CheckedInt(low) + high;
      if (!ShapedType::isDynamic(shape[axis])) {
        // ops_pad_c3
        int64_t longest =
            std::max(low, high) + (mode == "reflect" && low + high > 0);
        if ((mode == "reflect" || mode == "symmetric") && shape[axis] < longest)
          return layer.error("pad_width")
                 << "axis " << axis << " of size " << shape[axis]
                 << " is too short to be padded by " << low << " and " << high
                 << " in mode '" << mode << "'";
        length = length + shape[axis];
      }
      if (length.overflowed())
        return layer.error("pad_width")
               << "the output length on axis " << axis << " overflows 64 bits";
      if (!ShapedType::isDynamic(shape[axis]))
        shape[axis] = length.get();
    }
    return finishShape(layer, shape,
                       typeOf(adaptor.getInput()).getElementType(), results);
  }
};

constexpr int64_t none = ShapedType::kDynamic;

/// The number of positions that a Python slice takes of an axis of `size`.
int64_t sliceLength(int64_t size, int64_t begin, int64_t end, int64_t stride) {
  auto place = [&](int64_t position, int64_t byDefault) {
    if (position == none)
      return byDefault;
    int64_t front = position < 0 ? position + size : position;
    return stride > 0 ? std::clamp<int64_t>(front, 0, size)
                      : std::clamp<int64_t>(front, -1, size - 1);
  };
  int64_t first = place(begin, stride > 0 ? 0 : size - 1);
  int64_t last = place(end, stride > 0 ? size : -1);
  if (stride > 0)
    return first < last ? (last - first - 1) / stride + 1 : 0;
  return first > last ? (first - last - 1) / -stride + 1 : 0;
}

struct Slice : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    ArrayRef<int64_t> strides = adaptor.getStrides();
    // ops_slice_c2
    if (llvm::is_contained(strides, 0) || llvm::is_contained(strides, none))
      return layer.error("strides")
             << "'strides' must not be zero, got " << formatShape(strides);
    return success();
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    ArrayRef<int64_t> begin = adaptor.getBegin(), end = adaptor.getEnd(),
                      strides = adaptor.getStrides();
    size_t rank = input.getRank();
    // ops_slice_c1
    if (begin.size() != rank || end.size() != rank || strides.size() != rank)
      return layer.error() << "a slice must have one entry per axis, got "
                           << begin.size() << ", " << end.size() << ", "
                           << strides.size() << " for an input of shape "
                           << formatShape(input.getShape());
    // ops_slice_c3
    if ((begin[0] != none && begin[0] != 0) || end[0] != none ||
        strides[0] != 1)
      return layer.error("begin") << "a slice must take the whole batch axis";
    auto squeezed = verifyAxes(layer, "squeeze", adaptor.getSqueeze(), input);
    if (failed(squeezed))
      return failure();
    SmallVector<int64_t> shape{input.getDimSize(0)};
    for (size_t axis = 1; axis < rank; ++axis) {
      int64_t size = input.getDimSize(axis);
      if (llvm::is_contained(*squeezed, int64_t(axis))) {
        // ops_slice_c4
        if (begin[axis] == none ||
            (!ShapedType::isDynamic(size) &&
             (begin[axis] < -size || begin[axis] >= size)))
          return layer.error("begin")
                 << "the index on axis " << axis << " must be within "
                 << formatShape(input.getShape());
        continue;
      }
      bool whole = begin[axis] == none && end[axis] == none &&
                   std::abs(strides[axis]) == 1;
      shape.push_back(
          ShapedType::isDynamic(size) || whole
              ? size
              : sliceLength(size, begin[axis], end[axis], strides[axis]));
      // ops_slice_c5
      if (shape.back() == 0)
        return layer.error("begin")
               << "the slice of axis " << axis << " of "
               << formatShape(input.getShape()) << " is empty";
    }
    return finishShape(layer, shape, input.getElementType(), results);
  }
};

/// The finer image has b x b pixels where the coarser one has b * b times the
/// channels.
template <bool ToSpace> struct Blocks : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    bool valid = true;
    // ops_blocks_c1
    if (int64_t block = adaptor.getBlockSize(); block < 2 || block > 1 << 15) {
      layer.error("block_size")
          << "'block_size' must be at least 2, got " << block;
      valid = false;
    }
    // ops_blocks_c2
    valid &= succeeded(verifyDataFormat(layer, adaptor.getDataFormat()));
    return success(valid);
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // ops_blocks_c3
    if (failed(verifyRank(layer, input, 4)))
      return failure();
    AxisOrder axes = getAxisOrder(adaptor.getDataFormat(), 4);
    SmallVector<int64_t> shape(input.getShape());
    int64_t block = adaptor.getBlockSize(), square = block * block;
    int64_t &channels = shape[axes.channel];
    // ops_blocks_c4
    bool divides = !ShapedType::isDynamic(channels) &&
                   (!ToSpace || channels % square == 0);
    CheckedInt newChannels =
        ToSpace ? CheckedInt(channels / square) : CheckedInt(channels) * square;
    for (unsigned i = 0; i < 2 && divides; ++i) {
      int64_t &size = shape[axes.firstSpatial + i];
      if (ShapedType::isDynamic(size))
        continue;
      divides = ToSpace || size % block == 0;
      CheckedInt length =
          ToSpace ? CheckedInt(size) * block : CheckedInt(size / block);
      divides &= !length.overflowed();
      size = length.overflowed() ? 0 : length.get();
    }
    if (!divides || newChannels.overflowed())
      return layer.error("block_size")
             << "'block_size' " << block << " must divide "
             << (ToSpace ? "the channels twice" : "the spatial sizes")
             << ", and the channels be known, got shape "
             << formatShape(input.getShape());
    channels = newChannels.get();
    return finishShape(layer, shape, input.getElementType(), results);
  }
};

} // namespace

UPCONV_DEFINE_LAYER(OpsUnaryOp, Unary)
UPCONV_DEFINE_LAYER(OpsBinaryOp, Binary)
UPCONV_DEFINE_LAYER(OpsMatmulOp, Matmul)
UPCONV_DEFINE_LAYER(OpsExpandDimsOp, ExpandDims)
UPCONV_DEFINE_LAYER(OpsSqueezeOp, Squeeze)
UPCONV_DEFINE_LAYER(OpsReduceOp, Reduce)
UPCONV_DEFINE_LAYER(OpsPadOp, Pad)
UPCONV_DEFINE_LAYER(OpsSliceOp, Slice)
UPCONV_DEFINE_LAYER(OpsDepthToSpaceOp, Blocks<true>)
UPCONV_DEFINE_LAYER(OpsSpaceToDepthOp, Blocks<false>)
