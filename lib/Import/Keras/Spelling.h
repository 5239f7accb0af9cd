//===- Spelling.h - Names as Keras and people spell them ------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_SPELLING_H
#define UPCONV_LIB_IMPORT_KERAS_SPELLING_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace upconv::keras_import {

/// ", did you mean 'X'?" with the nearest candidate, or "".
std::string didYouMean(llvm::StringRef name,
                       llvm::ArrayRef<llvm::StringRef> candidates);

/// Keras's snake case of a class name: Conv2DTranspose -> conv2d_transpose,
/// ReLU -> re_lu.
std::string toSnakeCase(llvm::StringRef className);

/// "(None, 3, 2)", as Python shows a tuple.
std::string formatShape(llvm::ArrayRef<int64_t> shape);

/// `name` made a C identifier.
std::string toIdentifier(llvm::StringRef name);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_SPELLING_H
