//===- Flavor.cpp - Which Keras wrote a file ------------------------------===//

#include "Flavor.h"

using namespace upconv::keras_import;

/// What one object says about the file's Keras.
static std::optional<Flavor> flavorOfObject(JsonValue object) {
  if (object["batch_shape"] || object["args"])
    return Flavor::Keras3;
  if (object["batch_input_shape"])
    return Flavor::Keras2;
  if (object.string("class_name") == "DTypePolicy")
    return Flavor::Keras3;
  return std::nullopt;
}

/// The first object, in the order of the file, that says something.
static std::optional<Flavor>
findFlavor(JsonValue value, std::optional<Flavor> (*ask)(JsonValue)) {
  if (value.isObject())
    if (auto flavor = ask(value))
      return flavor;
  for (const JsonValue::Member &member : value.members())
    if (auto flavor = findFlavor(member.value, ask))
      return flavor;
  for (JsonValue element : value.elements())
    if (auto flavor = findFlavor(element, ask))
      return flavor;
  return std::nullopt;
}

/// Weaker evidence: serialized objects (initializers above all) name their
/// module since Keras 3.
static std::optional<Flavor> flavorOfSerialized(JsonValue object) {
  llvm::StringRef className = object.string("class_name");
  if (className.empty() || !object["config"].isObject() ||
      className == "__keras_tensor__")
    return std::nullopt;
  // A layer without a module may be written by hand.
  for (const JsonValue::Member &member : object["config"].members())
    if (llvm::StringRef(member.key).ends_with("_initializer") &&
        member.value.isObject())
      return member.value["module"] ? Flavor::Keras3 : Flavor::Keras2;
  return std::nullopt;
}

Flavor upconv::keras_import::detectFlavor(JsonValue root,
                                          llvm::StringRef version) {
  if (!version.empty())
    return version.starts_with("3") || version.starts_with("4")
               ? Flavor::Keras3
               : Flavor::Keras2;
  if (auto flavor = findFlavor(root, flavorOfObject))
    return *flavor;
  return findFlavor(root, flavorOfSerialized).value_or(Flavor::Keras3);
}
