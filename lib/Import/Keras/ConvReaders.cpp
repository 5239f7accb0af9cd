//===- ConvReaders.cpp - Arguments of convolutions ------------------------===//

#include "LayerKinds.h"

using namespace mlir;
using namespace upconv::keras_import;

static void readConvTraining(LayerArguments &args) {
  args.training({"trainable", "kernel_initializer", "bias_initializer",
                 "kernel_regularizer", "bias_regularizer",
                 "activity_regularizer", "kernel_constraint",
                 "bias_constraint"});
}

static void readConvTranspose(LayerArguments &args, unsigned rank) {
  args.integer("filters");
  args.tuple("kernel_size", rank);
  args.tuple("strides", rank, 1);
  args.keyword("padding", "valid");
  // Files of Keras 3.0 to 3.14 have lost it; the graph checks recorded shapes.
  args.getPlan().outputPaddingAbsent = !args.take("output_padding");
  args.optionalTuple("output_padding", rank);
  args.dataFormat();
  bool isKeras2 = args.getFlavor() == Flavor::Keras2;
  if (JsonValue value = args.take("dilation_rate");
      rank == 3 && isKeras2 && value) {
    // tf.keras ignores it there.
    if (!value.isArray() && value.asInteger() != 1)
      args.warning(value) << "'dilation_rate' is ignored, as tf.keras does";
    for (JsonValue rate : value.elements())
      if (rate.asInteger() != 1) {
        args.warning(value) << "'dilation_rate' is ignored, as tf.keras does";
        break;
      }
    args.set("dilation_rate",
             args.getBuilder().getDenseI64ArrayAttr(Shape(rank, 1)), {});
  } else {
    args.tuple("dilation_rate", rank, 1);
  }
  // tf.keras writes an argument that it inherits and never looks at.
  if (isKeras2)
    if (JsonValue value = args.take("groups"); value && value.asInteger() != 1)
      args.warning(value)
          << "'groups' is ignored on a transposed layer, as tf.keras does, got "
          << value.text();
  args.activation();
  args.boolean("use_bias", true);
  readConvTraining(args);
}

static void readConv(LayerArguments &args, unsigned rank) {
  args.integer("filters");
  args.tuple("kernel_size", rank);
  args.tuple("strides", rank, 1);
  args.keyword("padding", "valid");
  args.dataFormat();
  args.tuple("dilation_rate", rank, 1);
  args.integer("groups", 1);
  args.activation();
  args.boolean("use_bias", true);
  // The saved kernel is already merged.
  args.ignore({"lora_rank", "lora_alpha"});
  readConvTraining(args);
}

static void readDepthwise(LayerArguments &args, unsigned rank) {
  args.tuple("kernel_size", rank);
  args.tuple("strides", rank, 1);
  args.keyword("padding", "valid");
  args.integer("depth_multiplier", 1);
  args.dataFormat();
  args.tuple("dilation_rate", rank, 1);
  args.activation();
  args.boolean("use_bias", true);
  // Inherited by tf.keras from the plain convolution, and never looked at.
  if (args.getFlavor() == Flavor::Keras2)
    args.ignore({"groups", "kernel_initializer", "kernel_regularizer",
                 "kernel_constraint"});
  args.training({"trainable", "depthwise_initializer", "bias_initializer",
                 "depthwise_regularizer", "bias_regularizer",
                 "activity_regularizer", "depthwise_constraint",
                 "bias_constraint"});
}

static void readSeparable(LayerArguments &args, unsigned rank) {
  args.integer("filters");
  readDepthwise(args, rank);
  args.training({"pointwise_initializer", "pointwise_regularizer",
                 "pointwise_constraint"});
}

ArrayRef<LayerKind> upconv::keras_import::getConvKinds() {
  using namespace upconv::keras;
  static const LayerKind kinds[] = {
      kindOf<Conv1DTransposeOp>([](auto &args) { readConvTranspose(args, 1); }),
      kindOf<Conv2DTransposeOp>([](auto &args) { readConvTranspose(args, 2); }),
      kindOf<Conv3DTransposeOp>([](auto &args) { readConvTranspose(args, 3); }),
      kindOf<Conv1DOp>([](auto &args) { readConv(args, 1); }),
      kindOf<Conv2DOp>([](auto &args) { readConv(args, 2); }),
      kindOf<Conv3DOp>([](auto &args) { readConv(args, 3); }),
      kindOf<DepthwiseConv1DOp>([](auto &args) { readDepthwise(args, 1); }),
      kindOf<DepthwiseConv2DOp>([](auto &args) { readDepthwise(args, 2); }),
      kindOf<SeparableConv1DOp>([](auto &args) { readSeparable(args, 1); }),
      kindOf<SeparableConv2DOp>([](auto &args) { readSeparable(args, 2); }),
  };
  return kinds;
}
