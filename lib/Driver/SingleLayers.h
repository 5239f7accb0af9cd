//===- SingleLayers.h - Layers by themselves ------------------------------===//
//
// What bench and tune measure: the layers of a suite, or of a model, each as a
// model of its own.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DRIVER_SINGLELAYERS_H
#define UPCONV_LIB_DRIVER_SINGLELAYERS_H

#include "Session.h"

namespace upconv {

/// One layer as a bare one, with the shape of its input.
struct SingleLayer {
  std::string id;   ///< the suite's id, or the layer's name in the model
  std::string path; ///< a file with the bare layer
  std::vector<int64_t> inputShape;
};

/// The suite's layers that --tier and --layer leave, as files in `folder`.
ExitStatus suiteLayers(const Options &options, const TemporaryFolder &folder,
                       std::vector<SingleLayer> &layers);

/// The model's convolutions, transposed convolutions and Dense layers, each
/// with its own configuration and the shape of its input in the model; an
/// unknown batch is 1. A layer that is called twice with one shape comes once.
ExitStatus modelLayers(const Options &options, const TemporaryFolder &folder,
                       std::vector<SingleLayer> &layers);

/// MODEL is a benchmark suite.
bool isSuite(const std::string &path);

/// `options` for a bare layer: its file, its shape, weights of any kind.
Options optionsFor(const Options &options, const SingleLayer &subject);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_SINGLELAYERS_H
