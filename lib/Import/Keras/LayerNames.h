//===- LayerNames.h - Keras's class names beyond the readers' -------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_LAYERNAMES_H
#define UPCONV_LIB_IMPORT_KERAS_LAYERNAMES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace upconv::keras_import {

/// Layers of either Keras that have no reader.
llvm::ArrayRef<llvm::StringRef> getOtherLayers();

/// The name under which a class is read; some have several.
llvm::StringRef canonicalClass(llvm::StringRef className);

/// Whether `module` is one of Keras's own; files without modules are.
bool isKerasModule(llvm::StringRef module);

/// What keeps a real layer of Keras from being compiled.
std::string reasonFor(llvm::StringRef className);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_LAYERNAMES_H
