//===- Bench.cpp - upconv bench -------------------------------------------===//

#include "Commands.h"
#include "DeviceRates.h"
#include "LayerTimes.h"
#include "Measure.h"
#include "SingleLayers.h"
#include "Turns.h"

#include "upconv/Driver/Machine.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <cmath>

using namespace mlir;
using namespace upconv;

namespace json = llvm::json;

namespace {

// What one row of the report says.
struct Row {
  std::string id;
  Contractions contractions;
  BenchResult result;                  ///< of all passes
  std::vector<RunStep> steps;          ///< with --by-layer
  std::vector<BenchResult> timedSteps; ///< a run with them, then each
  /// What each pass gave: the library's first, then those of `timedSteps`.
  std::vector<std::vector<BenchResult>> passes;
  std::unique_ptr<TemporaryFolder> folder; ///< of the library
  BenchRequest request;
  int64_t usefulMacs = 0;
  double compileMs = 0;
  int64_t bytes = 0;
  int64_t outputChannels = 0;    ///< of the output with the most of them
  bool multipliesOthers = false; ///< than the model's float32 numbers
  std::string target;

  /// Of the fastest run of all, beside the fastest roofline of any pass.
  double fastest() const { return result.rooflineMs / result.minMs; }
  bool isComputeBound() const {
    return llvm::StringRef(boundOf(usefulMacs, result)) == "compute";
  }
  /// No measured time can be below the roofline. That is a float32 one, which
  /// products of bfloat16 numbers, and fewer products of sums, may exceed.
  bool isSuspect() const { return !multipliesOthers && result.fraction > 1.03; }
};

} // namespace

static void describe(const Session &session, Row &row) {
  row.target = session.target.name;
  for (const Port &port : session.built.library.outputs)
    row.outputChannels = std::max(row.outputChannels,
                                  getConstant(port.shape.back()).value_or(0));
  row.contractions = contractionsOf(session);
  row.multipliesOthers =
      llvm::any_of(session.built.kernels, [](const KernelSpec &spec) {
        return precisionOf(spec) != Precision::Float32;
      });
}

// The keras function with every unknown batch pinned to 1.
static void pinBatch(Options &options, Session &session) {
  auto function = session.function();
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto shape =
        cast<RankedTensorType>(function.getArgumentTypes()[i]).getShape();
    if (!ShapedType::isDynamic(shape.front()))
      continue;
    auto name = function.getArgAttrOfType<StringAttr>(i, "keras.name");
    std::vector<int64_t> pinned(shape.begin(), shape.end());
    pinned.front() = 1;
    options.import.inputShapes.push_back({name ? name.str() : "", pinned});
  }
}

/// Compiles a layer or a model to what is measured.
static ExitStatus prepare(const Options &options, const std::string &id,
                          MeasuredDevice &device, Row &row) {
  row.id = id;
  auto start = std::chrono::steady_clock::now();
  Session session(options);
  if (ExitStatus status = session.open(); status != ExitOk)
    return status;
  if (!session.runsHere())
    return session.refuseToRun("'--mca CPU' rates its loops");
  if (options.byLayer)
    if (ExitStatus status = session.wantCpu("bench --by-layer");
        status != ExitOk)
      return status;
  if (ExitStatus status = device.open(session); status != ExitOk)
    return status;
  if (ExitStatus status = session.build(); status != ExitOk)
    return status;
  row.folder = std::make_unique<TemporaryFolder>();
  std::string library = row.folder->file("lib.so");
  if (ExitStatus status = session.writeSharedLibrary(library); status != ExitOk)
    return status;
  row.compileMs = 1e3 * std::chrono::duration<double>(
                            std::chrono::steady_clock::now() - start)
                            .count();
  describe(session, row);
  std::optional<BenchRequest> request = benchRequest(session);
  if (!request)
    return ExitUsage;
  row.usefulMacs = request->usefulMacs;
  request->libraries = {library};
  request->threads = options.threads;
  request->seconds = options.seconds;
  device.addTo(*request);
  row.bytes = request->bytes;
  if (options.byLayer)
    row.steps = stepsOf(session);
  for (const RunStep &step : row.steps)
    request->steps.push_back(step.work);
  row.request = std::move(*request);
  return ExitOk;
}

