//===- NormalizationReaders.cpp - Arguments of normalizations -------------===//

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
  args.axes("axis", -1);
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

/// What layer and group normalization share.
static void readCenterAndScale(LayerArguments &args) {
  args.number("epsilon", 1e-3);
  args.boolean("center", true);
  args.boolean("scale", true);
  args.training({"trainable", "beta_initializer", "gamma_initializer",
                 "beta_regularizer", "gamma_regularizer", "beta_constraint",
                 "gamma_constraint"});
}

static void readLayerNormalization(LayerArguments &args) {
  args.axes("axis", -1);
  args.boolean("rms_scaling", false);
  readCenterAndScale(args);
}

static void readGroupNormalization(LayerArguments &args) {
  args.integer("groups", 32);
  args.axis("axis", -1);
  readCenterAndScale(args);
}

static void readRMSNormalization(LayerArguments &args) {
  args.axes("axis", -1);
  // Null goes through to keras.ops, where it is keras.config.epsilon().
  args.number("epsilon", 1e-6, /*whenNull=*/1e-7);
  args.training({"trainable"});
}

static void readUnitNormalization(LayerArguments &args) {
  args.axes("axis", -1);
}

static void readNormalization(LayerArguments &args) {
  // Null is no axis at all: one mean for everything.
  if (JsonValue axis = args.take("axis"); axis && axis.isNull())
    args.set("axis", args.getBuilder().getDenseI64ArrayAttr({}), axis);
  else
    args.axes("axis", -1);
  args.numbers("mean", /*isRequired=*/false);
  args.numbers("variance", /*isRequired=*/false);
  args.boolean("invert", false);
}

static void readRescaling(LayerArguments &args) {
  args.numbers("scale", /*isRequired=*/true);
  args.numbers("offset", /*isRequired=*/false, 0.0);
}

ArrayRef<LayerKind> upconv::keras_import::getNormalizationKinds() {
  using namespace upconv::keras;
  static const LayerKind kinds[] = {
      kindOf<BatchNormalizationOp>(readBatchNormalization),
      kindOf<LayerNormalizationOp>(readLayerNormalization),
      kindOf<GroupNormalizationOp>(readGroupNormalization),
      kindOf<RMSNormalizationOp>(readRMSNormalization),
      kindOf<UnitNormalizationOp>(readUnitNormalization),
      kindOf<NormalizationOp>(readNormalization),
      kindOf<RescalingOp>(readRescaling),
  };
  return kinds;
}
