//===- PoolingOps.cpp - Maximum and average pooling -----------------------===//

#include "LayerFamily.h"

using namespace mlir;
using namespace upconv::keras;

namespace {

template <int Rank> struct Pooling : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    bool valid = true;
    // pooling_c1
    valid &= succeeded(
        verifyPositiveTuple(layer, "pool_size", adaptor.getPoolSize(), Rank));
    valid &= succeeded(
        verifyPositiveTuple(layer, "strides", adaptor.getStrides(), Rank));
    // pooling_c2
    valid &= succeeded(verifyChoice(layer, "padding", adaptor.getPadding(),
                                    {"valid", "same"}));
    // pooling_c3
    valid &= succeeded(verifyDataFormat(layer, adaptor.getDataFormat()));
    return success(valid);
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    auto input = cast<RankedTensorType>(adaptor.getInput().getType());
    // pooling_c4
    if (failed(verifyRank(layer, input, Rank + 2)))
      return failure();
    // pooling_c5
    unsigned firstSpatial =
        getAxisOrder(adaptor.getDataFormat(), Rank + 2).firstSpatial;
    SmallVector<int64_t> shape(input.getShape());
    bool valid = true;
    for (unsigned i = 0; i < Rank; ++i) {
      unsigned axis = firstSpatial + i;
      Window window{adaptor.getPoolSize()[i], adaptor.getStrides()[i], 1};
      valid &= succeeded(
          inferWindowLength(layer, "pool_size", adaptor.getPadding(), window,
                            axis, input.getDimSize(axis), shape[axis]));
    }
    return valid ? finishShape(layer, shape, input.getElementType(), results)
                 : failure();
  }
};

} // namespace

UPCONV_DEFINE_LAYER(MaxPooling1DOp, Pooling<1>)
UPCONV_DEFINE_LAYER(MaxPooling2DOp, Pooling<2>)
UPCONV_DEFINE_LAYER(MaxPooling3DOp, Pooling<3>)
UPCONV_DEFINE_LAYER(AveragePooling1DOp, Pooling<1>)
UPCONV_DEFINE_LAYER(AveragePooling2DOp, Pooling<2>)
UPCONV_DEFINE_LAYER(AveragePooling3DOp, Pooling<3>)

namespace {
template <int Rank> struct GlobalPooling : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // global_pooling_c1
    return verifyDataFormat(layer, adaptor.getDataFormat());
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // global_pooling_c2
    if (failed(verifyRank(layer, input, Rank + 2)))
      return failure();
    unsigned channel = getAxisOrder(adaptor.getDataFormat(), Rank + 2).channel;
    SmallVector<int64_t> shape{input.getDimSize(0), input.getDimSize(channel)};
    if (adaptor.getKeepdims())
      shape.insert(shape.begin() + (channel == 1 ? 2 : 1), Rank, 1);
    return finishShape(layer, shape, input.getElementType(), results);
  }
};
} // namespace

namespace {
template <int Rank> struct AdaptivePooling : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // adaptive_pooling_c1
    bool valid = succeeded(verifyPositiveTuple(layer, "output_size",
                                               adaptor.getOutputSize(), Rank));
    // adaptive_pooling_c2
    valid &= succeeded(verifyDataFormat(layer, adaptor.getDataFormat()));
    return success(valid);
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // adaptive_pooling_c3
    if (failed(verifyRank(layer, input, Rank + 2)))
      return failure();
    unsigned first =
        getAxisOrder(adaptor.getDataFormat(), Rank + 2).firstSpatial;
    SmallVector<int64_t> shape(input.getShape());
    llvm::copy(adaptor.getOutputSize(), shape.begin() + first);
    return finishShape(layer, shape, input.getElementType(), results);
  }
};
} // namespace

UPCONV_DEFINE_LAYER(GlobalMaxPooling1DOp, GlobalPooling<1>)
UPCONV_DEFINE_LAYER(GlobalMaxPooling2DOp, GlobalPooling<2>)
UPCONV_DEFINE_LAYER(GlobalMaxPooling3DOp, GlobalPooling<3>)
UPCONV_DEFINE_LAYER(GlobalAveragePooling1DOp, GlobalPooling<1>)
UPCONV_DEFINE_LAYER(GlobalAveragePooling2DOp, GlobalPooling<2>)
UPCONV_DEFINE_LAYER(GlobalAveragePooling3DOp, GlobalPooling<3>)
UPCONV_DEFINE_LAYER(AdaptiveMaxPooling1DOp, AdaptivePooling<1>)
UPCONV_DEFINE_LAYER(AdaptiveMaxPooling2DOp, AdaptivePooling<2>)
UPCONV_DEFINE_LAYER(AdaptiveMaxPooling3DOp, AdaptivePooling<3>)
UPCONV_DEFINE_LAYER(AdaptiveAveragePooling1DOp, AdaptivePooling<1>)
UPCONV_DEFINE_LAYER(AdaptiveAveragePooling2DOp, AdaptivePooling<2>)
UPCONV_DEFINE_LAYER(AdaptiveAveragePooling3DOp, AdaptivePooling<3>)
