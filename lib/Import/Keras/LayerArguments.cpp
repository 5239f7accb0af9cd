//===- LayerArguments.cpp - Reading a layer's config ----------------------===//

#include "LayerArguments.h"
#include "Spelling.h"

#include "upconv/Dialect/Keras/IR/LayerLocation.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace upconv::keras_import;

LayerPlan::LayerPlan(Location place) : place(place) {}

LayerPlan::~LayerPlan() = default;

Location LayerPlan::location() const {
  SmallVector<std::pair<StringRef, Location>> places(argumentPlaces.begin(),
                                                     argumentPlaces.end());
  return keras::getLayerLocation(name, place, places);
}

/// Where Keras 3 finds a class and how Keras 2 shares an object: what differs
/// between the files of one model.
static bool isBookkeeping(StringRef key) {
  return key == "module" || key == "registered_name" ||
         key == "shared_object_id" || key == "build_config";
}

Attribute upconv::keras_import::toAttribute(Builder &builder, JsonValue value) {
  if (auto flag = value.asBool())
    return builder.getBoolAttr(*flag);
  if (auto text = value.asString())
    return builder.getStringAttr(*text);
  // 1.0 stays a float: an initializer's scale is one whatever its value.
  if (auto integer = value.asInteger();
      integer && !StringRef(value.text()).contains_insensitive("."))
    return builder.getI64IntegerAttr(*integer);
  if (auto number = value.asNumber())
    return builder.getF64FloatAttr(*number);
  if (value.isArray()) {
    SmallVector<Attribute> elements;
    for (JsonValue element : value.elements())
      elements.push_back(toAttribute(builder, element));
    return builder.getArrayAttr(elements);
  }
  if (value.isObject()) {
    NamedAttrList members;
    bool isSerialized = bool(value["class_name"]);
    for (const JsonValue::Member &member : value.members())
      // Null is as good as absent; versions differ in which they write.
      if (!member.key.empty() && !member.value.isNull() &&
          !(isSerialized && isBookkeeping(member.key)))
        members.set(member.key, toAttribute(builder, member.value));
    return members.getDictionary(builder.getContext());
  }
  return builder.getUnitAttr();
}

std::optional<Shape> upconv::keras_import::readShape(JsonValue value) {
  if (value.isObject())
    value = value["items"];
  if (!value.isArray())
    return std::nullopt;
  Shape shape;
  for (JsonValue element : value.elements()) {
    auto size = element.asInteger();
    if (element.isNull())
      shape.push_back(ShapedType::kDynamic);
    else if (size && *size > 0)
      shape.push_back(*size);
    else
      return std::nullopt;
  }
  return shape;
}

//===----------------------------------------------------------------------===//
// Diagnostics
//===----------------------------------------------------------------------===//

InFlightDiagnostic LayerArguments::prefixed(InFlightDiagnostic diagnostic) {
  diagnostic << "layer '" << plan.name << "' (" << plan.className << "): ";
  return diagnostic;
}

InFlightDiagnostic LayerArguments::error(JsonValue value, StringRef key) {
  plan.valid = false;
  return prefixed(reporter.invalid(value ? value.location() : plan.place));
}

InFlightDiagnostic LayerArguments::unsupported(JsonValue value) {
  plan.valid = false;
  return prefixed(reporter.unsupported(value ? value.location() : plan.place));
}

InFlightDiagnostic LayerArguments::warning(JsonValue value) {
  return prefixed(reporter.warning(value ? value.location() : plan.place));
}

