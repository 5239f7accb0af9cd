//===- Spelling.cpp - Names as Keras and people spell them ----------------===//

#include "Spelling.h"

#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace llvm;

std::string upconv::keras_import::didYouMean(StringRef name,
                                             ArrayRef<StringRef> candidates) {
  unsigned best = std::max<size_t>(1, name.size() / 3) + 1;
  StringRef nearest;
  for (StringRef candidate : candidates) {
    unsigned distance = name.equals_insensitive(candidate)
                            ? 0
                            : name.edit_distance(candidate, true, best);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest.empty() ? "" : (", did you mean '" + nearest + "'?").str();
}

std::string upconv::keras_import::toSnakeCase(StringRef className) {
  // (.)([A-Z][a-z]+) -> \1_\2
  std::string words;
  for (size_t i = 0; i < className.size(); ++i) {
    if (i > 0 && isUpper(className[i]) && i + 1 < className.size() &&
        isLower(className[i + 1]))
      words += '_';
    words += className[i];
  }
  // ([a-z])([A-Z]) -> \1_\2
  std::string result;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0 && isUpper(words[i]) && isLower(words[i - 1]))
      result += '_';
    result += toLower(words[i]);
  }
  return result;
}

std::string upconv::keras_import::toIdentifier(StringRef name) {
  std::string result;
  for (char c : name)
    result += isAlnum(c) ? c : '_';
  if (result.empty() || isDigit(result.front()))
    result.insert(0, "model_");
  return result;
}

std::string upconv::keras_import::formatShape(ArrayRef<int64_t> shape) {
  std::string text = "(";
  for (auto [index, size] : enumerate(shape)) {
    text += index ? ", " : "";
    text += mlir::ShapedType::isDynamic(size) ? "None" : std::to_string(size);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}
