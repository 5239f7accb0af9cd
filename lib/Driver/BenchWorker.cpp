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
#include <map>

using namespace upconv;

namespace {

/// Reads the clock between the steps of a turn's runs.
class StepClock {
public:
  explicit StepClock(size_t steps) : totals(steps), turns(steps) {}

  void beginTurn() {
    std::fill(totals.begin(), totals.end(), 0);
    runs = 0;
  }
  LoadedLibrary::Trace trace() { return {at, this}; }
  /// Means of the turn's runs, beside what the peak loop gave.
  void endTurn(double gflops) {
    for (auto [turn, total] : llvm::zip(turns, totals)) {
      turn.seconds.push_back(total / runs);
      turn.gflops.push_back(gflops);
    }
  }
  llvm::ArrayRef<TimedSubject> subjects() const { return turns; }

private:
  static void at(void *context, int64_t step) {
    auto &clock = *static_cast<StepClock *>(context);
    double now = upconv_timing_now();
    if (step > 0)
      clock.totals[step - 1] += now - clock.last;
    if (step == static_cast<int64_t>(clock.totals.size()))
      ++clock.runs;
    clock.last = now;
  }

  std::vector<double> totals; ///< of the turn
  std::vector<TimedSubject> turns;
  double last = 0;
  int64_t runs = 0;
};

// The libraries while they are timed.
struct Timing {
  std::vector<Loaded> &libraries;
  /// Of the first library, for a subject behind all libraries; null: there is
  /// none.
  StepClock *steps;
  std::vector<LoadedLibrary::Options> options;
  std::vector<Buffer> wanted; ///< what the first library put out
  DeviceRates *device;        ///< null: they run on the CPU
  TimedTurns turns;
  std::vector<int64_t> runs; ///< on a device, of each library's next turn
  int failure = 0;           ///< a status of the first one
  bool isWarm = false;       ///< the turn's first run, not timed, is over

  bool isSteps(int64_t subject) const {
    return subject == static_cast<int64_t>(libraries.size());
  }
};
} // namespace

static void beginTurn(void *context, int64_t index) {
  auto &timing = *static_cast<Timing *>(context);
  timing.isWarm = false;
  if (timing.isSteps(index))
    timing.steps->beginTurn();
}

/// The same buffers with and without the clock: what the timing of steps costs
/// is then all that differs.
static void runSteps(Timing &timing) {
  Loaded &loaded = timing.libraries.front();
  const LoadedLibrary::Options &options = timing.options.front();
  int status =
      timing.isWarm
          ? loaded.library.runTraced(
                loaded.inputPointers.data(), loaded.extents.data(),
                loaded.outputPointers.data(), options, timing.steps->trace())
          : loaded.library.runRaw(loaded.inputPointers.data(),
                                  loaded.extents.data(),
                                  loaded.outputPointers.data(), options);
  if (status)
    timing.failure = status;
  timing.isWarm = true;
}

