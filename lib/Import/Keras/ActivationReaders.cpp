//===- ActivationReaders.cpp - Arguments of activation layers -------------===//

#include "LayerKinds.h"

using namespace mlir;
using namespace upconv::keras_import;

static void readReLU(LayerArguments &args) {
  args.optionalNumber("max_value");
  args.number("negative_slope", 0.0);
  args.number("threshold", 0.0);
}

static void readLeakyReLU(LayerArguments &args) {
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

static void readActivation(LayerArguments &args) {
  if (!args.take("activation"))
    return args.typeError("activation", "", {});
  args.activation();
}

static void readELU(LayerArguments &args) { args.number("alpha", 1.0); }

static void readPReLU(LayerArguments &args) {
  args.optionalAxes("shared_axes");
  args.training({"trainable", "alpha_initializer", "alpha_regularizer",
                 "alpha_constraint"});
}

static void readThresholdedReLU(LayerArguments &args) {
  args.number("theta", 1.0);
}

static void readSoftmax(LayerArguments &args) {
  if (JsonValue axis = args.take("axis"); axis && axis.isNull())
    args.unsupported(axis)
        << "'axis' null is all axes, the batch too, which is not supported";
  else
    args.axes("axis", -1);
}

ArrayRef<LayerKind> upconv::keras_import::getActivationKinds() {
  using namespace upconv::keras;
  static const LayerKind kinds[] = {
      kindOf<ReLUOp>(readReLU),
      kindOf<LeakyReLUOp>(readLeakyReLU),
      kindOf<ELUOp>(readELU),
      kindOf<PReLUOp>(readPReLU),
      kindOf<ThresholdedReLUOp>(readThresholdedReLU),
      kindOf<SoftmaxOp>(readSoftmax),
      kindOf<ActivationOp>(readActivation),
  };
  return kinds;
}