/// Of the results at `index`, medians of the passes, their fastest run, and the
/// fastest of their rooflines: beside a slow one a fast run of another pass
/// would look better than it is.
static BenchResult together(llvm::ArrayRef<std::vector<BenchResult>> passes,
                            size_t index) {
  auto medianOf = [&](double BenchResult::*figure) {
    std::vector<double> values;
    for (const std::vector<BenchResult> &pass : passes)
      values.push_back(pass[index].*figure);
    return median(std::move(values));
  };
  BenchResult result = passes.front()[index];
  result.medianMs = medianOf(&BenchResult::medianMs);
  result.peakGflops = medianOf(&BenchResult::peakGflops);
  result.readGbs = medianOf(&BenchResult::readGbs);
  result.writeGbs = medianOf(&BenchResult::writeGbs);
  result.fraction = medianOf(&BenchResult::fraction);
  result.runs = 0;
  for (const std::vector<BenchResult> &pass : passes) {
    result.minMs = std::min(result.minMs, pass[index].minMs);
    result.rooflineMs = std::min(result.rooflineMs, pass[index].rooflineMs);
    result.runs += pass[index].runs;
  }
  return result;
}

static ExitStatus measure(Row &row) {
  std::vector<BenchResult> results;
  if (ExitStatus status = benchInWorker(row.request, results); status != ExitOk)
    return status;
  row.passes.push_back(std::move(results));
  row.result = together(row.passes, 0);
  row.timedSteps.clear();
  for (size_t i = 1; i < row.passes.front().size(); ++i)
    row.timedSteps.push_back(together(row.passes, i));
  return ExitOk;
}

static LayerTimes layerTimesOf(const Row &row) {
  return {row.result, row.timedSteps.front(), row.steps,
          llvm::ArrayRef(row.timedSteps).drop_front()};
}

static void printRow(const Row &row) {
  llvm::outs() << llvm::left_justify(row.id, 28)
               << llvm::format("%10.3f ms  %8.1f GFLOP/s  %5.2f of roofline"
                               " (fastest run %.2f)",
                               row.result.medianMs,
                               2e-6 * row.usefulMacs / row.result.medianMs,
                               row.result.fraction, row.fastest())
               << "  " << row.contractions.strategies << "  "
               << row.contractions.schedules << "\n";
  if (!row.steps.empty())
    printLayerTimes(layerTimesOf(row), llvm::outs());
  llvm::outs().flush();
}

static json::Object toJson(const Row &row) {
  json::Object entry{{"id", row.id},
                     {"ms", row.result.medianMs},
                     {"min_ms", row.result.minMs},
                     {"runs", row.result.runs},
                     {"passes", row.passes.size()},
                     {"gflops", 2e-6 * row.usefulMacs / row.result.medianMs},
                     {"peak_gflops", row.result.peakGflops},
                     {"roofline_ms", row.result.rooflineMs},
                     {"roofline_fraction", row.result.fraction},
                     {"fastest_fraction", row.fastest()},
                     {"useful_macs", row.usefulMacs},
                     {"executed_macs", row.contractions.executedMacs},
                     {"bound", boundOf(row.usefulMacs, row.result)},
                     {"cout", row.outputChannels},
                     {"strategy", row.contractions.strategies},
                     {"schedule", row.contractions.schedules},
                     {"compile_ms", row.compileMs}};
  if (!row.steps.empty())
    addLayerTimes(layerTimesOf(row), entry);
  return entry;
}

static ExitStatus writeJson(const Options &options,
                            const MeasuredDevice &device,
                            const std::vector<Row> &rows) {
  std::vector<double> peaks;
  json::Array layers, bandwidths;
  for (const Row &row : rows) {
    peaks.push_back(row.result.peakGflops);
    layers.push_back(toJson(row));
    bandwidths.push_back(json::Object{{"bytes", row.bytes},
                                      {"read_gbs", row.result.readGbs},
                                      {"write_gbs", row.result.writeGbs}});
  }
  llvm::sort(peaks);
  json::Object report{
      {"machine",
       json::Object{{"description",
                     device.isOpen() ? device.name() : describeMachine()}}},
      {"target", rows.front().target},
      {"peak_gflops", peaks.empty() ? 0.0 : peaks[peaks.size() / 2]},
      {"bandwidth", std::move(bandwidths)},
      {"threads", options.threads},
      {"layers", std::move(layers)}};
  return writeJsonFile(options.jsonFile, std::move(report));
}

