//===- BenchWorker.cpp - Generated libraries, timed by turns --------------===//

#include "LoadedModel.h"
#include "Turns.h"
#include "WorkerEntries.h"

#include "Diagnostics.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace upconv;

namespace {
// The libraries while they are timed.
struct Timing {
  std::vector<Loaded> &libraries;
  std::vector<LoadedLibrary::Options> options;
  TimedTurns turns;
};
} // namespace

static void runSubject(void *context, int64_t index) {
  auto &timing = *static_cast<Timing *>(context);
  Loaded &loaded = timing.libraries[index];
  loaded.library.runRaw(loaded.inputPointers.data(), loaded.extents.data(),
                        loaded.outputPointers.data(), timing.options[index]);
}

static int agreesWithFirst(void *context, int64_t index) {
  const Loaded &a = static_cast<Timing *>(context)->libraries.front();
  const Loaded &b = static_cast<Timing *>(context)->libraries[index];
  if (a.sizes.outputShapes != b.sizes.outputShapes)
    return false;
  return llvm::all_of(
      llvm::zip(a.sizes.outputShapes, a.outputPointers, b.outputPointers),
      [](const auto &output) {
        const auto &[shape, left, right] = output;
        return upconv_timing_same_values(left, right, elementCount(shape));
      });
}

static void recordRun(void *context, int64_t index, double seconds,
                      double gflops) {
  TimedSubject &subject = static_cast<Timing *>(context)->turns.subjects[index];
  subject.seconds.push_back(seconds);
  subject.gflops.push_back(gflops);
}

static std::vector<BenchResult> measure(const BenchRequest &request,
                                        std::vector<Loaded> &libraries) {
  Timing timing{libraries, {}, {}};
  for (Loaded &loaded : libraries) {
    for (auto [buffer, shape] : llvm::zip(loaded.inputs, request.inputShapes))
      upconv_timing_fill_input(buffer.floats(), elementCount(shape));
    timing.options.push_back(loaded.options(request.threads));
  }
  TimedTurns &turns = timing.turns;
  turns.subjects.resize(libraries.size());
  turns.cores = upconv_timing_cores();
  turns.bandwidth = upconv_timing_measure_bandwidth(request.bytes);
  std::vector<upconv_timing_outcome> outcomes(libraries.size());
  upconv_timing_turns toTake{&timing,
                             static_cast<int64_t>(libraries.size()),
                             /*begin=*/nullptr,
                             runSubject,
                             agreesWithFirst,
                             recordRun,
                             request.seconds,
                             request.giveUp,
                             request.vectorFloats,
                             request.fma};
  upconv_timing_take_turns(&toTake, outcomes.data());
  for (auto [subject, outcome] : llvm::zip(turns.subjects, outcomes)) {
    subject.agrees = outcome.agrees;
    subject.givenUp = outcome.given_up;
  }
  return figuresOf(request, turns);
}

int upconv::benchWorker(llvm::StringRef text) {
  FieldReader reader(text);
  BenchRequest request;
  for (int64_t i = 0, count = reader.integer(); i < count && !reader.failed;
       ++i)
    request.libraries.push_back(reader.bytes().str());
  request.inputShapes = readShapes(reader);
  request.threads = reader.integer();
  request.seconds = reader.integer() * 1e-6;
  request.giveUp = reader.integer() * 1e-6;
  request.vectorFloats = reader.integer();
  request.fma = reader.integer();
  request.usefulMacs = reader.integer();
  request.bytes = reader.integer();
  if (reader.failed || request.libraries.empty())
    return ExitInternal;
  std::vector<Loaded> libraries;
  for (const std::string &library : request.libraries) {
    llvm::Expected<Loaded> loaded =
        load({library, "", "", {}}, request.inputShapes, request.threads);
    if (!loaded) {
      printError(loaded.takeError());
      return ExitInvalid;
    }
    libraries.push_back(std::move(*loaded));
  }
  std::vector<BenchResult> results = measure(request, libraries);
  llvm::outs() << llvm::StringRef(
      reinterpret_cast<const char *>(results.data()),
      results.size() * sizeof(BenchResult));
  llvm::outs().flush();
  return ExitOk;
}

ExitStatus upconv::benchInWorker(const BenchRequest &request,
                                 std::vector<BenchResult> &results) {
  FieldWriter writer;
  writer.add(request.libraries.size());
  for (const std::string &library : request.libraries)
    writer.add(library);
  writeShapes(writer, request.inputShapes);
  writer.add(static_cast<int64_t>(request.threads))
      .add(static_cast<int64_t>(request.seconds * 1e6))
      .add(static_cast<int64_t>(request.giveUp * 1e6))
      .add(request.vectorFloats)
      .add(static_cast<int64_t>(request.fma))
      .add(request.usefulMacs)
      .add(request.bytes);
  WorkerJob job{benchWorker, writer.take(), {/*cpuSeconds=*/3600, 0}};
  WorkerResult worker = runWorkers(job, 1).front();
  results.resize(request.libraries.size());
  size_t bytes = results.size() * sizeof(BenchResult);
  if (!worker.ok() || worker.response.size() != bytes)
    return failureOf(worker);
  std::memcpy(results.data(), worker.response.data(), bytes);
  return ExitOk;
}
