//===- NormalizationReaders.cpp - Arguments of normalizations -----------===//

#include "LayerKinds.h"

using namespace mlir;
using namespace upconv::keras_import;

/// Renormalization changes training only, but adds variables.
static void readRenormalization(LayerArguments &args) {
  JsonValue renorm = args.take("renorm");
  JsonValue clipping = args.take("renorm_clipping");
  bool valid = !clipping.isSet() || clipping.isObject();
  for (const JsonValue::Member &member : clipping.members()) {
    auto limit = member.value.asNumber();
    valid &=
        limit && *limit >= 0 &&
        (member.key == "rmin" || member.key == "rmax" || member.key == "dmax");
  }
  if (!valid)
    args.typeError("renorm_clipping",
                   "an object of 'rmin', 'rmax', 'dmax', none negative",
                   clipping);
  else if (renorm.asBool() == true)
    args.unsupported(renorm) << "'renorm' is not supported yet";
}

static void readBatchNormalization(LayerArguments &args) {
  args.axis("axis", -1);
  args.number("momentum", 0.99);
  args.number("epsilon", 1e-3);
  args.boolean("center", true);
  args.boolean("scale", true);
  args.training({"trainable", "beta_initializer", "gamma_initializer",
                 "moving_mean_initializer", "moving_variance_initializer",
                 "beta_regularizer", "gamma_regularizer", "beta_constraint",
                 "gamma_constraint"});
  readRenormalization(args);
  args.ignore({"renorm_momentum", "fused", "virtual_batch_size", "adjustment",
               "synchronized"});
}

ArrayRef<LayerKind> upconv::keras_import::getNormalizationKinds() {
  using namespace upconv::keras;
  static const LayerKind kinds[] = {
      kindOf<BatchNormalizationOp>(readBatchNormalization),
  };
  return kinds;
}
