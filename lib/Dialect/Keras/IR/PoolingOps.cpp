//===- PoolingOps.cpp - Maximum and average pooling -----------------------===//

#include "ShapeInference.h"

using namespace mlir;
using namespace upconv::keras;

namespace {

template <int Rank, typename Adaptor>
LogicalResult verifyPoolingArguments(const LayerContext &layer,
                                     Adaptor adaptor) {
  bool valid = true;
  // pooling_c1
  valid &= succeeded(
      verifyPositiveTuple(layer, "pool_size", adaptor.getPoolSize(), Rank));
  valid &= succeeded(
      verifyPositiveTuple(layer, "strides", adaptor.getStrides(), Rank));
  // pooling_c2
  valid &= succeeded(
      verifyChoice(layer, "padding", adaptor.getPadding(), {"valid", "same"}));
  // pooling_c3
  valid &= succeeded(verifyDataFormat(layer, adaptor.getDataFormat()));
  return success(valid);
}

template <int Rank, typename Adaptor>
LogicalResult inferPoolingShape(const LayerContext &layer, Adaptor adaptor,
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
    valid &= succeeded(inferWindowLength(layer, "pool_size",
                                         adaptor.getPadding(), window, axis,
                                         input.getDimSize(axis), shape[axis]));
  }
  return valid ? finishShape(layer, shape, input.getElementType(), results)
               : failure();
}

} // namespace

#define UPCONV_DEFINE_POOLING(OP, RANK)                                        \
  LogicalResult OP::verifyArguments(Location location, Adaptor adaptor) {      \
    return verifyPoolingArguments<RANK>({location, getLayerClass()}, adaptor); \
  }                                                                            \
  LogicalResult OP::inferReturnTypes(                                          \
      MLIRContext *context, std::optional<Location> location, Adaptor adaptor, \
      SmallVectorImpl<Type> &results) {                                        \
    LayerContext layer{location.value_or(UnknownLoc::get(context)),            \
                       getLayerClass()};                                       \
    if (failed(verifyPoolingArguments<RANK>(layer, adaptor)))                  \
      return failure();                                                        \
    return inferPoolingShape<RANK>(layer, adaptor, results);                   \
  }                                                                            \
  SmallVector<VariableSpec> OP::getVariableSpecs() { return {}; }

UPCONV_DEFINE_POOLING(MaxPooling1DOp, 1)
UPCONV_DEFINE_POOLING(MaxPooling2DOp, 2)
UPCONV_DEFINE_POOLING(MaxPooling3DOp, 3)
UPCONV_DEFINE_POOLING(AveragePooling1DOp, 1)
UPCONV_DEFINE_POOLING(AveragePooling2DOp, 2)
UPCONV_DEFINE_POOLING(AveragePooling3DOp, 3)
