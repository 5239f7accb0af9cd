//===- FunctionReader.cpp - Functions of tensors in the place of layers ---===//

#include "FunctionReader.h"
#include "FunctionCall.h"
#include "LayerNames.h"
#include "Scope.h"
#include "Spelling.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv::keras_import;

/// TensorFlow's modules whose functions mean what the names alone mean.
static bool isKnownModule(StringRef module, StringRef function) {
  module.consume_front("tf.");
  module.consume_front("compat.v1.");
  static constexpr StringRef known[] = {
      "",        "compat.v1",     "tf",           "math", "nn", "linalg",
      "backend", "keras.backend", "__operators__"};
  return llvm::is_contained(known, module) ||
         (module == "image" && function == "resize");
}

/// The function called `name`, with or without the module in front of it.
static const FunctionKind *findFunction(StringRef name) {
  size_t dot = name.rfind('.');
  StringRef module = dot == StringRef::npos ? "" : name.take_front(dot);
  StringRef function = name.substr(dot + 1);
  if (!isKnownModule(module, function))
    return nullptr;
  for (ArrayRef<FunctionKind> family :
       {getElementwiseFunctions(), getShapeFunctions(), getSliceFunctions(),
        getReducingFunctions()})
    for (const FunctionKind &kind : family)
      if (llvm::is_contained(kind.names, function))
        return &kind;
  return nullptr;
}

/// Keras 3 leaves the module out of a legacy `.h5`. An operation is then told
/// from a layer by what only layers have, or by several positional arguments.
static bool isOperationWithoutModule(JsonValue node) {
  std::vector<JsonValue> calls = node["inbound_nodes"].elements();
  JsonValue config = node["config"];
  if (node["module"] || calls.empty() || !calls.front()["args"] ||
      config["trainable"])
    return false;
  StringRef className = node.string("class_name");
  return findFunction(toSnakeCase(className)) &&
         (!isKerasClass(className) || config["newshape"] ||
          calls.front()["args"].elements().size() > 1);
}

bool upconv::keras_import::isOperation(JsonValue node) {
  StringRef module = node.string("module");
  return module.contains(".ops.") || module.ends_with(".ops") ||
         isOperationWithoutModule(node);
}

bool upconv::keras_import::isFunctionNode(JsonValue node) {
  static constexpr StringRef classes[] = {"TFOpLambda", "SlicingOpLambda",
                                          "TensorFlowOpLayer", "Lambda"};
  return isOperation(node) ||
         llvm::is_contained(classes, node.string("class_name"));
}

namespace {

class FunctionReader {
public:
  FunctionReader(LayerPlan &plan, JsonValue node, Reporter &reporter)
      : plan(plan), node(node), config(node["config"]), reporter(reporter) {}

  void read();

private:
  void readLambda();
  void readOperation();
  void setFunction(std::string name, JsonValue place);
  void takeArguments(JsonValue arguments);

  InFlightDiagnostic unsupported(JsonValue place) {
    plan.valid = false;
    auto diagnostic =
        reporter.unsupported(place ? place.location() : plan.place);
    diagnostic << describe(plan) << ": ";
    return diagnostic;
  }

  LayerPlan &plan;
  JsonValue node, config;
  Reporter &reporter;
};

void FunctionReader::setFunction(std::string name, JsonValue place) {
  plan.function = findFunction(name);
  plan.functionName = std::move(name);
  if (!plan.function)
    unsupported(place) << "the function '" << plan.functionName
                       << "' is not supported";
}

void FunctionReader::takeArguments(JsonValue arguments) {
  for (const JsonValue::Member &member : arguments.members())
    plan.functionArguments.push_back({member.key, member.value});
}

/// An operation of keras.ops is a class, its arguments are members of its
/// config.
void FunctionReader::readOperation() {
  setFunction(toSnakeCase(node.string("class_name")), node["class_name"]);
  takeArguments(config);
}

/// A Lambda layer: the name of a function, or bytecode.
void FunctionReader::readLambda() {
  JsonValue function = config["function"];
  JsonValue name = function;
  if (function.isObject() && function.string("class_name") == "function")
    name = function["config"];
  StringRef module = config.string("module");
  bool isUsers = !module.empty() && !isKerasModule(module);
  bool isNamed = name.isString() && config.string("function_type") != "lambda";
  if (!isNamed || isUsers) {
    unsupported(isNamed ? name : node["class_name"]) << reasonFor("Lambda");
    return;
  }
  setFunction(name.asString()->str(), name);
  takeArguments(config["arguments"]);
}

void FunctionReader::read() {
  StringRef className = node.string("class_name");
  plan.valid = true;
  if (!config.isObject()) {
    plan.valid = false;
    reporter.invalid(config ? config.location() : node.location())
        << describe(plan) << ": 'config' must be an object";
  } else if (isOperation(node)) {
    readOperation();
  } else if (className == "Lambda") {
    readLambda();
  } else if (className == "TensorFlowOpLayer") {
    unsupported(node["class_name"])
        << "a node of a TensorFlow graph is not supported; use Keras's layers "
           "or functions in its place";
  } else if (auto name = config["function"].asString()) {
    setFunction(name->str(), config["function"]);
  } else {
    plan.valid = false;
    reporter.invalid(config.location())
        << describe(plan) << ": 'function' must be the name of a function";
  }
}

} // namespace

void upconv::keras_import::readFunction(LayerPlan &plan, JsonValue node,
                                        Reporter &reporter) {
  FunctionReader(plan, node, reporter).read();
}
