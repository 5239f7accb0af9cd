//===- PortNames.cpp - Keras's names to C identifiers ---------------------===//

#include "upconv/Conversion/UpconvToLibraryPlan.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Regex.h"

using namespace upconv;

// Keras's automatic names are the class name in snake case and a counter of the
// session: saving a model again changes them, and an ABI must not follow.
static bool isAutomatic(llvm::StringRef name) {
  static const llvm::Regex automatic(
      "^(input|input_layer|keras_tensor|conv[123]d|conv[123]d_transpose|"
      "(depthwise|separable)_conv[12]d|dense|embedding|"
      "reshape|flatten|permute|repeat_vector|"
      "(zero_padding|cropping|up_sampling|spatial_dropout)[123]d|"
      "(global_)?(max|average)_pooling[123]d|"
      "(batch|layer|group|unit|rms)_normalization|normalization|rescaling|"
      "(re|leaky_re|p_re|thresholded_re)_lu|elu|softmax|activation|"
      "((alpha|gaussian)_)?dropout|gaussian_noise|identity|masking|"
      "add|subtract|multiply|average|maximum|minimum|concatenate|dot|"
      "functional|sequential|model|time_distributed|spectral_normalization|"
      "lambda)(_[0-9]+)?$");
  return name.empty() || automatic.match(name);
}

static std::string replaceForeign(llvm::StringRef name) {
  std::string identifier;
  for (char c : name)
    identifier += llvm::isAlnum(c) ? c : '_';
  return identifier;
}

std::string upconv::portName(llvm::StringRef name, llvm::StringRef otherwise) {
  if (isAutomatic(name))
    return otherwise.str();
  std::string identifier = replaceForeign(name);
  if (llvm::isDigit(identifier.front()))
    identifier.insert(identifier.begin(), '_');
  static const llvm::Regex keyword(
      "^(auto|break|case|char|class|const|continue|default|delete|do|double|"
      "else|"
      "enum|export|extern|false|float|for|goto|if|inline|int|long|namespace|"
      "new|"
      "operator|private|public|register|restrict|return|short|signed|sizeof|"
      "static|struct|switch|template|this|throw|true|try|typedef|typename|"
      "union|"
      "unsigned|using|virtual|void|volatile|while)$");
  return keyword.match(identifier) ? identifier + "_" : identifier;
}

// An automatic name without its counter; another one as it is.
static llvm::StringRef withoutCounter(llvm::StringRef layer) {
  if (!isAutomatic(layer))
    return layer;
  llvm::StringRef stem = layer.rtrim("0123456789");
  return stem != layer && stem.consume_back("_") ? stem : layer;
}

std::vector<std::string>
upconv::variableFields(llvm::ArrayRef<std::string> paths) {
  llvm::StringSet<> taken;
  auto unique = [&](std::string name) {
    std::string candidate = name;
    for (unsigned count = 2; !taken.insert(candidate).second; ++count)
      candidate = name + "_" + std::to_string(count);
    return candidate;
  };
  llvm::StringMap<std::string> layers;
  std::vector<std::string> fields;
  for (llvm::StringRef path : paths) {
    auto [layer, variable] = path.rsplit('/');
    auto [known, isNew] = layers.try_emplace(layer);
    if (isNew) {
      llvm::SmallVector<llvm::StringRef> parts;
      layer.split(parts, '/');
      std::string name;
      for (llvm::StringRef part : parts)
        name +=
            (name.empty() ? "" : "_") + replaceForeign(withoutCounter(part));
      if (name.empty() || llvm::isDigit(name.front()))
        name.insert(name.begin(), '_');
      known->second = unique(name);
    }
    fields.push_back(unique(known->second + "_" + replaceForeign(variable)));
  }
  return fields;
}
