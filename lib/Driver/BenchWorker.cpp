//===- BenchWorker.cpp - Generated libraries, timed by turns --------------===//

#include "DeviceRates.h"
#include "LoadedModel.h"
#include "Turns.h"
#include "WorkerEntries.h"

#include "Diagnostics.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cstring>

using namespace upconv;

namespace {
// The libraries while they are timed.
struct Timing {
  std::vector<Loaded> &libraries;
  std::vector<LoadedLibrary::Options> options;
  DeviceRates *device; ///< null: they run on the CPU
  TimedTurns turns;
  std::vector<int64_t> runs; ///< on a device, of each library's next turn
  int failure = 0;           ///< a status of the first one
};
} // namespace

static void runSubject(void *context, int64_t index) {
  auto &timing = *static_cast<Timing *>(context);
  Loaded &loaded = timing.libraries[index];
  loaded.library.runRaw(loaded.inputPointers.data(), loaded.extents.data(),
                        loaded.outputPointers.data(), timing.options[index]);
}

/// Of runs of about a millisecond together, whose inputs are those of the first
/// run.
static double timeOnDevice(void *context, int64_t index) {
  auto &timing = *static_cast<Timing *>(context);
  Loaded &loaded = timing.libraries[index];
  LoadedLibrary::DeviceTime time;
  int status = loaded.library.timeOnDevice(
      loaded.inputPointers.data(), loaded.extents.data(),
      loaded.outputPointers.data(), timing.options[index], upconv_timing_now,
      timing.runs[index], /*isResident=*/true, time);
  if (status && index == 0)
    timing.failure = status;
  if (status)
    return INFINITY;
  timing.runs[index] = std::clamp<int64_t>(
      static_cast<int64_t>(1e-3 / std::max(time.seconds, 1e-9)), 1, 10000);
  return time.seconds;
}

static double peakOfDevice(void *context) {
  return static_cast<Timing *>(context)->device->gflops();
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

static upconv_timing_bandwidth bandwidthOf(DeviceRates &device, int64_t bytes) {
  double gbs = device.bandwidth(bytes);
  return {gbs, gbs};
}

/// Fails if the first library does, or what the device is measured by.
static llvm::Expected<std::vector<BenchResult>>
measure(const BenchRequest &request, std::vector<Loaded> &libraries,
        DeviceRates *device) {
  Timing timing{libraries, {}, device, {}, {}};
  timing.runs.assign(libraries.size(), 1);
  for (Loaded &loaded : libraries) {
    for (auto [buffer, shape] : llvm::zip(loaded.inputs, request.inputShapes))
      upconv_timing_fill_input(buffer.floats(), elementCount(shape));
    timing.options.push_back(loaded.options(request.threads));
  }
  TimedTurns &turns = timing.turns;
  turns.subjects.resize(libraries.size());
  turns.cores = upconv_timing_cores();
  turns.bandwidth = device ? bandwidthOf(*device, request.bytes)
                           : upconv_timing_measure_bandwidth(request.bytes);
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
                             request.fma,
                             device ? timeOnDevice : nullptr,
                             device ? peakOfDevice : nullptr};
  upconv_timing_take_turns(&toTake, outcomes.data());
  for (auto [subject, outcome] : llvm::zip(turns.subjects, outcomes)) {
    subject.agrees = outcome.agrees;
    subject.givenUp = outcome.given_up;
  }
  if (device)
    if (llvm::Error error = device->failure())
      return std::move(error);
  if (timing.failure)
    return llvm::createStringError(
        "upconv: error: " + libraries.front().library.describe(timing.failure));
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
  request.copyLibrary = reader.bytes().str();
  request.multiplyAddLibrary = reader.bytes().str();
  if (reader.failed || request.libraries.empty())
    return ExitInternal;
  std::vector<Loaded> libraries;
  for (const std::string &library : request.libraries) {
    llvm::Expected<Loaded> loaded =
        load({library, "", "", {}}, request.inputShapes, request.threads);
    if (!loaded)
      return reportLoading(loaded.takeError());
    libraries.push_back(std::move(*loaded));
  }
  std::optional<DeviceRates> device;
  if (request.isOnDevice()) {
    llvm::Expected<DeviceRates> rates = DeviceRates::load(request);
    if (!rates)
      return reportLoading(rates.takeError());
    device.emplace(std::move(*rates));
  }
  llvm::Expected<std::vector<BenchResult>> measured =
      measure(request, libraries, device ? &*device : nullptr);
  if (!measured)
    return reportLoading(measured.takeError());
  const std::vector<BenchResult> &results = *measured;
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
      .add(request.bytes)
      .add(request.copyLibrary)
      .add(request.multiplyAddLibrary);
  WorkerJob job{benchWorker, writer.take(), {/*cpuSeconds=*/3600, 0}};
  WorkerResult worker = runWorkers(job, 1).front();
  results.resize(request.libraries.size());
  size_t bytes = results.size() * sizeof(BenchResult);
  if (!worker.ok() || worker.response.size() != bytes)
    return failureOf(worker);
  std::memcpy(results.data(), worker.response.data(), bytes);
  return ExitOk;
}
