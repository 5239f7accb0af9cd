//===- SerializedObject.cpp - Initializers, regularizers, constraints -----===//

#include "upconv/Dialect/Keras/IR/SerializedObject.h"

using namespace mlir;
using namespace upconv::keras;

static std::string withoutCase(StringRef name) {
  std::string result;
  for (char c : name.lower())
    if (c != '_')
      result += c;
  return result;
}

static std::optional<double> asNumber(Attribute value) {
  if (auto real = dyn_cast_or_null<FloatAttr>(value))
    return real.getValueAsDouble();
  if (auto integer = dyn_cast_or_null<IntegerAttr>(value))
    return double(integer.getInt());
  return std::nullopt;
}

std::optional<SerializedObject> SerializedObject::parse(Attribute attribute) {
  if (auto name = dyn_cast_or_null<StringAttr>(attribute))
    return SerializedObject{withoutCase(name), {}};
  auto object = dyn_cast_or_null<DictionaryAttr>(attribute);
  auto name = object ? object.getAs<StringAttr>("class_name") : StringAttr();
  if (!name)
    return std::nullopt;
  return SerializedObject{withoutCase(name),
                          object.getAs<DictionaryAttr>("config")};
}

double SerializedObject::number(StringRef key, double byDefault) const {
  return asNumber(config ? config.get(key) : Attribute()).value_or(byDefault);
}

std::string SerializedObject::text(StringRef key, StringRef byDefault) const {
  auto string =
      dyn_cast_or_null<StringAttr>(config ? config.get(key) : Attribute());
  return string ? string.str() : byDefault.str();
}

SmallVector<int64_t>
SerializedObject::integers(StringRef key, ArrayRef<int64_t> byDefault) const {
  Attribute value = config ? config.get(key) : Attribute();
  if (auto integer = dyn_cast_or_null<IntegerAttr>(value))
    return {integer.getInt()};
  SmallVector<int64_t> result;
  if (auto list = dyn_cast_or_null<ArrayAttr>(value))
    for (Attribute entry : list)
      if (auto integer = dyn_cast<IntegerAttr>(entry))
        result.push_back(integer.getInt());
  return result.empty() ? SmallVector<int64_t>(byDefault) : result;
}
