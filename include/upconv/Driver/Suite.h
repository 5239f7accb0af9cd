//===- Suite.h - Benchmark suites -----------------------------------------===//
//
// Reads a list of transposed convolutions with their real shapes and turns each
// into the bare Keras layer that the importer takes.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_DRIVER_SUITE_H
#define UPCONV_DRIVER_SUITE_H

#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upconv {

/// One layer. Per-axis lists are outermost axis first, `rank` entries each.
struct SuiteLayer {
  std::string id, model, tier;
  int line = 0; ///< where the layer stands in its file
  int64_t rank = 0, batch = 0, cin = 0, cout = 0;
  std::vector<int64_t> inSpatial, kernel, strides, dilation;
  std::string padding; ///< "valid" or "same"
  std::optional<std::vector<int64_t>> outputPadding;

  /// As the file derives them: what the layer must come to. -1 and empty where
  /// the file says nothing.
  int64_t usefulMacs = -1;
  int64_t minimumBytes = -1; ///< input + kernel + output in float32, no bias
  std::vector<int64_t> outSpatial;
};

struct Suite {
  std::vector<std::string> tiers;
  std::vector<SuiteLayer> layers;
};

/// Reads a suite. The error's message is one finished diagnostic per line,
/// "FILE:LINE:COL: error: ...", all of them.
llvm::Expected<Suite> readSuite(const std::string &path);
/// The same from text; `name` is what messages call the file.
llvm::Expected<Suite> parseSuite(const std::string &text,
                                 const std::string &name);

/// The layers of a tier and with an id; an empty string is any. It is an error
/// (without "error: ") if the suite has no such tier or layer.
llvm::Expected<std::vector<SuiteLayer>> selectLayers(const Suite &suite,
                                                     const std::string &tier,
                                                     const std::string &id);

/// The layer as Keras writes it: {"class_name": ..., "config": {...}}, named by
/// its id, channels last, linear, with a bias: Keras's default, and what the
/// other libraries are timed with.
std::string layerJson(const SuiteLayer &layer);

/// (batch, spatial..., cin), for --input-shape.
std::vector<int64_t> inputShape(const SuiteLayer &layer);

} // namespace upconv

#endif // UPCONV_DRIVER_SUITE_H
