//===- LayerReaders.cpp - Arguments of the other layers -------------------===//

#include "LayerReaders.h"
#include "LayerArguments.h"

using namespace mlir;
using namespace upconv::keras_import;

void upconv::keras_import::readDense(LayerArguments &args) {
  args.integer("units");
  args.activation();
  args.boolean("use_bias", true);
  // The saved kernel is already merged.
  args.ignore({"lora_rank", "lora_alpha"});
  args.training({"trainable", "kernel_initializer", "bias_initializer",
                 "kernel_regularizer", "bias_regularizer",
                 "activity_regularizer", "kernel_constraint",
                 "bias_constraint"});
}

void upconv::keras_import::readReshape(LayerArguments &args) {
  args.integerList("target_shape");
  if (auto target =
          dyn_cast_or_null<DenseI64ArrayAttr>(args.get("target_shape"));
      target && target.size() > 5)
    args.unsupported(args.take("target_shape"))
        << "more than 6 axes are not supported, got " << target.size() + 1;
}

void upconv::keras_import::readFlatten(LayerArguments &args) {
  args.keyword("data_format", "channels_last");
}

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

void upconv::keras_import::readBatchNormalization(LayerArguments &args) {
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

void upconv::keras_import::readReLU(LayerArguments &args) {
  args.optionalNumber("max_value");
  args.number("negative_slope", 0.0);
  args.number("threshold", 0.0);
}

void upconv::keras_import::readLeakyReLU(LayerArguments &args) {
  // tf.keras says `alpha`, and Keras 3 still takes it.
  if (JsonValue alpha = args.take("alpha")) {
    args.ignore({"negative_slope"});
    if (auto slope = alpha.asNumber())
      args.set("negative_slope", args.getBuilder().getF64FloatAttr(*slope),
               alpha);
    else
      args.typeError("alpha", "a number", alpha);
    return;
  }
  args.number("negative_slope", 0.3);
}

void upconv::keras_import::readSoftmax(LayerArguments &args) {
  args.axis("axis", -1);
}

void upconv::keras_import::readActivation(LayerArguments &args) {
  if (!args.take("activation"))
    return args.typeError("activation", "", {});
  args.activation();
}

void upconv::keras_import::readDropout(LayerArguments &args) {
  args.number("rate");
  args.ignore({"seed"});
  JsonValue shape = args.take("noise_shape");
  if (shape.isSet() && !readShape(shape))
    args.typeError("noise_shape", "null or a list of positive sizes", shape);
}

void upconv::keras_import::readAdd(LayerArguments &) {}
