//===- Data.cpp - Inputs and outputs of run and verify --------------------===//

#include "Data.h"

#include "Diagnostics.h"

#include "upconv/Support/Npy.h"
#include "upconv/Support/Random.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using namespace upconv;

/// The port of this name: its own, or that of the layer that it alone belongs
/// to.
static std::optional<size_t> findPort(ArrayRef<PortShape> ports, StringRef name,
                                      StringRef what) {
  std::string known;
  SmallVector<size_t, 1> ofLayer;
  for (auto [index, port] : llvm::enumerate(ports)) {
    if (name == port.name)
      return index;
    if (name == port.layerName)
      ofLayer.push_back(index);
    known += (known.empty() ? "'" : ", '") + port.name + "'";
  }
  if (ofLayer.size() == 1)
    return ofLayer.front();
  printError((ofLayer.empty() ? "the model has no " + what + " '" + name +
                                    "'; it has " + known
                              : "several " + what + "s belong to layer '" +
                                    name + "': name one of " + known)
                 .str());
  return std::nullopt;
}

std::optional<std::vector<size_t>>
upconv::bindPorts(ArrayRef<std::pair<std::string, std::string>> arguments,
                  ArrayRef<PortShape> ports, StringRef what) {
  bool inOrder = arguments.size() == ports.size() &&
                 llvm::all_of(arguments, [](const auto &argument) {
                   return argument.first.empty();
                 });
  std::vector<size_t> indices;
  for (auto [position, argument] : llvm::enumerate(arguments)) {
    std::optional<size_t> index = position;
    if (!inOrder && argument.first.empty()) {
      printError(("the model has " + llvm::Twine(ports.size()) + " " + what +
                  "s: give all of them in order, or names")
                     .str());
      return std::nullopt;
    }
    if (!inOrder)
      index = findPort(ports, argument.first, what);
    if (!index)
      return std::nullopt;
    indices.push_back(*index);
  }
  return indices;
}

std::string upconv::shapeText(ArrayRef<int64_t> shape) {
  std::string text = "(";
  for (auto [i, size] : llvm::enumerate(shape))
    text +=
        (i ? ", " : "") + (ShapedType::isDynamic(size) ? std::string("None")
                                                       : std::to_string(size));
  return text + ")";
}

// Values that need no file.
static bool makeValues(StringRef source, Tensor &tensor) {
  float constant = 0;
  uint64_t seed = 0;
  if (source == "zero" || source.consume_front("constant:")) {
    double value = 0;
    if (source != "zero" && source.getAsDouble(value))
      return false;
    constant = static_cast<float>(value);
    std::fill(tensor.values.begin(), tensor.values.end(), constant);
    return true;
  }
  if (!source.consume_front("random:") || source.getAsInteger(10, seed))
    return false;
  // The upper 24 bits as a uniform value in [-1, 1).
  SplitMix64 random(seed);
  for (float &value : tensor.values)
    value = static_cast<float>(random.next() >> 40) / (1 << 23) - 1.0f;
  return true;
}

static bool isPseudoFile(StringRef source) {
  return source == "zero" || source.starts_with("constant:") ||
         source.starts_with("random:");
}

// The shape of a made input: what is known, the pinned sizes, batch 1.
static bool chooseShape(const Options &options, const PortShape &port,
                        std::vector<int64_t> &shape) {
  shape = port.shape;
  for (const auto &[name, pinned] : options.import.inputShapes)
    if ((name.empty() || name == port.name || name == port.layerName) &&
        pinned.size() == shape.size())
      for (auto [size, pin] : llvm::zip(shape, pinned))
        if (ShapedType::isDynamic(size))
          size = pin;
  if (ShapedType::isDynamic(shape.front()))
    shape.front() = 1;
  if (llvm::none_of(shape, ShapedType::isDynamic))
    return true;
  printError("input '" + port.name + "' has unknown sizes, " +
             shapeText(port.shape) +
             ": give them with --input-shape, or give the input as a file");
  return false;
}

static ExitStatus readFile(const PortShape &port, const std::string &path,
                           Tensor &input) {
  llvm::Expected<Tensor64> values = readNpy(path);
  if (!values) {
    printError(values.takeError());
    return ExitInvalid;
  }
  bool fits = values->shape.size() == port.shape.size();
  for (auto [size, want] : llvm::zip(values->shape, port.shape))
    fits &= ShapedType::isDynamic(want) || size == want;
  if (!fits) {
    llvm::errs() << path << ": error: input '" << port.name
                 << "' must have shape " << shapeText(port.shape) << ", got "
                 << shapeText(values->shape) << "\n";
    return ExitInvalid;
  }
  input.shape = values->shape;
  input.values.assign(values->values.begin(), values->values.end());
  return ExitOk;
}

ExitStatus upconv::readInputs(const Options &options,
                              const std::vector<PortShape> &ports,
                              std::vector<Tensor> &inputs) {
  std::vector<std::string> sources(ports.size());
  for (auto [index, source] : llvm::enumerate(sources))
    source = "random:" + std::to_string(index);
  auto bound = bindPorts(options.inputs, ports, "input");
  if (!bound)
    return ExitUsage;
  for (auto [index, argument] : llvm::zip(*bound, options.inputs))
    sources[index] = argument.second;
  inputs.resize(ports.size());
  for (auto [port, source, input] : llvm::zip(ports, sources, inputs)) {
    if (!isPseudoFile(source)) {
      if (ExitStatus status = readFile(port, source, input); status != ExitOk)
        return status;
      continue;
    }
    if (!chooseShape(options, port, input.shape))
      return ExitUsage;
    input.values.resize(elementCount(input.shape));
    if (!makeValues(source, input)) {
      printError("'--input' does not understand '" + source +
                 "'; it takes a .npy file, random:SEED, zero or constant:V");
      return ExitUsage;
    }
  }
  return ExitOk;
}

static void printOutput(const PortShape &port, const Tensor &tensor) {
  double low = INFINITY, high = -INFINITY, sum = 0;
  for (float value : tensor.values) {
    low = std::fmin(low, value);
    high = std::fmax(high, value);
    sum += value;
  }
  llvm::outs() << port.name << ": shape (";
  for (auto [i, size] : llvm::enumerate(tensor.shape))
    llvm::outs() << (i ? ", " : "") << size;
  llvm::outs() << "), min " << llvm::format("%g", low) << ", max "
               << llvm::format("%g", high) << ", mean "
               << llvm::format("%g", sum / tensor.values.size()) << "\n";
}

ExitStatus upconv::writeOutputs(const Options &options,
                                const std::vector<PortShape> &ports,
                                const std::vector<Tensor> &outputs) {
  if (options.outputs.empty()) {
    for (auto [port, tensor] : llvm::zip(ports, outputs))
      printOutput(port, tensor);
    return ExitOk;
  }
  auto bound = bindPorts(options.outputs, ports, "output");
  if (!bound)
    return ExitUsage;
  for (auto [index, argument] : llvm::zip(*bound, options.outputs))
    if (printError(writeNpy(argument.second, outputs[index])))
      return ExitInvalid;
  return ExitOk;
}