static void runSubject(void *context, int64_t index) {
  auto &timing = *static_cast<Timing *>(context);
  if (timing.isSteps(index))
    return runSteps(timing);
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

/// All libraries read and write the same memory, as one alone would: buffers of
/// their own would push each other out of the caches, and what is written back
/// for one would slow down the next. Memory that is not touched costs nothing.
static void shareBuffers(Timing &timing, int threads) {
  Loaded &first = timing.libraries.front();
  const Loaded &widest = *llvm::max_element(
      timing.libraries, [](const Loaded &a, const Loaded &b) {
        return a.sizes.workspace < b.sizes.workspace;
      });
  for (Loaded &loaded : timing.libraries) {
    loaded.inputPointers = first.inputPointers;
    if (loaded.sizes.outputShapes == first.sizes.outputShapes)
      loaded.outputPointers = first.outputPointers;
    timing.options.push_back(loaded.options(threads));
    timing.options.back().workspace = widest.workspace.data();
  }
}

/// Each has to write all of its output: none of the one before is left.
static int agreesWithFirst(void *context, int64_t index) {
  auto &timing = *static_cast<Timing *>(context);
  if (timing.isSteps(index) || timing.libraries.size() == 1)
    return true; // the steps are those of the first
  const Loaded &first = timing.libraries.front();
  if (timing.libraries[index].sizes.outputShapes != first.sizes.outputShapes)
    return false;
  bool same = true;
  for (auto [number, shape] : llvm::enumerate(first.sizes.outputShapes)) {
    int64_t count = elementCount(shape);
    if (index == 0)
      timing.wanted.emplace_back(count * sizeof(float));
    same &= upconv_timing_check_output(timing.wanted[number].floats(),
                                       first.outputPointers[number], count,
                                       index == 0);
  }
  return same;
}

static void recordRun(void *context, int64_t index, double seconds,
                      double gflops) {
  auto &timing = *static_cast<Timing *>(context);
  if (timing.isSteps(index))
    timing.steps->endTurn(gflops);
  TimedSubject &subject = timing.turns.subjects[index];
  subject.seconds.push_back(seconds);
  subject.gflops.push_back(gflops);
}

static upconv_timing_bandwidth bandwidthOf(DeviceRates &device, int64_t bytes) {
  double gbs = device.bandwidth(bytes);
  return {gbs, gbs};
}

/// Of each step beside a roofline of its own. Kernels of one size share what
/// was measured of the memory.
static void addSteps(const BenchRequest &request, const StepClock &steps,
                     int cores, std::vector<BenchResult> &results) {
  std::map<int64_t, upconv_timing_bandwidth> bandwidths;
  for (auto [work, subject] : llvm::zip(request.steps, steps.subjects())) {
    auto [known, isNew] = bandwidths.try_emplace(work.bytes);
    if (isNew)
      known->second = upconv_timing_measure_bandwidth(work.bytes);
    BenchRequest own = request;
    own.usefulMacs = work.usefulMacs;
    own.bytes = work.bytes;
    results.push_back(
        figuresOf(own, {known->second, cores, {subject}}).front());
  }
}

/// Fails if the first library does, or what the device is measured by.
static llvm::Expected<std::vector<BenchResult>>
measure(const BenchRequest &request, std::vector<Loaded> &libraries,
        DeviceRates *device) {
  StepClock steps(request.steps.size());
  Timing timing{
      libraries, request.steps.empty() ? nullptr : &steps, {}, {}, device, {},
      {}};
  timing.runs.assign(libraries.size(), 1);
  for (auto [buffer, shape] :
       llvm::zip(libraries.front().inputs, request.inputShapes))
    upconv_timing_fill_input(buffer.floats(), elementCount(shape));
  shareBuffers(timing, request.threads);
  TimedTurns &turns = timing.turns;
  size_t subjects = libraries.size() + (timing.steps ? 1 : 0);
  turns.subjects.resize(subjects);
  turns.cores = upconv_timing_cores();
  turns.bandwidth = device ? bandwidthOf(*device, request.bytes)
                           : upconv_timing_measure_bandwidth(request.bytes);
  std::vector<upconv_timing_outcome> outcomes(subjects);
  upconv_timing_turns toTake{&timing,
                             static_cast<int64_t>(subjects),
                             beginTurn,
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
  std::vector<BenchResult> results = figuresOf(request, turns);
  addSteps(request, steps, turns.cores, results);
  return results;
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
  request.steps.resize(reader.integer());
  for (StepWork &step : request.steps)
    step = {reader.integer(), reader.integer()};
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
      .add(static_cast<int64_t>(request.steps.size()));
  for (const StepWork &step : request.steps)
    writer.add(step.usefulMacs).add(step.bytes);
  writer.add(request.copyLibrary).add(request.multiplyAddLibrary);
  WorkerJob job{benchWorker, writer.take(), {/*cpuSeconds=*/3600, 0}};
  WorkerResult worker = runWorkers(job, 1).front();
  size_t stepResults = request.steps.empty() ? 0 : 1 + request.steps.size();
  results.resize(request.libraries.size() + stepResults);
  size_t bytes = results.size() * sizeof(BenchResult);
  if (!worker.ok() || worker.response.size() != bytes)
    return failureOf(worker);
  std::memcpy(results.data(), worker.response.data(), bytes);
  return ExitOk;
}
