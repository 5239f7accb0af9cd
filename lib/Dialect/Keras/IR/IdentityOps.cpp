//===- IdentityOps.cpp - Layers that act in training only -----------------===//

#include "LayerFamily.h"

#include "llvm/ADT/SmallString.h"

using namespace mlir;
using namespace upconv::keras;

namespace {

struct DropoutLike : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // dropout_c1
    double rate = adaptor.getRate().convertToDouble();
    if (rate >= 0 && rate <= 1)
      return success();
    SmallString<16> text;
    adaptor.getRate().toString(text);
    return layer.error("rate")
           << "'rate' must be between 0 and 1, got " << text;
  }
};

template <int Rank> struct SpatialDropout : DropoutLike {
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    // spatial_dropout_c2
    if (failed(verifyRank(layer, typeOf(adaptor.getInput()), Rank + 2)))
      return failure();
    return LayerFamily::inferShape(layer, adaptor, results);
  }
};

struct GaussianNoise : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // gaussian_noise_c1
    return verifyNotNegative(layer, "stddev", adaptor.getStddev());
  }
};

struct ActivityRegularization : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // activity_regularization_c1
    bool valid = succeeded(verifyNotNegative(layer, "l1", adaptor.getL1()));
    return success(
        succeeded(verifyNotNegative(layer, "l2", adaptor.getL2())) && valid);
  }
};

} // namespace

#define UPCONV_DEFINE_IDENTITY(OP, ...)                                        \
  UPCONV_DEFINE_LAYER(OP, __VA_ARGS__)                                         \
  OpFoldResult OP::fold(FoldAdaptor) { return getInput(); }

UPCONV_DEFINE_IDENTITY(DropoutOp, DropoutLike)
UPCONV_DEFINE_IDENTITY(AlphaDropoutOp, DropoutLike)
UPCONV_DEFINE_IDENTITY(GaussianDropoutOp, DropoutLike)
UPCONV_DEFINE_IDENTITY(SpatialDropout1DOp, SpatialDropout<1>)
UPCONV_DEFINE_IDENTITY(SpatialDropout2DOp, SpatialDropout<2>)
UPCONV_DEFINE_IDENTITY(SpatialDropout3DOp, SpatialDropout<3>)
UPCONV_DEFINE_IDENTITY(GaussianNoiseOp, GaussianNoise)
UPCONV_DEFINE_IDENTITY(ActivityRegularizationOp, ActivityRegularization)
UPCONV_DEFINE_IDENTITY(IdentityOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomBrightnessOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomColorDegenerationOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomColorJitterOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomContrastOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomElasticTransformOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomErasingOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomFlipOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomGaussianBlurOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomGrayscaleOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomHeightOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomHueOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomInvertOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomPerspectiveOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomPosterizationOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomRotationOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomSaturationOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomSharpnessOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomShearOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomTranslationOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomWidthOp, LayerFamily)
UPCONV_DEFINE_IDENTITY(RandomZoomOp, LayerFamily)
