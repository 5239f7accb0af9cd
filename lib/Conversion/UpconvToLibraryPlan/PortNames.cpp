//===- PortNames.cpp - Keras's names to C identifiers ---------------------===//

#include "upconv/Conversion/UpconvToLibraryPlan.h"

#include "llvm/ADT/StringExtras.h"
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

std::string upconv::portName(llvm::StringRef name, llvm::StringRef otherwise) {
  if (isAutomatic(name))
    return otherwise.str();
  std::string identifier;
  for (char c : name)
    identifier += llvm::isAlnum(c) ? c : '_';
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
