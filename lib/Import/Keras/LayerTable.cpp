//===- LayerTable.cpp - Which class name is which layer -------------------===//

#include "FunctionReader.h"
#include "LayerArguments.h"
#include "LayerNames.h"
#include "LayerReaders.h"
#include "Spelling.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv::keras_import;

static ArrayRef<ArrayRef<LayerKind>> kindsByFamily() {
  static const ArrayRef<LayerKind> families[] = {
      getActivationKinds(), getConvKinds(),    getCoreKinds(),
      getIdentityKinds(),   getMergingKinds(), getNormalizationKinds(),
      getPoolingKinds(),    getShapeKinds(),
  };
  return families;
}

static const LayerKind *findKind(StringRef className) {
  for (ArrayRef<LayerKind> family : kindsByFamily())
    for (const LayerKind &kind : family)
      if (kind.className == className)
        return &kind;
  return nullptr;
}

bool upconv::keras_import::isKerasClass(StringRef className) {
  StringRef canonical = canonicalClass(className);
  return canonical == "InputLayer" || findKind(canonical) ||
         llvm::is_contained(getOtherLayers(), canonical);
}

/// What helps with a class of the user's own.
static constexpr StringRef describeIt =
    "; '--custom-layers' can say what a class of your own is made of";

const LayerKind *upconv::keras_import::findLayerKind(JsonValue node,
                                                     StringRef className,
                                                     StringRef layerName,
                                                     Reporter &reporter) {
  auto prefixed = [&](InFlightDiagnostic diagnostic) {
    return std::move(diagnostic << "layer '" << layerName << "' (" << className
                                << "): ");
  };
  JsonValue classNode = node["class_name"];
  Location place = classNode ? classNode.location() : node.location();
  StringRef module = node.string("module");
  StringRef registered = node.string("registered_name");
  bool isCustom = !isKerasModule(module) || registered.contains('>') ||
                  className.contains('>');
  if (isCustom) {
    InFlightDiagnostic diagnostic = prefixed(reporter.unsupported(place));
    diagnostic << "only Keras's own classes are supported";
    if (!module.empty())
      diagnostic << ", this one is of module '" << module << "'";
    diagnostic << describeIt;
    return nullptr;
  }
  if (const LayerKind *kind = findKind(className))
    return kind;
  if (isKerasClass(className)) {
    prefixed(reporter.unsupported(place)) << reasonFor(className);
    return nullptr;
  }
  SmallVector<StringRef> known;
  for (ArrayRef<LayerKind> family : kindsByFamily())
    for (const LayerKind &kind : family)
      known.push_back(kind.className);
  llvm::append_range(known, getOtherLayers());
  // Keras 2 does not say where a class is from; one that resembles none of
  // Keras's is taken for the user's own.
  std::string nearest = didYouMean(className, known);
  if (nearest.empty() && module.empty())
    prefixed(reporter.unsupported(place))
        << "Keras has no such layer" << describeIt;
  else
    prefixed(reporter.invalid(place)) << "Keras has no such layer" << nearest;
  return nullptr;
}

std::unique_ptr<LayerPlan> upconv::keras_import::readLayer(JsonValue node,
                                                           StringRef name,
                                                           Flavor flavor,
                                                           Reporter &reporter) {
  auto plan = std::make_unique<LayerPlan>(node.location());
  plan->name = name.str();
  plan->valid = false;
  plan->className = canonicalClass(node.string("class_name")).str();
  if (plan->className.empty()) {
    reporter.invalid(node.location())
        << "layer '" << name << "': 'class_name' is required";
    return plan;
  }
  plan->flavor = flavor;
  if (isFunctionNode(node)) {
    readFunction(*plan, node, reporter);
    return plan;
  }
  plan->isInput = plan->className == "InputLayer";
  if (!plan->isInput) {
    plan->kind = findLayerKind(node, plan->className, name, reporter);
    if (!plan->kind)
      return plan;
  }
  JsonValue config = node["config"];
  if (!config.isObject()) {
    reporter.invalid(config ? config.location() : node.location())
        << "layer '" << name << "' (" << plan->className
        << "): 'config' must be an object";
    return plan;
  }
  plan->valid = true;
  if (JsonValue build = node["build_config"]["input_shape"]; build.isSet())
    plan->recordedInput = readShape(build);
  LayerArguments args(*plan, config, flavor, reporter);
  if (plan->isInput) {
    for (StringRef key : {"sparse", "ragged", "optional"})
      if (JsonValue value = args.take(key); value.asBool() == true)
        args.unsupported(value) << "'" << key << "' inputs are not supported";
    args.ignore({"shape", "input_tensor"});
  } else {
    plan->kind->read(args);
  }
  args.finish();
  return plan;
}
