//===- WrapperReaders.cpp - Arguments of layers around another layer ------===//
//
// The wrapped layer may be a model, so ModelReader reads it; here it is only
// taken.
//
//===----------------------------------------------------------------------===//

#include "LayerKinds.h"

using namespace mlir;
using namespace upconv::keras_import;

static void readWrapped(LayerArguments &args) {
  JsonValue layer = args.take("layer");
  if (layer.string("class_name").empty())
    args.typeError("layer", "a layer object", layer);
}

static void readSpectralNormalization(LayerArguments &args) {
  readWrapped(args);
  args.integer("power_iterations", 1);
  args.training({"trainable"});
}

template <typename Op>
static LayerKind wrapperOf(void (*read)(LayerArguments &), Wraps wraps) {
  LayerKind kind = kindOf<Op>(read);
  kind.wraps = wraps;
  return kind;
}

ArrayRef<LayerKind> upconv::keras_import::getWrapperKinds() {
  using namespace upconv::keras;
  static const LayerKind kinds[] = {
      wrapperOf<TimeDistributedOp>(readWrapped, Wraps::EveryStep),
      wrapperOf<SpectralNormalizationOp>(readSpectralNormalization,
                                         Wraps::Layer),
  };
  return kinds;
}
