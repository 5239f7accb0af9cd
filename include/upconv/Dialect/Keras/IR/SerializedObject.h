//===- SerializedObject.h - Initializers, regularizers, constraints -------===//

#ifndef UPCONV_DIALECT_KERAS_IR_SERIALIZEDOBJECT_H
#define UPCONV_DIALECT_KERAS_IR_SERIALIZEDOBJECT_H

#include "mlir/IR/BuiltinAttributes.h"

#include <optional>
#include <string>

namespace upconv::keras {

/// An object as a Keras file gives it, a name or {"class_name", "config"}, read
/// back from the attribute that keeps it.
struct SerializedObject {
  std::string name; ///< lower case without underscores: "l1l2", "maxnorm"
  mlir::DictionaryAttr config;

  /// Nothing if `attribute` is null or neither form.
  static std::optional<SerializedObject> parse(mlir::Attribute attribute);

  double number(llvm::StringRef key, double byDefault) const;
  std::string text(llvm::StringRef key, llvm::StringRef byDefault) const;
  /// A number or a list of them.
  llvm::SmallVector<int64_t> integers(llvm::StringRef key,
                                      llvm::ArrayRef<int64_t> byDefault) const;
};

} // namespace upconv::keras

#endif // UPCONV_DIALECT_KERAS_IR_SERIALIZEDOBJECT_H
