//===- LayerTimes.h - Where a model's time goes ---------------------------===//
//
// What `bench --by-layer` reports: the steps of one run, kernels and zeroed
// margins, each with its share of the time, and the same per kind of layer.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DRIVER_LAYERTIMES_H
#define UPCONV_LIB_DRIVER_LAYERTIMES_H

#include "Session.h"
#include "Workers.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace upconv {

/// A step of a run as a report names it.
struct RunStep {
  std::string layers; ///< those it computes, joined by " + "
  /// The Keras class of the layer whose products it sums, as "Conv2D", or what
  /// it does otherwise, as "elementwise". What is fused into a contraction
  /// counts as the contraction.
  std::string kind;
  std::string strategy, schedule; ///< of a kernel; margins have none
  int64_t executedMacs = 0;
  StepWork work;
};

/// The steps in the order of the run, of a session with compiled kernels and
/// known sizes.
std::vector<RunStep> stepsOf(const Session &session);

/// What was measured of a model by itself, in runs whose steps were timed, and
/// of those steps.
struct LayerTimes {
  const BenchResult &alone, &timed;
  llvm::ArrayRef<RunStep> steps;
  llvm::ArrayRef<BenchResult> results; ///< parallel to `steps`
};

/// A table of the steps, slowest first, a table of the kinds, and what the
/// times come to beside the run by itself.
void printLayerTimes(const LayerTimes &times, llvm::raw_ostream &os);

/// The same, the steps in their order, into the model's entry of the report.
void addLayerTimes(const LayerTimes &times, llvm::json::Object &entry);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_LAYERTIMES_H
