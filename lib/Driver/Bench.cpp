//===- Bench.cpp - upconv bench -------------------------------------------===//

#include "Commands.h"
#include "Workers.h"

#include "upconv/Driver/Machine.h"
#include "upconv/Driver/Suite.h"

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

// Inputs, parameters and outputs, each moved once.
static int64_t bytesMoved(const LibraryPlan &plan) {
  int64_t elements = plan.parameters;
  for (const std::vector<Port> *ports : {&plan.inputs, &plan.outputs})
    for (const Port &port : *ports) {
      int64_t count = 1;
      for (AffineExpr size : port.shape)
        count *= getConstant(size).value_or(1);
      elements += count;
    }
  return elements * 4;
}

static void countMacs(const Session &session, Row &row) {
  for (const KernelCall &call : session.built.calls) {
    const KernelSpec &spec = session.built.kernels[call.kernel];
    if (!spec.hasWeights())
      continue;
    row.usefulMacs += std::max<int64_t>(usefulMacs(spec), 0);
    row.executedMacs +=
        std::max<int64_t>(session.kernels[call.kernel].executedMacs, 0);
    llvm::StringRef separator = row.strategies.empty() ? "" : " ";
    row.strategies += (separator + spec.schedule.strategy).str();
    row.schedules += (separator + call.schedule).str();
  }
}

// Unknown batches become 1; any other unknown size must be pinned.
static bool staticShapes(const Session &session,
                         std::vector<std::vector<int64_t>> &shapes) {
  for (const Port &port : session.built.library.inputs) {
    std::vector<int64_t> shape;
    for (AffineExpr size : port.shape) {
      std::optional<int64_t> known = getConstant(size);
      if (!known) {
        printError("bench wants known sizes, and input '" + port.name +
                   "' has unknown ones: pin them with --input-shape");
        return false;
      }
      shape.push_back(*known);
    }
    shapes.push_back(std::move(shape));
  }
  return true;
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
  BenchRequest request;
  request.library = folder.file("lib.so");
  if (ExitStatus status = session.writeSharedLibrary(request.library);
      status != ExitOk)
    return status;
  row.compileMs = 1e3 * std::chrono::duration<double>(
                            std::chrono::steady_clock::now() - start)
                            .count();
  if (!staticShapes(session, request.inputShapes))
    return ExitUsage;
  countMacs(session, row);
  row.bytes = bytesMoved(session.built.library);
  request.threads = options.threads;
  request.seconds = options.seconds;
  request.vectorFloats = session.target.vectorFloats;
  request.fma = llvm::is_contained(session.target.requires_, "fma") ||
                session.target.vectorFloats > 8 ||
                llvm::StringRef(session.target.triple).starts_with("aarch64");
  request.usefulMacs = row.usefulMacs;
  request.bytes = row.bytes;
  if (ExitStatus status = benchInWorker(request, row.result); status != ExitOk)
    return status;
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

static bool isSuite(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return false;
  llvm::Expected<json::Value> value = json::parse((*buffer)->getBuffer());
  if (!value) {
    llvm::consumeError(value.takeError());
    return false;
  }
  const json::Object *object = value->getAsObject();
  return object && object->getArray("layers") && object->get("tiers");
}

static ExitStatus benchSuite(const Options &options, std::vector<Row> &rows) {
  llvm::Expected<Suite> suite = readSuite(options.import.path);
  if (!suite) {
    printError(suite.takeError());
    return ExitInvalid;
  }
  llvm::Expected<std::vector<SuiteLayer>> layers =
      selectLayers(*suite, options.tier, options.layer);
  if (!layers) {
    printError(layers.takeError());
    return ExitUsage;
  }
  TemporaryFolder folder;
  for (const SuiteLayer &layer : *layers) {
    Options one = options;
    one.import.path = folder.file(layer.id + ".json");
    one.import.inputShapes = {{"", inputShape(layer)}};
    if (!one.import.initSeed)
      one.import.initSeed = 1;
    OutputFiles file;
    if (!file.add(one.import.path, layerJson(layer)) || !file.commit())
      return ExitInternal;
    Row row;
    if (ExitStatus status = benchOne(one, layer.id, row); status != ExitOk)
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
