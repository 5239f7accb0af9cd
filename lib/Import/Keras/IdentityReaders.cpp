//===- IdentityReaders.cpp - Arguments of layers without effect -----------===//

#include "LayerKinds.h"

using namespace mlir;
using namespace upconv::keras_import;

static void readDropout(LayerArguments &args) {
  args.number("rate");
  args.ignore({"seed"});
  JsonValue shape = args.take("noise_shape");
  if (shape.isSet() && !readShape(shape))
    args.typeError("noise_shape", "null or a list of positive sizes", shape);
}

/// Means nothing at inference, but Keras reads it.
static void readIgnoredDataFormat(LayerArguments &args) {
  JsonValue format = args.take("data_format");
  if (format.isSet() &&
      !llvm::is_contained({"channels_last", "channels_first"},
                          StringRef(format.asString().value_or("").lower())))
    args.typeError("data_format", "'channels_last' or 'channels_first'",
                   format);
}

static void readSpatialDropout(LayerArguments &args) {
  args.number("rate");
  args.ignore({"seed", "noise_shape"});
  readIgnoredDataFormat(args);
}

static void readGaussianDropout(LayerArguments &args) {
  args.number("rate");
  args.ignore({"seed"});
}

static void readGaussianNoise(LayerArguments &args) {
  args.number("stddev");
  args.ignore({"seed"});
}

static void readActivityRegularization(LayerArguments &args) {
  args.number("l1", 0.0);
  args.number("l2", 0.0);
}

static void readIdentity(LayerArguments &) {}

/// What the augmentation would do to training data means nothing here.
static void readAugmentation(LayerArguments &args) {
  readIgnoredDataFormat(args);
  args.ignoreAll();
}

ArrayRef<LayerKind> upconv::keras_import::getIdentityKinds() {
  using namespace upconv::keras;
  static const LayerKind kinds[] = {
      kindOf<DropoutOp>(readDropout),
      kindOf<AlphaDropoutOp>(readDropout),
      kindOf<GaussianDropoutOp>(readGaussianDropout),
      kindOf<SpatialDropout1DOp>(readSpatialDropout),
      kindOf<SpatialDropout2DOp>(readSpatialDropout),
      kindOf<SpatialDropout3DOp>(readSpatialDropout),
      kindOf<GaussianNoiseOp>(readGaussianNoise),
      kindOf<ActivityRegularizationOp>(readActivityRegularization),
      kindOf<IdentityOp>(readIdentity),
      kindOf<RandomBrightnessOp>(readAugmentation),
      kindOf<RandomColorDegenerationOp>(readAugmentation),
      kindOf<RandomColorJitterOp>(readAugmentation),
      kindOf<RandomContrastOp>(readAugmentation),
      kindOf<RandomElasticTransformOp>(readAugmentation),
      kindOf<RandomErasingOp>(readAugmentation),
      kindOf<RandomFlipOp>(readAugmentation),
      kindOf<RandomGaussianBlurOp>(readAugmentation),
      kindOf<RandomGrayscaleOp>(readAugmentation),
      kindOf<RandomHeightOp>(readAugmentation),
      kindOf<RandomHueOp>(readAugmentation),
      kindOf<RandomInvertOp>(readAugmentation),
      kindOf<RandomPerspectiveOp>(readAugmentation),
      kindOf<RandomPosterizationOp>(readAugmentation),
      kindOf<RandomRotationOp>(readAugmentation),
      kindOf<RandomSaturationOp>(readAugmentation),
      kindOf<RandomSharpnessOp>(readAugmentation),
      kindOf<RandomShearOp>(readAugmentation),
      kindOf<RandomTranslationOp>(readAugmentation),
      kindOf<RandomWidthOp>(readAugmentation),
      kindOf<RandomZoomOp>(readAugmentation),
  };
  return kinds;
}