/// A slow minute of the machine should not decide a layer, so the passes go
/// over all of them, one after the other. The last one prints.
static ExitStatus measureInPasses(const Options &options,
                                  std::vector<Row> &rows,
                                  llvm::function_ref<ExitStatus(size_t)> make) {
  for (int pass = 1; pass <= options.passes; ++pass)
    for (size_t i = 0; i < rows.size(); ++i) {
      if (pass == 1)
        if (ExitStatus status = make(i); status != ExitOk)
          return status;
      if (ExitStatus status = measure(rows[i]); status != ExitOk)
        return status;
      if (pass == options.passes)
        printRow(rows[i]);
    }
  return ExitOk;
}

static ExitStatus benchSuite(const Options &options, MeasuredDevice &device,
                             std::vector<Row> &rows) {
  TemporaryFolder folder;
  std::vector<SingleLayer> layers;
  if (ExitStatus status = suiteLayers(options, folder, layers);
      status != ExitOk)
    return status;
  rows.resize(layers.size());
  return measureInPasses(options, rows, [&](size_t i) {
    return prepare(optionsFor(options, layers[i]), layers[i].id, device,
                   rows[i]);
  });
}

static ExitStatus benchModel(const Options &options, MeasuredDevice &device,
                             std::vector<Row> &rows) {
  // The batch is pinned to 1 before lowering, by importing once to see it.
  Options pinned = options;
  {
    Session session(options);
    if (ExitStatus status = session.open(); status != ExitOk)
      return status;
    pinBatch(pinned, session);
  }
  rows.resize(1);
  return measureInPasses(options, rows, [&](size_t i) {
    return prepare(pinned, options.import.path, device, rows[i]);
  });
}

static void printMean(const std::vector<Row> &rows, const char *what,
                      llvm::function_ref<bool(const Row &)> counts) {
  double logarithm = 0, fastest = 0;
  int count = 0;
  for (const Row &row : rows)
    if (counts(row)) {
      logarithm += std::log(row.result.fraction);
      fastest += std::log(row.fastest());
      ++count;
    }
  if (count > 0)
    llvm::outs() << llvm::format("%.3f of roofline (fastest runs %.3f)",
                                 std::exp(logarithm / count),
                                 std::exp(fastest / count))
                 << ", geometric mean of " << count << " layers" << what
                 << "\n";
}

// By what limits a layer. A few microseconds say more of the call than of the
// code, and are only in the first line.
static void printMeans(const std::vector<Row> &rows) {
  if (rows.size() < 2)
    return;
  const int64_t narrow = 4;
  auto isLong = [](const Row &row) { return row.result.medianMs > 0.02; };
  auto isNarrow = [=](const Row &row) { return row.outputChannels <= narrow; };
  printMean(rows, "", [](const Row &) { return true; });
  printMean(rows, " over 20 us", isLong);
  printMean(rows, " over 20 us, compute-bound, more than 4 channels out",
            [&](const Row &row) {
              return isLong(row) && row.isComputeBound() && !isNarrow(row);
            });
  printMean(rows, " over 20 us, bandwidth-bound, more than 4 channels out",
            [&](const Row &row) {
              return isLong(row) && !row.isComputeBound() && !isNarrow(row);
            });
  printMean(rows, " over 20 us, at most 4 channels out",
            [&](const Row &row) { return isLong(row) && isNarrow(row); });
}

static ExitStatus reportSuspects(const std::vector<Row> &rows) {
  ExitStatus status = ExitOk;
  for (const Row &row : rows)
    if (row.isSuspect()) {
      printError("layer '" + row.id + "' ran at " +
                 llvm::formatv("{0:f2}", row.result.fraction).str() +
                 " of its roofline: a peak or bandwidth anchor is wrong");
      status = ExitInternal;
    }
  return status;
}

ExitStatus upconv::benchCommand(const Options &options) {
  if (!options.processors.empty())
    return rateCommand(options);
  bool ofSuite = isSuite(options.import.path);
  if (options.byLayer && ofSuite) {
    printError("'--by-layer' takes a model: each layer of a suite is timed by "
               "itself");
    return ExitUsage;
  }
  std::vector<Row> rows;
  MeasuredDevice device;
  ExitStatus status = ofSuite ? benchSuite(options, device, rows)
                              : benchModel(options, device, rows);
  if (status != ExitOk)
    return status;
  printMeans(rows);
  if (!options.jsonFile.empty())
    if (status = writeJson(options, device, rows); status != ExitOk)
      return status;
  return reportSuspects(rows);
}
