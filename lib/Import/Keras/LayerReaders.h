//===- LayerReaders.h - One reader per family of layers -------------------===//
//
// A reader names the arguments of its layers with Keras's defaults. The table
// that binds them to class names and ops is LayerTable.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_LAYERREADERS_H
#define UPCONV_LIB_IMPORT_KERAS_LAYERREADERS_H

#include <cstdint>
#include <optional>

namespace upconv::keras_import {

class LayerArguments;

void readConvTranspose(LayerArguments &args, unsigned rank);
void readConv(LayerArguments &args, unsigned rank);
/// Average pooling has no default `poolSize`.
void readPooling(LayerArguments &args, unsigned rank,
                 std::optional<int64_t> poolSize);

void readDense(LayerArguments &args);
void readReshape(LayerArguments &args);
void readFlatten(LayerArguments &args);
void readBatchNormalization(LayerArguments &args);
void readReLU(LayerArguments &args);
void readLeakyReLU(LayerArguments &args);
void readSoftmax(LayerArguments &args);
void readActivation(LayerArguments &args);
void readDropout(LayerArguments &args);
void readAdd(LayerArguments &args);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_LAYERREADERS_H
