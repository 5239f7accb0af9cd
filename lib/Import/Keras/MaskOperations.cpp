//===- MaskOperations.cpp - What only computes masks ----------------------===//

#include "MaskOperations.h"

#include "FunctionReader.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace upconv::keras_import;

/// Every text in `value` that may name a layer, whatever the spelling of
/// references: outside of `mask` members, and inside of them.
static void collectNames(JsonValue value, llvm::StringSet<> &names,
                         llvm::StringSet<> &masks) {
  if (std::optional<llvm::StringRef> text = value.asString())
    names.insert(*text);
  for (JsonValue element : value.elements())
    collectNames(element, names, masks);
  for (const JsonValue::Member &member : value.members())
    collectNames(member.value, member.key == "mask" ? masks : names, masks);
}

static llvm::StringRef nameOf(JsonValue layer) {
  llvm::StringRef name = layer.string("name");
  return name.empty() ? layer["config"].string("name") : name;
}

std::vector<JsonValue> upconv::keras_import::withoutMaskOperations(
    const std::vector<JsonValue> &layers, JsonValue outputLayers) {
  llvm::StringSet<> named, masks;
  collectNames(outputLayers, named, masks);
  for (JsonValue layer : layers)
    if (!isOperation(layer))
      collectNames(layer["inbound_nodes"], named, masks);
  // What an operation refers to serves what the operation serves.
  for (size_t before = ~size_t(0); before != named.size() + masks.size();) {
    before = named.size() + masks.size();
    for (JsonValue layer : layers) {
      if (!isOperation(layer))
        continue;
      bool forMasks =
          masks.contains(nameOf(layer)) && !named.contains(nameOf(layer));
      collectNames(layer["inbound_nodes"], forMasks ? masks : named, masks);
    }
  }
  std::vector<JsonValue> result;
  for (JsonValue layer : layers)
    if (!isOperation(layer) || !masks.contains(nameOf(layer)) ||
        named.contains(nameOf(layer)))
      result.push_back(layer);
  return result;
}
