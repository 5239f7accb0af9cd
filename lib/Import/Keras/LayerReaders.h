//===- LayerReaders.h - One reader per family of layers -------------------===//
//
// A reader names the arguments of its layers with Keras's defaults; each family
// lists its kinds of layers.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_LAYERREADERS_H
#define UPCONV_LIB_IMPORT_KERAS_LAYERREADERS_H

#include "llvm/ADT/ArrayRef.h"

namespace upconv::keras_import {

struct LayerKind;

llvm::ArrayRef<LayerKind> getActivationKinds();
llvm::ArrayRef<LayerKind> getConvKinds();
llvm::ArrayRef<LayerKind> getCoreKinds();
llvm::ArrayRef<LayerKind> getIdentityKinds();
llvm::ArrayRef<LayerKind> getMergingKinds();
llvm::ArrayRef<LayerKind> getNormalizationKinds();
llvm::ArrayRef<LayerKind> getPoolingKinds();
llvm::ArrayRef<LayerKind> getShapeKinds();
llvm::ArrayRef<LayerKind> getWrapperKinds();

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_LAYERREADERS_H
