//===- CoreReaders.cpp - Arguments of Dense, Embedding, Masking -----------===//

#include "LayerKinds.h"

using namespace mlir;
using namespace upconv::keras_import;

static void readDense(LayerArguments &args) {
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

static void readEmbedding(LayerArguments &args) {
  for (StringRef key : {"input_dim", "output_dim"}) {
    args.integer(key);
    // Keras takes whole floats elsewhere, but not here.
    if (JsonValue value = args.take(key);
        value.asInteger() && StringRef(value.text()).contains('.'))
      args.typeError(key, "an integer", value);
  }
  args.boolean("mask_zero", false);
  if (JsonValue value = args.take("sparse"); value.asBool() == true)
    args.unsupported(value) << "'sparse' is not supported";
  // The saved table is already merged; `weights` is a start for training.
  args.ignore({"input_length", "weights", "lora_rank", "lora_alpha"});
  args.training({"trainable", "embeddings_initializer",
                 "embeddings_regularizer", "embeddings_constraint"});
}

static void readMasking(LayerArguments &args) {
  args.number("mask_value", 0.0);
}

ArrayRef<LayerKind> upconv::keras_import::getCoreKinds() {
  using namespace upconv::keras;
  static const LayerKind kinds[] = {
      kindOf<DenseOp>(readDense),
      kindOf<EmbeddingOp>(readEmbedding),
      kindOf<MaskingOp>(readMasking),
  };
  return kinds;
}
