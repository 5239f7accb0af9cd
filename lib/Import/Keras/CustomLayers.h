//===- CustomLayers.h - Classes of the user's own, in Keras's terms -------===//
//
// The file of `--custom-layers` says for each class which of Keras's layers it
// is made of; see docs/CustomLayers.md.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_CUSTOMLAYERS_H
#define UPCONV_LIB_IMPORT_KERAS_CUSTOMLAYERS_H

#include "LayerPlan.h"

#include "llvm/ADT/StringMap.h"

namespace upconv::keras_import {

/// A class: its arguments with defaults, and the layers that it is.
struct CustomLayer {
  JsonValue arguments, ignored, layers;
};

class CustomLayers {
public:
  /// Reads the file at `path`. What is wrong with it is reported.
  void read(const std::string &path, Reporter &reporter);

  /// The description of a node's class, or null. Keras's own classes have none.
  const CustomLayer *find(JsonValue node) const;

  /// The layers of `custom` as a Sequential model, with the arguments of the
  /// layer at `node` put in the places of their names. Reads what is the
  /// layer's own into `plan`. Null after an error.
  std::unique_ptr<JsonDocument> instantiate(const CustomLayer &custom,
                                            JsonValue node, LayerPlan &plan,
                                            Reporter &reporter) const;

private:
  bool readClass(llvm::StringRef name, JsonValue description,
                 Reporter &reporter);

  std::unique_ptr<JsonDocument> document;
  llvm::StringMap<CustomLayer> classes;
};

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_CUSTOMLAYERS_H
