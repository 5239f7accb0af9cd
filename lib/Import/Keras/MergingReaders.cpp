//===- MergingReaders.cpp - Arguments of layers of several inputs ---------===//

#include "LayerKinds.h"

using namespace mlir;
using namespace upconv::keras_import;

static void readMerging(LayerArguments &) {}

static void readConcatenate(LayerArguments &args) { args.axis("axis", -1); }

static void readDot(LayerArguments &args) {
  args.tuple("axes", 2);
  args.boolean("normalize", false);
}

ArrayRef<LayerKind> upconv::keras_import::getMergingKinds() {
  using namespace upconv::keras;
  static const LayerKind kinds[] = {
      kindOf<AddOp>(readMerging, /*merges=*/true),
      kindOf<SubtractOp>(readMerging, /*merges=*/true),
      kindOf<MultiplyOp>(readMerging, /*merges=*/true),
      kindOf<AverageOp>(readMerging, /*merges=*/true),
      kindOf<MaximumOp>(readMerging, /*merges=*/true),
      kindOf<MinimumOp>(readMerging, /*merges=*/true),
      kindOf<ConcatenateOp>(readConcatenate, /*merges=*/true),
      kindOf<DotOp>(readDot, /*merges=*/true),
  };
  return kinds;
}
