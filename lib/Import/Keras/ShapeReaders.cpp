//===- ShapeReaders.cpp - Arguments of layers that move elements ----------===//

#include "LayerKinds.h"

using namespace mlir;
using namespace upconv::keras_import;

static void readReshape(LayerArguments &args) {
  args.integerList("target_shape");
  if (auto target =
          dyn_cast_or_null<DenseI64ArrayAttr>(args.get("target_shape"));
      target && target.size() > 5)
    args.unsupported(args.take("target_shape"))
        << "more than 6 axes are not supported, got " << target.size() + 1;
}

static void readFlatten(LayerArguments &args) { args.dataFormat(); }

static void readPermute(LayerArguments &args) { args.integerList("dims"); }

static void readRepeatVector(LayerArguments &args) { args.integer("n"); }

template <unsigned rank> static void readZeroPadding(LayerArguments &args) {
  args.borders("padding", rank, 1);
  args.dataFormat();
}

template <unsigned rank> static void readCropping(LayerArguments &args) {
  // Alone the 2-D layer crops nothing by default.
  args.borders("cropping", rank, rank == 2 ? 0 : 1);
  if (rank > 1)
    args.dataFormat();
  else // it has no such argument
    args.set("data_format", args.getBuilder().getStringAttr("channels_last"),
             {});
}

template <unsigned rank> static void readUpSampling(LayerArguments &args) {
  auto always = [&](StringRef key, StringRef value) {
    args.set(key, args.getBuilder().getStringAttr(value), {});
  };
  args.tuple("size", rank, 2);
  if (rank > 1)
    args.dataFormat();
  else
    always("data_format", "channels_last");
  if (rank == 2)
    args.keyword("interpolation", "nearest");
  else
    always("interpolation", "nearest");
}

/// What both image layers have.
static void readImageSize(LayerArguments &args) {
  args.integer("height");
  args.integer("width");
  args.dataFormat();
}

static void readResizing(LayerArguments &args) {
  readImageSize(args);
  args.keyword("interpolation", "bilinear");
  for (StringRef key :
       {"crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias"})
    if (JsonValue value = args.take(key); value.asBool() == true)
      args.unsupported(value) << "'" << key << "' is not supported";
  args.ignore({"fill_mode", "fill_value"}); // of the padding
}

static void readCenterCrop(LayerArguments &args) { readImageSize(args); }

ArrayRef<LayerKind> upconv::keras_import::getShapeKinds() {
  using namespace upconv::keras;
  static const LayerKind kinds[] = {
      kindOf<ReshapeOp>(readReshape),
      kindOf<FlattenOp>(readFlatten),
      kindOf<PermuteOp>(readPermute),
      kindOf<RepeatVectorOp>(readRepeatVector),
      kindOf<ZeroPadding1DOp>(readZeroPadding<1>),
      kindOf<ZeroPadding2DOp>(readZeroPadding<2>),
      kindOf<ZeroPadding3DOp>(readZeroPadding<3>),
      kindOf<Cropping1DOp>(readCropping<1>),
      kindOf<Cropping2DOp>(readCropping<2>),
      kindOf<Cropping3DOp>(readCropping<3>),
      kindOf<UpSampling1DOp>(readUpSampling<1>),
      kindOf<UpSampling2DOp>(readUpSampling<2>),
      kindOf<UpSampling3DOp>(readUpSampling<3>),
      kindOf<ResizingOp>(readResizing),
      kindOf<CenterCropOp>(readCenterCrop),
  };
  return kinds;
}
