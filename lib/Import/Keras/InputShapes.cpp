//===- InputShapes.cpp - What --input-shape says --------------------------===//

#include "ModelReader.h"
#include "Spelling.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace upconv::keras_import;

using NamedShape = std::pair<std::string, std::vector<int64_t>>;

static std::string format(ArrayRef<int64_t> shape) {
  std::string text;
  for (auto [index, size] : llvm::enumerate(shape)) {
    text += index ? "," : "";
    text += ShapedType::isDynamic(size) ? "?" : std::to_string(size);
  }
  return text;
}

/// The input that `name` means: Keras's name, that name as a C identifier, or
/// `input`, `input_2`, ... by position; null after an error.
static InputPlan *findInput(ModelPlan &plan, StringRef name,
                            Reporter &reporter) {
  if (name.empty()) {
    if (plan.inputs.size() == 1)
      return &plan.inputs.front();
    reporter.invalid() << "'--input-shape' needs NAME= because model '"
                       << plan.name << "' has " << plan.inputs.size()
                       << " inputs";
    return nullptr;
  }
  SmallVector<StringRef> known;
  for (InputPlan &input : plan.inputs) {
    if (input.name == name)
      return &input;
    known.push_back(input.name);
  }
  for (auto [index, input] : llvm::enumerate(plan.inputs))
    if (toIdentifier(input.name) == name ||
        name == (index == 0 ? "input" : "input_" + std::to_string(index + 1)))
      return &input;
  reporter.invalid() << "'--input-shape': model '" << plan.name
                     << "' has no input '" << name << "'"
                     << didYouMean(name, known);
  return nullptr;
}

/// Pins the unknown dimensions of `input`.
static void pin(InputPlan &input, ArrayRef<int64_t> shape, Reporter &reporter) {
  if (input.shape.empty()) {
    input.shape.assign(shape.begin(), shape.end());
    return;
  }
  bool agrees = input.shape.size() == shape.size();
  for (auto [known, wanted] : llvm::zip(input.shape, shape))
    agrees &= ShapedType::isDynamic(known) || ShapedType::isDynamic(wanted) ||
              known == wanted;
  if (!agrees) {
    InFlightDiagnostic diagnostic = reporter.invalid(input.place);
    diagnostic << "input '" << input.name << "' has shape "
               << format(input.shape) << ", which '--input-shape' "
               << format(shape) << " contradicts";
    return;
  }
  for (auto [known, wanted] : llvm::zip(input.shape, shape))
    if (!ShapedType::isDynamic(wanted))
      known = wanted;
}

/// A bare layer has the inputs that the command line gives it.
static void shapeBareLayer(ModelPlan &plan, ArrayRef<NamedShape> shapes,
                           Reporter &reporter) {
  LayerPlan &layer = *plan.layers.front();
  InputPlan recorded = plan.inputs.front();
  plan.inputs.clear();
  for (auto [index, named] : llvm::enumerate(shapes)) {
    std::string name = !named.first.empty() ? named.first
                       : index == 0 ? "input"
                                    : "input_" + std::to_string(index + 1);
    plan.inputs.push_back(
        {name, Shape(named.second.begin(), named.second.end()), layer.place});
  }
  if (shapes.empty() && !recorded.shape.empty()) {
    recorded.name = "input";
    plan.inputs.push_back(recorded);
  }
  if (plan.inputs.empty()) {
    reporter.invalid(layer.place)
        << "layer '" << layer.name << "' (" << layer.className
        << "): a bare layer has no input shape, give one with '--input-shape'";
    return;
  }
  LayerCall call{0, {}, layer.place};
  for (const InputPlan &input : plan.inputs)
    call.inputs.push_back({input.name, 0, 0, layer.place, std::nullopt});
  plan.calls.push_back(std::move(call));
}

static void verifyInput(InputPlan &input, Reporter &reporter) {
  if (input.shape.empty()) {
    reporter.invalid(input.place)
        << "input '" << input.name
        << "' has no shape in the file, give one with '--input-shape'";
    return;
  }
  if (input.shape.size() > 6) {
    reporter.unsupported(input.place)
        << "input '" << input.name << "' has " << input.shape.size()
        << " axes, more than 6 are not supported";
    return;
  }
  std::optional<int64_t> bytes = 4;
  for (int64_t size : input.shape)
    if (!ShapedType::isDynamic(size) && bytes)
      bytes = llvm::checkedMul(*bytes, size);
  if (!bytes)
    reporter.invalid(input.place)
        << "input '" << input.name << "' of shape " << format(input.shape)
        << " has a size that overflows 64 bits";
}

void upconv::keras_import::applyInputShapes(
    ModelPlan &plan, const std::vector<NamedShape> &shapes,
    Reporter &reporter) {
  for (const NamedShape &named : shapes)
    if (llvm::any_of(named.second, [](int64_t size) {
          return !ShapedType::isDynamic(size) && size <= 0;
        })) {
      reporter.invalid() << "'--input-shape' must hold positive sizes, got "
                         << format(named.second);
      return;
    }
  if (plan.isBareLayer) {
    shapeBareLayer(plan, shapes, reporter);
  } else {
    for (const NamedShape &named : shapes)
      if (InputPlan *input = findInput(plan, named.first, reporter))
        pin(*input, named.second, reporter);
  }
  for (InputPlan &input : plan.inputs)
    verifyInput(input, reporter);
}
