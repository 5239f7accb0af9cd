//===- Bench.cpp - upconv bench -------------------------------------------===//

#include "Commands.h"
#include "Measure.h"
#include "TuneSubjects.h"

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
  std::string id, strategies, schedules;
  BenchResult result;
  int64_t usefulMacs = 0, executedMacs = 0;
  double compileMs = 0;
  int64_t bytes = 0;
};

} // namespace

static void countMacs(const Session &session, Row &row) {
  for (const KernelCall &call : session.built.calls) {
    const KernelSpec &spec = session.built.kernels[call.kernel];
    if (!spec.hasWeights())
      continue;
    row.executedMacs +=
        std::max<int64_t>(session.kernels[call.kernel].executedMacs, 0);
    llvm::StringRef separator = row.strategies.empty() ? "" : " ";
    row.strategies += (separator + spec.schedule.strategy).str();
    row.schedules += (separator + call.schedule).str();
  }
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

static ExitStatus benchOne(const Options &options, const std::string &id,
                           Row &row) {
  row.id = id;
  auto start = std::chrono::steady_clock::now();
  Session session(options);
  if (ExitStatus status = session.open(); status != ExitOk)
    return status;
  if (ExitStatus status = session.build(); status != ExitOk)
    return status;
  TemporaryFolder folder;
  std::string library = folder.file("lib.so");
  if (ExitStatus status = session.writeSharedLibrary(library); status != ExitOk)
    return status;
  row.compileMs = 1e3 * std::chrono::duration<double>(
                            std::chrono::steady_clock::now() - start)
                            .count();
  countMacs(session, row);
  std::optional<BenchRequest> request = benchRequest(session);
  if (!request)
    return ExitUsage;
  row.usefulMacs = request->usefulMacs;
  request->libraries = {library};
  request->threads = options.threads;
  request->seconds = options.seconds;
  row.bytes = request->bytes;
  std::vector<BenchResult> results;
  if (ExitStatus status = benchInWorker(*request, results); status != ExitOk)
    return status;
  row.result = results.front();
  if (row.result.fraction > 1.03) {
    printError("layer '" + id + "' ran at " +
               llvm::formatv("{0:f2}", row.result.fraction).str() +
               " of its roofline: a peak or bandwidth anchor is wrong");
    return ExitInternal;
  }
  return ExitOk;
}

static void printRow(const Row &row) {
  llvm::outs() << llvm::left_justify(row.id, 28)
               << llvm::format("%10.3f ms  %8.1f GFLOP/s  %5.2f of roofline",
                               row.result.medianMs,
                               2e-6 * row.usefulMacs / row.result.medianMs,
                               row.result.fraction)
               << "  " << row.strategies << "  " << row.schedules << "\n";
  llvm::outs().flush();
}

static json::Object toJson(const Row &row) {
  return json::Object{{"id", row.id},
                      {"ms", row.result.medianMs},
                      {"min_ms", row.result.minMs},
                      {"runs", row.result.runs},
                      {"gflops", 2e-6 * row.usefulMacs / row.result.medianMs},
                      {"peak_gflops", row.result.peakGflops},
                      {"roofline_ms", row.result.rooflineMs},
                      {"roofline_fraction", row.result.fraction},
                      {"useful_macs", row.usefulMacs},
                      {"executed_macs", row.executedMacs},
                      {"strategy", row.strategies},
                      {"schedule", row.schedules},
                      {"compile_ms", row.compileMs}};
}

static ExitStatus writeJson(const Options &options, const std::string &target,
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
      {"machine", json::Object{{"description", describeMachine()}}},
      {"target", target},
      {"peak_gflops", peaks.empty() ? 0.0 : peaks[peaks.size() / 2]},
      {"bandwidth", std::move(bandwidths)},
      {"threads", options.threads},
      {"layers", std::move(layers)}};
  OutputFiles files;
  std::string text =
      llvm::formatv("{0:2}\n", json::Value(std::move(report))).str();
  return files.add(options.jsonFile, text) && files.commit() ? ExitOk
                                                             : ExitInvalid;
}

static ExitStatus benchSuite(const Options &options, std::vector<Row> &rows) {
  TemporaryFolder folder;
  std::vector<TuneSubject> layers;
  if (ExitStatus status = suiteSubjects(options, folder, layers);
      status != ExitOk)
    return status;
  for (const TuneSubject &layer : layers) {
    Row row;
    if (ExitStatus status = benchOne(optionsFor(options, layer), layer.id, row);
        status != ExitOk)
      return status;
    printRow(row);
    rows.push_back(std::move(row));
  }
  return ExitOk;
}

static ExitStatus benchModel(const Options &options, std::vector<Row> &rows) {
  // The batch is pinned to 1 before lowering, by importing once to see it.
  Options pinned = options;
  {
    Session session(options);
    if (ExitStatus status = session.open(); status != ExitOk)
      return status;
    pinBatch(pinned, session);
  }
  Row row;
  if (ExitStatus status = benchOne(pinned, options.import.path, row);
      status != ExitOk)
    return status;
  printRow(row);
  rows.push_back(std::move(row));
  return ExitOk;
}

ExitStatus upconv::benchCommand(const Options &options) {
  std::vector<Row> rows;
  ExitStatus status = isSuite(options.import.path) ? benchSuite(options, rows)
                                                   : benchModel(options, rows);
  if (status != ExitOk)
    return status;
  double logarithm = 0;
  for (const Row &row : rows)
    logarithm += std::log(row.result.fraction);
  if (rows.size() > 1)
    llvm::outs() << "geometric mean of " << rows.size() << " layers: "
                 << llvm::format("%.3f", std::exp(logarithm / rows.size()))
                 << " of roofline\n";
  if (options.jsonFile.empty())
    return ExitOk;
  return writeJson(options, options.target, rows);
}
