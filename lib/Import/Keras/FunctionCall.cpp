//===- FunctionCall.cpp - A function of tensors and its arguments ---------===//

#include "FunctionCall.h"
#include "Scope.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv::keras_import;

//===----------------------------------------------------------------------===//
// Binding
//===----------------------------------------------------------------------===//

static StringRef firstName(StringRef parameter) {
  return parameter.take_until([](char c) { return c == '|'; });
}

static bool hasName(StringRef parameter, StringRef name) {
  SmallVector<StringRef> names;
  parameter.split(names, '|');
  return llvm::is_contained(names, name);
}

bool FunctionCall::bindArgument(const CallArgument &argument,
                                StringRef parameter) {
  if (!find(firstName(parameter))) {
    bound.emplace_back(firstName(parameter), &argument);
    return true;
  }
  reporter.invalid(argument.value.location())
      << describe(layer) << ": the argument '" << firstName(parameter)
      << "' is given twice";
  return false;
}

bool FunctionCall::isMeaningless(const CallArgument &argument) {
  static constexpr StringRef meaningless[] = {"name", "dtype", "trainable",
                                              "training", "mask"};
  if ((!argument.value.isSet() && !argument.tensor) ||
      llvm::is_contained(meaningless, argument.name))
    return true;
  reporter.unsupported(argument.value.location())
      << describe(layer) << ": "
      << (argument.name.empty() ? "one of the arguments"
                                : "the argument '" + argument.name + "'")
      << " of '" << name() << "' is not supported";
  return false;
}

/// Arguments of the call come first, by position or by name; those that the
/// layer itself holds fill the rest.
bool FunctionCall::bind() {
  ArrayRef<StringRef> parameters = layer.function->parameters;
  bool valid = true;
  size_t position = 0;
  auto findParameter = [&](StringRef name) {
    return llvm::find_if(parameters, [&](StringRef candidate) {
      return hasName(candidate, name);
    });
  };
  for (const CallArgument &argument : call.arguments) {
    if (argument.name.empty() && position < parameters.size()) {
      valid &= bindArgument(argument, parameters[position++]);
      continue;
    }
    auto parameter = findParameter(argument.name);
    if (parameter == parameters.end())
      valid &= isMeaningless(argument);
    else
      valid &= bindArgument(argument, *parameter);
  }
  for (const CallArgument &argument : layer.functionArguments) {
    auto parameter = findParameter(argument.name);
    if (parameter == parameters.end())
      valid &= isMeaningless(argument);
    else if (!find(firstName(*parameter)))
      bound.emplace_back(firstName(*parameter), &argument);
  }
  return valid;
}

FunctionResults FunctionCall::build() {
  if (!bind())
    return {};
  FunctionResults results = layer.function->build(*this);
  return llvm::all_of(results, [](Value value) { return bool(value); })
             ? results
             : FunctionResults();
}

