//===- PoolingReaders.cpp - Arguments of pooling --------------------------===//

#include "LayerKinds.h"

using namespace mlir;
using namespace upconv::keras_import;

/// Average pooling has no default `poolSize`.
static void readPooling(LayerArguments &args, unsigned rank,
                        std::optional<int64_t> poolSize) {
  args.tuple("pool_size", rank, poolSize);
  args.optionalTuple("strides", rank);
  if (!args.get("strides"))
    if (Attribute size = args.get("pool_size"))
      args.set("strides", size, {});
  args.keyword("padding", "valid");
  args.dataFormat();
}

template <unsigned rank> static void readMaxPooling(LayerArguments &args) {
  readPooling(args, rank, 2);
}
template <unsigned rank> static void readAveragePooling(LayerArguments &args) {
  readPooling(args, rank, std::nullopt);
}

static void readGlobalPooling(LayerArguments &args) {
  args.dataFormat();
  args.boolean("keepdims", false);
}

ArrayRef<LayerKind> upconv::keras_import::getPoolingKinds() {
  using namespace upconv::keras;
  static const LayerKind kinds[] = {
      kindOf<MaxPooling1DOp>(readMaxPooling<1>),
      kindOf<MaxPooling2DOp>(readMaxPooling<2>),
      kindOf<MaxPooling3DOp>(readMaxPooling<3>),
      kindOf<AveragePooling1DOp>(readAveragePooling<1>),
      kindOf<AveragePooling2DOp>(readAveragePooling<2>),
      kindOf<AveragePooling3DOp>(readAveragePooling<3>),
      kindOf<GlobalMaxPooling1DOp>(readGlobalPooling),
      kindOf<GlobalMaxPooling2DOp>(readGlobalPooling),
      kindOf<GlobalMaxPooling3DOp>(readGlobalPooling),
      kindOf<GlobalAveragePooling1DOp>(readGlobalPooling),
      kindOf<GlobalAveragePooling2DOp>(readGlobalPooling),
      kindOf<GlobalAveragePooling3DOp>(readGlobalPooling),
  };
  return kinds;
}
