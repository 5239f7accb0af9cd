//===- CustomLayers.cpp - Classes of the user's own, in Keras's terms -----===//

#include "CustomLayers.h"
#include "LayerArguments.h"
#include "Members.h"
#include "Scope.h"
#include "Spelling.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace upconv::keras_import;

//===----------------------------------------------------------------------===//
// The file
//===----------------------------------------------------------------------===//

/// The names "$name" in a pattern that `arguments` lacks are reported.
static void verifyNames(JsonValue pattern, JsonValue arguments,
                        Reporter &reporter) {
  for (const JsonValue::Member &member : pattern.members())
    verifyNames(member.value, arguments, reporter);
  for (JsonValue element : pattern.elements())
    verifyNames(element, arguments, reporter);
  auto text = pattern.asString();
  if (!text || !text->consume_front("$"))
    return;
  StringRef name = text->take_until([](char c) { return c == '['; });
  if (arguments[name])
    return;
  SmallVector<std::string> known;
  for (const JsonValue::Member &member : arguments.members())
    known.push_back(member.key);
  SmallVector<StringRef> candidates(known.begin(), known.end());
  reporter.invalid(pattern.location()) << "there is no argument '" << name
                                       << "'" << didYouMean(name, candidates);
}

bool CustomLayers::readClass(StringRef name, JsonValue description,
                             Reporter &reporter) {
  auto invalid = [&](JsonValue place, const llvm::Twine &message) {
    reporter.invalid(place ? place.location() : description.location())
        << "class '" << name << "': " << message;
    return false;
  };
  if (!description.isObject())
    return invalid(description, "must be an object with 'layers'");
  static constexpr StringRef known[] = {"arguments", "ignored", "layers"};
  bool valid = true;
  for (const JsonValue::Member &member : description.members())
    if (!llvm::is_contained(known, member.key)) {
      reporter.invalid(member.value.keyLocation())
          << "class '" << name << "': unrecognized member '" << member.key
          << "'" << didYouMean(member.key, known);
      valid = false;
    }
  CustomLayer custom{description["arguments"], description["ignored"],
                     description["layers"]};
  if (custom.arguments && !custom.arguments.isObject())
    valid = invalid(custom.arguments,
                    "'arguments' must be an object of names and defaults");
  bool areNames = !custom.ignored || custom.ignored.isArray();
  for (JsonValue element : custom.ignored.elements())
    areNames &= element.isString();
  if (!areNames)
    valid = invalid(custom.ignored, "'ignored' must be a list of names");
  if (custom.layers.elements().empty())
    valid = invalid(custom.layers, "'layers' must be a list of layers");
  if (!valid)
    return false;
  verifyNames(custom.layers, custom.arguments, reporter);
  classes[name] = custom;
  return true;
}

void CustomLayers::read(const std::string &path, Reporter &reporter) {
  auto text = readWholeFile(path, maximumJson, reporter);
  if (!text)
    return;
  document = JsonDocument::parse(path, std::move(*text), reporter);
  if (!document)
    return;
  if (!document->root().isObject()) {
    reporter.invalid(document->root().location())
        << "must be an object of classes";
    return;
  }
  for (const JsonValue::Member &member : document->root().members()) {
    if (isKerasClass(member.key))
      reporter.invalid(member.value.keyLocation())
          << "class '" << member.key << "' is one of Keras's own";
    else
      readClass(member.key, member.value, reporter);
  }
}

const CustomLayer *CustomLayers::find(JsonValue node) const {
  // A registered class is called "package>class".
  for (StringRef name :
       {node.string("registered_name"), node.string("class_name")})
    for (StringRef candidate : {name, name.substr(name.rfind('>') + 1)})
      if (auto found = classes.find(candidate);
          !candidate.empty() && found != classes.end())
        return &found->second;
  return nullptr;
}

//===----------------------------------------------------------------------===//
// A layer
//===----------------------------------------------------------------------===//

std::unique_ptr<JsonDocument>
CustomLayers::instantiate(const CustomLayer &custom, JsonValue node,
                          LayerPlan &plan, Reporter &reporter) const {
  JsonValue config = node["config"];
  if (!config.isObject()) {
    plan.valid = false;
    reporter.invalid(config ? config.location() : node.location())
        << describe(plan) << ": 'config' must be an object";
    return nullptr;
  }
  LayerArguments reader(plan, config, plan.flavor, reporter);
  llvm::StringMap<JsonValue> values;
  for (const JsonValue::Member &argument : custom.arguments.members()) {
    JsonValue given = reader.take(argument.key);
    values[argument.key] = given ? given : argument.value;
  }
  for (JsonValue ignored : custom.ignored.elements())
    reader.take(*ignored.asString());
  reader.finish();
  if (!plan.valid)
    return nullptr;
  auto instance = document->substitute(custom.layers, values, reporter);
  if (!instance) {
    plan.valid = false;
    reporter.invalid(node.location())
        << describe(plan) << ": its arguments do not fit its description";
  }
  return instance;
}
