//===- ActivationArgument.cpp - A layer's `activation` --------------------===//

#include "LayerArguments.h"
#include "Spelling.h"

#include "upconv/Dialect/Keras/IR/Functions.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv::keras_import;

/// Keras's functions that have no name in the dialect, and why.
static constexpr std::pair<StringRef, StringRef> otherActivations[] = {
    {"glu", "it halves an axis, which the layer's output shape does not show"},
    {"sparsemax", "it sorts its input"},
};

static StringRef canonicalActivation(StringRef name, Flavor flavor) {
  if (name == "softmax_v2")
    return "softmax";
  if (name == "swish")
    return "silu";
  if (name == "hard_swish")
    return "hard_silu";
  // A line of slope 0.2 there, of slope 1/6 here.
  if (name == "hard_sigmoid" && flavor == Flavor::Keras2)
    return "hard_sigmoid_v2";
  return name;
}

std::optional<StringAttr> LayerArguments::activationNamed(StringRef name,
                                                          JsonValue value) {
  StringRef function = canonicalActivation(name, flavor);
  ArrayRef<StringRef> supported = keras::getActivationNames();
  if (llvm::is_contained(supported, function) && name != "hard_sigmoid_v2")
    return builder.getStringAttr(function);
  for (const auto &[other, reason] : otherActivations)
    if (function == other) {
      unsupported(value) << "activation '" << function
                         << "' is not supported: " << reason;
      return std::nullopt;
    }
  if (function == "threshold") {
    error(value, "activation") << "activation 'threshold' needs arguments, "
                                  "which a name cannot give";
    return std::nullopt;
  }
  SmallVector<StringRef> known(supported);
  llvm::append_range(known, ArrayRef<StringRef>{"swish", "hard_swish"});
  error(value, "activation")
      << "unknown activation '" << name << "'" << didYouMean(name, known);
  return std::nullopt;
}

void LayerArguments::activation() {
  constexpr StringRef key = "activation";
  JsonValue value = take(key);
  JsonValue named = value;
  if (value.isObject()) {
    StringRef className = value.string("class_name");
    if (className != "function") {
      // A layer object: an op of its own, named after this layer.
      if (className.empty() || !value["config"].isObject())
        return typeError(key, "null, a name, a function or a layer object",
                         value);
      set(key, builder.getStringAttr("linear"), value);
      plan.activation =
          readLayer(value, plan.name + "/activation", flavor, reporter);
      static constexpr StringRef suitable[] = {"ReLU",    "LeakyReLU",
                                               "ELU",     "ThresholdedReLU",
                                               "Softmax", "Activation"};
      if (plan.activation->kind &&
          !llvm::is_contained(suitable, plan.activation->className))
        unsupported(value) << "a layer '" << plan.activation->className
                           << "' as activation is not supported";
      plan.valid &= plan.activation->valid && plan.activation->kind;
      return;
    }
    named = value["config"];
  }
  if (!value.isSet())
    return set(key, builder.getStringAttr("linear"), value);
  auto name = named.asString();
  if (!name)
    return typeError(key, "null, a name, a function or a layer object", value);
  if (auto attribute = activationNamed(*name, value))
    set(key, *attribute, value);
}
