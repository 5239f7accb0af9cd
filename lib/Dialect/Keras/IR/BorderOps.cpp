//===- BorderOps.cpp - Padding, cropping, magnifying ----------------------===//

#include "LayerFamily.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv::keras;

namespace {

/// (low, high) per spatial axis, none negative.
LogicalResult verifyPairs(const LayerContext &layer, StringRef argument,
                          ArrayRef<int64_t> pairs, size_t rank) {
  if (pairs.size() == 2 * rank &&
      llvm::none_of(pairs, [](int64_t entry) { return entry < 0; }))
    return success();
  return layer.error(argument)
         << "'" << argument << "' must have " << 2 * rank
         << " entries, two per spatial axis, none negative, got "
         << formatShape(pairs);
}

/// Sets each known spatial size to what `change` makes of it and of the
/// axis's number.
template <typename Change>
LogicalResult changeSpatialSizes(const LayerContext &layer, StringRef argument,
                                 RankedTensorType input, StringRef dataFormat,
                                 Change change,
                                 SmallVectorImpl<Type> &results) {
  unsigned rank = input.getRank();
  unsigned first = getAxisOrder(dataFormat, rank).firstSpatial;
  SmallVector<int64_t> shape(input.getShape());
  for (unsigned i = 0; i + 2 < rank; ++i) {
    int64_t &size = shape[first + i];
    if (ShapedType::isDynamic(size))
      continue;
    CheckedInt length = change(size, i);
    if (length.overflowed() || length.get() <= 0) {
      InFlightDiagnostic diagnostic = layer.error(argument);
      diagnostic << "the output length on axis " << first + i << " ";
      if (length.overflowed())
        diagnostic << "overflows 64 bits";
      else
        diagnostic << "must be positive, got " << length.get();
      return diagnostic << ", with input length " << size;
    }
    size = length.get();
  }
  return finishShape(layer, shape, input.getElementType(), results);
}

template <int Rank> struct ZeroPadding : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // zero_padding_c1
    bool valid =
        succeeded(verifyPairs(layer, "padding", adaptor.getPadding(), Rank));
    // zero_padding_c2
    valid &= succeeded(verifyDataFormat(layer, adaptor.getDataFormat()));
    return success(valid);
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // zero_padding_c3
    if (failed(verifyRank(layer, input, Rank + 2)))
      return failure();
    ArrayRef<int64_t> padding = adaptor.getPadding();
    return changeSpatialSizes(
        layer, "padding", input, adaptor.getDataFormat(),
        [&](int64_t size, unsigned axis) {
          return CheckedInt(size) + padding[2 * axis] + padding[2 * axis + 1];
        },
        results);
  }
};

template <int Rank> struct Cropping : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // cropping_c1
    bool valid =
        succeeded(verifyPairs(layer, "cropping", adaptor.getCropping(), Rank));
    // cropping_c2
    valid &= succeeded(verifyDataFormat(layer, adaptor.getDataFormat()));
    return success(valid);
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // cropping_c3
    if (failed(verifyRank(layer, input, Rank + 2)))
      return failure();
    // cropping_c4
    ArrayRef<int64_t> cropping = adaptor.getCropping();
    return changeSpatialSizes(
        layer, "cropping", input, adaptor.getDataFormat(),
        [&](int64_t size, unsigned axis) {
          return CheckedInt(size) - cropping[2 * axis] - cropping[2 * axis + 1];
        },
        results);
  }
};

/// TensorFlow's kernels.
LogicalResult verifyInterpolation(const LayerContext &layer, StringRef value) {
  return verifyChoice(layer, "interpolation", value,
                      {"nearest", "bilinear", "bicubic", "lanczos3", "lanczos5",
                       "area", "gaussian", "mitchellcubic"});
}

template <int Rank> struct UpSampling : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // up_sampling_c1
    bool valid =
        succeeded(verifyPositiveTuple(layer, "size", adaptor.getSize(), Rank));
    // up_sampling_c2
    valid &= succeeded(verifyDataFormat(layer, adaptor.getDataFormat()));
    // up_sampling_c4
    valid &= succeeded(
        Rank == 2 ? verifyInterpolation(layer, adaptor.getInterpolation())
                  : verifyChoice(layer, "interpolation",
                                 adaptor.getInterpolation(), {"nearest"}));
    return success(valid);
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // up_sampling_c3
    if (failed(verifyRank(layer, input, Rank + 2)))
      return failure();
    // up_sampling_c5
    ArrayRef<int64_t> factors = adaptor.getSize();
    return changeSpatialSizes(
        layer, "size", input, adaptor.getDataFormat(),
        [&](int64_t size, unsigned axis) {
          return CheckedInt(size) * factors[axis];
        },
        results);
  }
};

/// The given height and width in place of the input's.
struct ImageOfSize : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // resizing_c1, center_crop_c1
    bool valid =
        succeeded(verifyPositive(layer, "height", adaptor.getHeight()));
    valid &= succeeded(verifyPositive(layer, "width", adaptor.getWidth()));
    // resizing_c2, center_crop_c2
    valid &= succeeded(verifyDataFormat(layer, adaptor.getDataFormat()));
    return success(valid);
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // resizing_c3, center_crop_c3
    if (failed(verifyRank(layer, input, 4)))
      return failure();
    SmallVector<int64_t> shape(input.getShape());
    unsigned first = getAxisOrder(adaptor.getDataFormat(), 4).firstSpatial;
    shape[first] = adaptor.getHeight();
    shape[first + 1] = adaptor.getWidth();
    return finishShape(layer, shape, input.getElementType(), results);
  }
};

struct Resizing : ImageOfSize {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    bool valid = succeeded(ImageOfSize::verifyArguments(layer, adaptor));
    // resizing_c4
    valid &= succeeded(verifyInterpolation(layer, adaptor.getInterpolation()));
    return success(valid);
  }
};

} // namespace

UPCONV_DEFINE_LAYER(ZeroPadding1DOp, ZeroPadding<1>)
UPCONV_DEFINE_LAYER(ZeroPadding2DOp, ZeroPadding<2>)
UPCONV_DEFINE_LAYER(ZeroPadding3DOp, ZeroPadding<3>)
UPCONV_DEFINE_LAYER(Cropping1DOp, Cropping<1>)
UPCONV_DEFINE_LAYER(Cropping2DOp, Cropping<2>)
UPCONV_DEFINE_LAYER(Cropping3DOp, Cropping<3>)
UPCONV_DEFINE_LAYER(UpSampling1DOp, UpSampling<1>)
UPCONV_DEFINE_LAYER(UpSampling2DOp, UpSampling<2>)
UPCONV_DEFINE_LAYER(UpSampling3DOp, UpSampling<3>)
UPCONV_DEFINE_LAYER(ResizingOp, Resizing)
UPCONV_DEFINE_LAYER(CenterCropOp, ImageOfSize)
