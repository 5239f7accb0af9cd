//===- Workers.h - What runs in processes of its own ----------------------===//
//
// Both ends of each worker protocol, side by side: import (untrusted files),
// kernel (Halide), run and bench (generated code).
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DRIVER_WORKERS_H
#define UPCONV_LIB_DRIVER_WORKERS_H

#include "upconv/Driver/Driver.h"
#include "upconv/Import/Keras/ImportKeras.h"
#include "upconv/Support/Tensor.h"
#include "upconv/Target/Halide/CompileKernel.h"
#include "upconv/Target/Library/LoadedLibrary.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>
#include <vector>

namespace upconv {

struct Options;
struct WorkerJob;

/// Imports under limits of time and memory. The worker prints its diagnostics.
ExitStatus importInWorker(mlir::MLIRContext &context,
                          const ImportOptions &options, ImportedModel &model);

/// Compiles the kernels that the cache does not have, `jobs` of `options` at a
/// time (0: one per core), with progress on a terminal. `seconds` receives each
/// worker's wall time; 0 for what the cache had, of which a remark tells.
/// `meanwhile` as in runWorkers; what is not ExitOk, it has reported, and ends
/// the compilation.
ExitStatus compileInWorkers(
    const std::vector<KernelSpec> &specs, KernelText text,
    const Options &options, std::vector<CompiledKernel> &kernels,
    std::vector<double> &seconds,
    llvm::function_ref<ExitStatus()> meanwhile = [] { return ExitOk; });

/// A shared library, and what it needs besides inputs.
struct RunSubject {
  std::string library;
  std::string shownAs; ///< the user's name for it, in messages
  /// For a library without weights inside: a file of packed ones, or the
  /// values of its variables in order (empty where one is not used).
  std::string weightsFile;
  std::vector<Tensor> variables;
};

/// What a library says of itself.
struct LibraryAccount {
  std::string name;
  std::vector<LoadedPort> inputs, outputs;
  bool takesWeights = false;
  std::vector<Variable> variables; ///< what it packs
};

/// Loads an archive or a shared library that upconv made, from `path`. An
/// archive is linked to `linked` first. ExitUnsupported if it is for another
/// machine.
ExitStatus inspectInWorker(const std::string &path, const std::string &linked,
                           LibraryAccount &account);

/// Runs a shared library once on `inputs`.
ExitStatus runInWorker(const RunSubject &subject,
                       const std::vector<Tensor> &inputs, int threads,
                       std::vector<Tensor> &outputs);

/// What a step of a run does at least.
struct StepWork {
  int64_t usefulMacs = 0, bytes = 0;
};

/// Libraries of one model, timed by turns, and what they are measured against.
struct BenchRequest {
  std::vector<std::string> libraries;
  std::vector<std::vector<int64_t>> inputShapes;
  std::vector<int64_t> outputRanks;
  int threads = 1;
  double seconds = 1; ///< of measuring, per library
  double giveUp = 0;  ///< leave a library alone whose ratio exceeds this; 0: no
  int64_t vectorFloats = 4;
  bool fma = true;
  int64_t usefulMacs = 0, bytes = 0;
  /// The steps of the only library, which traces them; empty: not timed.
  std::vector<StepWork> steps;
  /// Of libraries for a GPU: what its rooflines are made of (DeviceRates.h).
  std::string copyLibrary, multiplyAddLibrary;

  bool isOnDevice() const { return !copyLibrary.empty(); }
};
/// What one library gave.
struct BenchResult {
  double medianMs = 0, minMs = 0;
  double peakGflops = 0;            ///< median of the paired loops
  double readGbs = 0, writeGbs = 0; ///< at the layer's working set
  double rooflineMs = 0, fraction = 0;
  double ratio = 1;   ///< to the first library: median of the paired times
  bool agrees = true; ///< outputs equal the first's, up to the sign of zero
  bool givenUp = false;
  int64_t runs = 0;
};
/// Inputs are small integers, so that libraries with integer weights agree bit
/// for bit. One that does not is not timed. Where there are steps, the results
/// are the library's, those of runs whose steps are timed, and each step's.
ExitStatus benchInWorker(const BenchRequest &request,
                         std::vector<BenchResult> &results);

/// A job that compiles a bare layer with integer weights to a shared library,
/// or to an archive if the file ends in ".a"; its name without the ending is
/// the library's. MODEL, --input-shape, --target, --schedules and --cache are
/// those of `options`. The exit status is the compilation's.
WorkerJob candidateJob(const Options &options, const std::string &library);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_WORKERS_H
