//===- Flavor.h - Which Keras wrote a file --------------------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_FLAVOR_H
#define UPCONV_LIB_IMPORT_KERAS_FLAVOR_H

#include "LayerPlan.h"

namespace upconv::keras_import {

/// Which Keras wrote the model `root`: what `version` says, or else the first
/// object in the file that only one of them writes.
Flavor detectFlavor(JsonValue root, llvm::StringRef version);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_FLAVOR_H