void LayerArguments::typeError(StringRef key, StringRef what, JsonValue value) {
  if (!value) {
    error({}, key) << "'" << key << "' is required";
    return;
  }
  bool tooLarge = value.isWholeNumber() && !value.asInteger();
  InFlightDiagnostic diagnostic = error(value, key);
  diagnostic << "'" << key << "' must be " << what << ", got " << value.text();
  if (tooLarge)
    diagnostic << ", which does not fit in 64 bits";
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

JsonValue LayerArguments::take(StringRef key) {
  taken.insert(key);
  return config[key];
}

void LayerArguments::set(StringRef key, Attribute attribute, JsonValue value) {
  plan.attributes.set(key, attribute);
  if (value)
    plan.argumentPlaces.emplace_back(key.str(), value.location());
}

void LayerArguments::integer(StringRef key, std::optional<int64_t> byDefault) {
  JsonValue value = take(key);
  auto integer = value ? value.asInteger() : byDefault;
  if (!integer)
    return typeError(key, "an integer", value);
  set(key, builder.getI64IntegerAttr(*integer), value);
}

void LayerArguments::number(StringRef key, std::optional<double> byDefault,
                            std::optional<double> whenNull) {
  JsonValue value = take(key);
  auto number = value.isNull() ? whenNull
                : value        ? value.asNumber()
                               : byDefault;
  if (!number)
    return typeError(key, "a number", value);
  set(key, builder.getF64FloatAttr(*number), value);
}

void LayerArguments::optionalNumber(StringRef key) {
  if (JsonValue value = take(key); value.isSet()) {
    if (auto number = value.asNumber())
      return set(key, builder.getF64FloatAttr(*number), value);
    typeError(key, "a number or null", value);
  }
}

void LayerArguments::boolean(StringRef key, bool byDefault) {
  JsonValue value = take(key);
  auto flag = value ? value.asBool() : byDefault;
  if (!flag)
    return typeError(key, "true or false", value);
  set(key, builder.getBoolAttr(*flag), value);
}

void LayerArguments::keyword(StringRef key, StringRef byDefault) {
  JsonValue value = take(key);
  std::optional<StringRef> word =
      value ? value.asString() : std::optional(byDefault);
  if (!word)
    return typeError(key, "a string", value);
  set(key, builder.getStringAttr(word->lower()), value);
}

void LayerArguments::dataFormat() {
  if (config["data_format"].isSet())
    return keyword("data_format", "");
  set("data_format", builder.getStringAttr("channels_last"),
      take("data_format"));
}

std::optional<Shape> LayerArguments::readTuple(StringRef key, unsigned rank,
                                               JsonValue value) {
  if (auto integer = value.asInteger())
    return Shape(rank, *integer);
  JsonValue list =
      value.string("class_name") == "__tuple__" ? value["items"] : value;
  Shape entries;
  bool allIntegers = list.isArray();
  for (JsonValue element : list.elements()) {
    auto integer = element.asInteger();
    allIntegers &= integer.has_value();
    entries.push_back(integer.value_or(0));
  }
  if (allIntegers)
    return entries;
  std::string what = "an integer or a list of " + std::to_string(rank) +
                     (rank == 1 ? " integer" : " integers");
  typeError(key, what, value);
  return std::nullopt;
}

void LayerArguments::tuple(StringRef key, unsigned rank,
                           std::optional<int64_t> byDefault) {
  JsonValue value = take(key);
  if (!value && byDefault)
    return set(key, builder.getDenseI64ArrayAttr(Shape(rank, *byDefault)), {});
  if (!value)
    return typeError(key, "", value);
  if (auto entries = readTuple(key, rank, value))
    set(key, builder.getDenseI64ArrayAttr(*entries), value);
}

void LayerArguments::optionalTuple(StringRef key, unsigned rank) {
  if (JsonValue value = take(key); value.isSet())
    if (auto entries = readTuple(key, rank, value))
      set(key, builder.getDenseI64ArrayAttr(*entries), value);
}

void LayerArguments::integerList(StringRef key) {
  JsonValue value = take(key);
  if (!value)
    return typeError(key, "", value);
  Shape entries;
  for (JsonValue element : value.elements()) {
    auto integer = element.asInteger();
    if (!integer)
      return typeError(key, "a list of integers", value);
    entries.push_back(*integer);
  }
  if (!value.isArray())
    return typeError(key, "a list of integers", value);
  set(key, builder.getDenseI64ArrayAttr(entries), value);
}

/// The elements of a list, which Keras 3 may wrap as a tuple.
static JsonValue unwrapped(JsonValue value) {
  return value.string("class_name") == "__tuple__" ? value["items"] : value;
}

/// Two ints, one int twice, or nothing.
static std::optional<std::pair<int64_t, int64_t>> readPair(JsonValue value) {
  if (auto both = value.asInteger())
    return std::pair(*both, *both);
  std::vector<JsonValue> entries = unwrapped(value).elements();
  if (entries.size() != 2)
    return std::nullopt;
  auto low = entries[0].asInteger(), high = entries[1].asInteger();
  if (!low || !high)
    return std::nullopt;
  return std::pair(*low, *high);
}

void LayerArguments::borders(StringRef key, unsigned rank, int64_t byDefault) {
  JsonValue value = take(key);
  Shape pairs;
  auto append = [&](JsonValue element) {
    auto pair = readPair(element);
    if (pair)
      pairs.append({pair->first, pair->second});
    return pair.has_value();
  };
  bool valid = true;
  if (!value) {
    pairs.assign(2 * rank, byDefault);
  } else if (auto all = value.asInteger()) {
    pairs.assign(2 * rank, *all);
  } else if (rank == 1) {
    std::vector<JsonValue> entries = unwrapped(value).elements();
    // Keras 2 also writes ((low, high),).
    valid = append(entries.size() == 1 && !entries[0].asInteger() ? entries[0]
                                                                  : value);
  } else {
    for (JsonValue element : unwrapped(value).elements())
      valid &= append(element);
    valid &= pairs.size() == 2 * rank;
  }
  if (!valid)
    return typeError(key,
                     rank == 1 ? "an integer or two"
                               : "an integer, or " + std::to_string(rank) +
                                     " integers or pairs of integers",
                     value);
  set(key, builder.getDenseI64ArrayAttr(pairs), value);
}

static bool readNumbers(JsonValue value, std::vector<double> &numbers) {
  if (auto number = value.asNumber()) {
    numbers.push_back(*number);
    return true;
  }
  // Numpy arrays are written as objects.
  if (value.string("class_name") == "__numpy__" ||
      value.string("class_name") == "__tensor__")
    value = value["config"]["value"];
  value = unwrapped(value);
  bool valid = value.isArray();
  for (JsonValue element : value.elements())
    valid &= readNumbers(element, numbers);
  return valid;
}

void LayerArguments::numbers(StringRef key, bool isRequired,
                             std::optional<double> byDefault) {
  JsonValue value = take(key);
  std::vector<double> numbers;
  if (!value && byDefault)
    numbers.push_back(*byDefault);
  else if (!value.isSet() && !isRequired && !byDefault)
    return;
  else if (!readNumbers(value, numbers))
    return typeError(key, "a number or a list of numbers", value);
  set(key, builder.getDenseF64ArrayAttr(numbers), value);
}

void LayerArguments::optionalAxes(StringRef key) {
  JsonValue value = take(key);
  if (!value.isSet())
    return;
  JsonValue list = unwrapped(value);
  Shape entries;
  if (auto integer = value.asInteger())
    entries.push_back(*integer);
  else if (!list.isArray())
    return typeError(key, "an integer or a list of integers", value);
  for (JsonValue element : list.elements()) {
    auto integer = element.asInteger();
    if (!integer)
      return typeError(key, "an integer or a list of integers", value);
    entries.push_back(*integer);
  }
  if (entries == Shape{0})
    return refuseBatch(key, value);
  set(key, builder.getDenseI64ArrayAttr(entries), value);
}

void LayerArguments::refuseBatch(StringRef key, JsonValue value) {
  unsupported(value) << "'" << key
                     << "' names the batch, which is not supported";
}

void LayerArguments::axes(StringRef key, int64_t byDefault) {
  if (!config[key]) {
    take(key);
    return set(key, builder.getDenseI64ArrayAttr({byDefault}), {});
  }
  optionalAxes(key);
  if (config[key].isNull())
    typeError(key, "an integer or a list of integers", config[key]);
}

void LayerArguments::axis(StringRef key, int64_t byDefault) {
  JsonValue value = take(key);
  std::vector<JsonValue> list = value.elements();
  if (list.size() > 1) {
    unsupported(value) << "more than one axis is not supported yet, got "
                       << value.text();
    return;
  }
  auto integer = !value         ? std::optional(byDefault)
                 : list.empty() ? value.asInteger()
                                : list.front().asInteger();
  if (!integer)
    return typeError(key, "an integer or a list of one", value);
  if (*integer == 0)
    return refuseBatch(key, value);
  set(key, builder.getI64IntegerAttr(*integer), value);
}

void LayerArguments::training(ArrayRef<StringRef> keys) {
  for (StringRef key : keys)
    if (JsonValue value = take(key); value.isSet())
      set(key, toAttribute(builder, value), value);
}

void LayerArguments::ignoreAll() {
  for (const JsonValue::Member &member : config.members())
    if (member.key != "dtype" && member.key != "trainable")
      take(member.key);
}

void LayerArguments::ignore(ArrayRef<StringRef> keys) {
  for (StringRef key : keys)
    take(key);
}

//===----------------------------------------------------------------------===//
// What every layer has
//===----------------------------------------------------------------------===//

static constexpr StringRef otherDtypes[] = {
    "float16",   "bfloat16",   "float64", "mixed_float16", "mixed_bfloat16",
    "int8",      "int16",      "int32",   "int64",         "uint8",
    "uint16",    "uint32",     "uint64",  "bool",          "string",
    "complex64", "complex128", "half",    "double"};

/// float32 as a string, or as a policy object of either Keras.
void LayerArguments::checkDtype() {
  JsonValue value = take("dtype");
  if (!value.isSet())
    return;
  JsonValue named = value;
  if (value.isObject()) {
    StringRef className = value.string("class_name");
    if (className != "DTypePolicy" && className != "Policy") {
      unsupported(value) << "the dtype policy '" << className
                         << "' is not supported, only float32 is";
      return;
    }
    named = value["config"]["name"];
  }
  auto name = named.asString();
  if (!name)
    return typeError("dtype", "a name or a policy object", value);
  if (*name == "float32")
    return;
  bool quantized = name->contains("_from_");
  if (quantized || llvm::is_contained(otherDtypes, *name)) {
    unsupported(value) << "'dtype' '" << *name
                       << "' is not supported, only float32 is";
    return;
  }
  SmallVector<StringRef> known{"float32"};
  llvm::append_range(known, otherDtypes);
  error(value, "dtype") << "unknown dtype '" << *name << "'"
                        << didYouMean(*name, known);
}

void LayerArguments::reportUnknown() {
  SmallVector<StringRef> known;
  for (const auto &entry : taken)
    known.push_back(entry.getKey());
  llvm::sort(known);
  for (const JsonValue::Member &member : config.members()) {
    if (taken.contains(member.key))
      continue;
    plan.valid = false;
    prefixed(reporter.invalid(member.value.keyLocation()))
        << "unrecognized argument '" << member.key << "'"
        << didYouMean(member.key, known);
  }
}

void LayerArguments::finish() {
  ignore({"name", "autocast", "activity_regularizer", "batch_input_shape",
          "batch_shape", "input_shape", "input_dim", "input_dtype", "dynamic"});
  checkDtype();
  if (JsonValue value = take("trainable"); value && !value.asBool())
    typeError("trainable", "true or false", value);
  else
    plan.trainable = value.asBool().value_or(true);
  if (JsonValue value = take("quantization_config"); value.isSet())
    unsupported(value) << "quantized layers are not supported";
  reportUnknown();
}
