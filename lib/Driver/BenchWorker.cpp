//===- BenchWorker.cpp - Generated libraries, timed by turns --------------===//
//
// Every timed run stands beside a run of the multiply-add peak, and beside a
// run of the first library: clocks drift by a fifth within seconds, ratios of
// neighbours do not.
//
//===----------------------------------------------------------------------===//

#include "LoadedModel.h"
#include "WorkerEntries.h"

#include "Diagnostics.h"

#include "upconv/Driver/Machine.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <cstring>

using namespace upconv;

using Clock = std::chrono::steady_clock;

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

static double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2,
                   values.end());
  return values[values.size() / 2];
}

// Seconds that the roofline allows at a peak of `gflops` per thread.
static double roofline(const BenchRequest &request, double gflops, double gbs) {
  double compute = 2.0 * request.usefulMacs / (gflops * 1e9);
  return std::max(compute, request.bytes / (gbs * 1e9));
}

namespace {
// One library while it is timed.
struct Subject {
  Loaded &loaded;
  LoadedLibrary::Options options;
  BenchResult result;
  std::vector<double> times, peaks, fractions, ratios;

  bool active() const { return result.agrees && !result.givenUp; }
  void run() {
    loaded.library.runRaw(loaded.inputPointers.data(), loaded.extents.data(),
                          loaded.outputPointers.data(), options);
  }
  // A run shorter than the clock's grain is repeated until it is not.
  double timeRun() {
    Clock::time_point begin = Clock::now();
    int repeats = 0;
    do {
      run();
      ++repeats;
    } while (secondsSince(begin) < 1e-3);
    return secondsSince(begin) / repeats;
  }
};
} // namespace

static void fillInputs(const BenchRequest &request, Loaded &loaded) {
  for (auto [buffer, shape] : llvm::zip(loaded.inputs, request.inputShapes))
    for (int64_t i = 0, count = elementCount(shape); i < count; ++i)
      buffer.floats()[i] = static_cast<float>((i * 37 + 11) % 101 % 5 - 2);
}

static bool sameOutputs(const Loaded &a, const Loaded &b) {
  if (a.sizes.outputShapes != b.sizes.outputShapes)
    return false;
  for (auto [shape, left, right] :
       llvm::zip(a.sizes.outputShapes, a.outputPointers, b.outputPointers))
    for (int64_t i = 0, count = elementCount(shape); i < count; ++i)
      if (!(left[i] == right[i] ||
            (left[i] != left[i] && right[i] != right[i])))
        return false;
  return true;
}

static std::vector<BenchResult> measure(const BenchRequest &request,
                                        std::vector<Loaded> &libraries) {
  std::vector<Subject> subjects;
  for (Loaded &loaded : libraries) {
    fillInputs(request, loaded);
    subjects.push_back(
        {loaded, loaded.options(request.threads), {}, {}, {}, {}, {}});
  }
  int threads = request.threads ? request.threads : availableCores();
  Bandwidth bandwidth = measureBandwidth(request.bytes);
  // A layer reads and writes; the faster direction is the safe anchor.
  double gbs = std::max(bandwidth.readGbs, bandwidth.writeGbs);
  bool byTurns = subjects.size() > 1;

  for (Subject &subject : subjects) {
    for (int i = 0; i < (byTurns ? 1 : 3); ++i)
      subject.run();
    subject.result.agrees = sameOutputs(libraries.front(), subject.loaded);
  }
  const size_t leastRounds = 9, mostRounds = 10000, roundsBeforeGivingUp = 3;
  auto enough = [&](size_t rounds, Clock::time_point start) {
    return rounds >= mostRounds ||
           (rounds >= leastRounds &&
            secondsSince(start) >= request.seconds * subjects.size());
  };
  Clock::time_point start = Clock::now();
  for (size_t round = 0; !enough(round, start); ++round) {
    for (Subject &subject : subjects) {
      if (!subject.active())
        continue;
      if (byTurns)
        subject.run(); // what the others left in the caches does not count
      double seconds = subject.timeRun();
      double gflops =
          threads * measurePeakGflops(request.vectorFloats, request.fma, 0.001);
      subject.times.push_back(seconds * 1e3);
      subject.peaks.push_back(gflops);
      subject.fractions.push_back(roofline(request, gflops, gbs) / seconds);
      subject.ratios.push_back(seconds * 1e3 / subjects.front().times.back());
      if (request.giveUp > 0 && subject.times.size() == roundsBeforeGivingUp)
        subject.result.givenUp = median(subject.ratios) > request.giveUp;
    }
  }
  std::vector<BenchResult> results;
  for (Subject &subject : subjects) {
    BenchResult &result = subject.result;
    result.readGbs = bandwidth.readGbs;
    result.writeGbs = bandwidth.writeGbs;
    result.runs = subject.times.size();
    if (result.runs > 0) {
      result.medianMs = median(subject.times);
      result.minMs = *llvm::min_element(subject.times);
      result.peakGflops = median(subject.peaks);
      result.rooflineMs = roofline(request, result.peakGflops, gbs) * 1e3;
      result.fraction = median(subject.fractions);
      result.ratio = median(subject.ratios);
    }
    results.push_back(result);
  }
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