const CallArgument *FunctionCall::find(StringRef parameter) const {
  for (const auto &[name, argument] : bound)
    if (name == parameter)
      return argument;
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

Location FunctionCall::placeOf(StringRef parameter) const {
  const CallArgument *argument = find(parameter);
  return argument && argument->value ? argument->value.location() : call.place;
}

InFlightDiagnostic FunctionCall::invalid(StringRef parameter) {
  auto diagnostic = reporter.invalid(placeOf(parameter));
  diagnostic << describe(layer) << ": ";
  return diagnostic;
}

InFlightDiagnostic FunctionCall::unsupported(StringRef parameter) {
  auto diagnostic = reporter.unsupported(placeOf(parameter));
  diagnostic << describe(layer) << ": ";
  return diagnostic;
}

Value FunctionCall::tensorIfAny(StringRef parameter) const {
  const CallArgument *argument = find(parameter);
  return argument && argument->tensor ? tensors[*argument->tensor] : Value();
}

Value FunctionCall::tensor(StringRef parameter) {
  Value value = tensorIfAny(parameter);
  if (!value)
    invalid(parameter) << "'" << parameter << "' of '" << name()
                       << "' must be a tensor of another layer";
  return value;
}

bool FunctionCall::collect(const CallArgument &argument,
                           SmallVector<Value> &values) const {
  if (argument.tensor) {
    values.push_back(tensors[*argument.tensor]);
    return true;
  }
  bool valid = !argument.elements.empty();
  for (const CallArgument &element : argument.elements)
    valid &= collect(element, values);
  return valid;
}

SmallVector<Value> FunctionCall::tensorList(StringRef parameter) {
  SmallVector<Value> values;
  const CallArgument *argument = find(parameter);
  if (argument && collect(*argument, values))
    return values;
  unsupported(parameter) << "'" << parameter << "' of '" << name()
                         << "' must be a list of tensors of other layers";
  return {};
}

JsonValue FunctionCall::literal(StringRef parameter) const {
  const CallArgument *argument = find(parameter);
  return argument && !argument->tensor && argument->value.isSet()
             ? argument->value
             : JsonValue();
}

bool FunctionCall::isNull(StringRef parameter) const {
  const CallArgument *argument = find(parameter);
  return argument && !argument->tensor && argument->value.isNull();
}

/// Appends the numbers of a nest of lists whose axes from `axis` on have the
/// sizes in `shape`, or have none yet.
static bool readNest(JsonValue value, size_t axis, bool isFirst,
                     Constant &constant) {
  if (auto number = value.asNumber()) {
    constant.values.push_back(*number);
    return axis == constant.shape.size();
  }
  std::vector<JsonValue> elements = value.elements();
  if (isFirst && axis == constant.shape.size())
    constant.shape.push_back(elements.size());
  if (elements.empty() || axis >= constant.shape.size() ||
      constant.shape[axis] != int64_t(elements.size()))
    return false;
  for (auto [index, element] : llvm::enumerate(elements))
    if (!readNest(element, axis + 1, isFirst && index == 0, constant))
      return false;
  return true;
}

std::optional<Constant> Constant::read(JsonValue value) {
  StringRef className = value.string("class_name");
  if (className == "__numpy__" || className == "__tensor__")
    value = value["config"]["value"];
  Constant constant;
  if (!value || !readNest(value, 0, /*isFirst=*/true, constant))
    return std::nullopt;
  return constant;
}

bool Constant::isUniform() const { return llvm::all_equal(values); }

bool Constant::broadcastsTo(ArrayRef<int64_t> other) const {
  if (shape.size() > other.size())
    return false;
  for (auto [size, wanted] :
       llvm::zip(llvm::reverse(shape), llvm::reverse(other)))
    if (size != 1 && size != wanted)
      return false;
  return true;
}

bool Constant::isRow() const {
  return !shape.empty() && int64_t(values.size()) == shape.back();
}

std::optional<double> FunctionCall::number(StringRef parameter) const {
  return literal(parameter).asNumber();
}

std::optional<Shape> FunctionCall::integers(StringRef parameter,
                                            std::optional<Shape> byDefault) {
  JsonValue value = literal(parameter);
  if (!value && byDefault)
    return byDefault;
  JsonValue list =
      value.string("class_name") == "__tuple__" ? value["items"] : value;
  Shape result;
  bool valid = bool(value);
  if (auto integer = value.asInteger())
    result.push_back(*integer);
  else
    valid &= list.isArray();
  for (JsonValue element : list.elements()) {
    auto integer = element.asInteger();
    valid &= integer.has_value();
    result.push_back(integer.value_or(0));
  }
  if (valid)
    return result;
  InFlightDiagnostic diagnostic = unsupported(parameter);
  diagnostic << "'" << parameter << "' of '" << name()
             << "' must be an integer or a list of integers in the file";
  if (value)
    diagnostic << ", got " << value.text();
  return std::nullopt;
}

bool FunctionCall::flag(StringRef parameter, bool byDefault) const {
  return literal(parameter).asBool().value_or(byDefault);
}

std::string FunctionCall::word(StringRef parameter, StringRef byDefault) const {
  return literal(parameter).asString().value_or(byDefault).lower();
}
