//===- CoreReaders.cpp - Arguments of Dense, Embedding, Masking ---------===//

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

ArrayRef<LayerKind> upconv::keras_import::getCoreKinds() {
  using namespace upconv::keras;
  static const LayerKind kinds[] = {
      kindOf<DenseOp>(readDense),
  };
  return kinds;
}
