//===- ShapeReaders.cpp - Arguments of layers that move elements --------===//

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

static void readFlatten(LayerArguments &args) {
  args.keyword("data_format", "channels_last");
}

ArrayRef<LayerKind> upconv::keras_import::getShapeKinds() {
  using namespace upconv::keras;
  static const LayerKind kinds[] = {
      kindOf<ReshapeOp>(readReshape),
      kindOf<FlattenOp>(readFlatten),
  };
  return kinds;
}
