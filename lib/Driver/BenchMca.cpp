//===- BenchMca.cpp - upconv bench --mca ----------------------------------===//
//
// Rates the loops of each layer's kernels on models of processors instead of
// timing them: for targets that this machine cannot run.
//
//===----------------------------------------------------------------------===//

#include "Commands.h"
#include "Measure.h"
#include "SingleLayers.h"

#include "upconv/Target/Mca/RateLoops.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace upconv;

namespace json = llvm::json;

namespace {

/// One innermost loop and what a run executes in it.
struct Loop {
  RatedLoop rated;
  int64_t macs = 0;
};

struct Row {
  std::string id, target;
  Contractions contractions;
  int64_t usefulMacs = 0, bytes = 0;
  std::vector<Loop> loops; ///< of all kernels

  int64_t ratedMacs() const {
    int64_t macs = 0;
    for (const Loop &loop : loops)
      macs += loop.macs;
    return macs;
  }
  /// Of the layer's multiply-adds, those in loops that were rated.
  double ratedShare() const {
    int64_t all = contractions.executedMacs;
    return all > 0 ? double(ratedMacs()) / all : 0;
  }
  /// Over all rated loops, by the time that each takes.
  double use(size_t processor) const {
    double time = 0;
    for (const Loop &loop : loops)
      time += loop.macs / loop.rated.use[processor];
    return time > 0 ? ratedMacs() / time : 0;
  }
  /// Instructions that touch the stack, in loops that matter.
  unsigned stackOperands() const {
    unsigned count = 0;
    for (const Loop &loop : loops)
      if (loop.macs * 100 >= contractions.executedMacs)
        count += loop.rated.stackOperands;
    return count;
  }
  bool isComputeBound() const { return usefulMacs >= 4 * bytes; }
};

} // namespace

static AssemblyTarget assemblyTarget(const TargetInfo &target) {
  std::string features = target.features;
  for (const std::string &feature : target.requires_)
    features += (features.empty() ? "+" : ",+") + feature;
  return {target.triple, features, target.vectorFloats};
}

/// Whether a block of LLVM's is of Halide's loop: "acc1.s1.ci" of
/// "acc1.s1.ci.us".
static bool isOf(llvm::StringRef block, llvm::StringRef loop) {
  return block.consume_front(loop) && (block.empty() || block.front() == '.');
}

/// A loop of Halide's may be there several times, for one test's outcomes: the
/// worst one counts.
static void addLoops(const CompiledKernel &kernel,
                     const std::vector<RatedLoop> &rated, Row &row) {
  for (const auto &[name, macs] : kernel.loopMacs) {
    const RatedLoop *worst = nullptr;
    for (const RatedLoop &loop : rated)
      if (isOf(loop.name, name) && (!worst || loop.use < worst->use))
        worst = &loop;
    if (worst && macs > 0)
      row.loops.push_back({*worst, macs});
  }
}

static ExitStatus rateLayer(const Options &options, const std::string &id,
                            Row &row) {
  row.id = id;
  Session session(options);
  if (ExitStatus status = session.open(); status != ExitOk)
    return status;
  if (ExitStatus status = session.wantCpu("bench --mca"); status != ExitOk)
    return status;
  if (ExitStatus status = session.plan(/*withWeights=*/false); status != ExitOk)
    return status;
  std::optional<BenchRequest> request = benchRequest(session);
  if (!request)
    return ExitUsage;
  if (ExitStatus status = session.compileKernels(KernelText::Assembly);
      status != ExitOk)
    return status;
  row.target = session.target.name;
  row.usefulMacs = request->usefulMacs;
  row.bytes = request->bytes;
  row.contractions = contractionsOf(session);
  for (const KernelCall &call : session.built.calls) {
    const KernelSpec &spec = session.built.kernels[call.kernel];
    const CompiledKernel &kernel = session.kernels[call.kernel];
    if (!spec.hasWeights())
      continue;
    llvm::Expected<std::vector<RatedLoop>> rated = rateLoops(
        kernel.text, assemblyTarget(session.target), options.processors);
    if (!rated) {
      printError("'--mca': " + llvm::toString(rated.takeError()));
      return ExitUsage;
    }
    addLoops(kernel, *rated, row);
  }
  return ExitOk;
}

static void printRow(const Options &options, const Row &row) {
  llvm::outs() << llvm::left_justify(row.id, 28);
  for (auto [index, processor] : llvm::enumerate(options.processors))
    llvm::outs() << processor << llvm::format(" %.2f  ", row.use(index));
  llvm::outs() << llvm::format("%3.0f %% rated", 100 * row.ratedShare());
  if (unsigned count = row.stackOperands())
    llvm::outs() << ", " << count << " on the stack";
  llvm::outs() << "  " << row.contractions.strategies << "  "
               << row.contractions.schedules << "\n";
  llvm::outs().flush();
}

static void printMeans(const Options &options, const std::vector<Row> &rows) {
  std::vector<const Row *> bound;
  for (const Row &row : rows)
    if (row.isComputeBound() && row.ratedMacs() > 0)
      bound.push_back(&row);
  if (rows.size() < 2 || bound.empty())
    return;
  for (auto [index, processor] : llvm::enumerate(options.processors)) {
    double logarithm = 0;
    for (const Row *row : bound)
      logarithm += std::log(row->use(index));
    llvm::outs() << llvm::format("%.3f", std::exp(logarithm / bound.size()))
                 << " of the multiply-add pipes of " << processor
                 << ", geometric mean of " << bound.size()
                 << " layers of 4 multiply-adds per byte and more\n";
  }
  auto least = llvm::min_element(bound, [](const Row *a, const Row *b) {
    return a->ratedShare() < b->ratedShare();
  });
  size_t spilling = llvm::count_if(
      bound, [](const Row *row) { return row->stackOperands() > 0; });
  llvm::outs() << llvm::format("%.0f %%", 100 * (*least)->ratedShare())
               << " of the multiply-adds rated at least, " << spilling
               << " layers with stack slots in a loop of 1 % and more\n";
}

static json::Object toJson(const Options &options, const Row &row) {
  auto perProcessor = [&](llvm::function_ref<double(size_t)> value) {
    json::Object object;
    for (auto [index, processor] : llvm::enumerate(options.processors))
      object[processor] = value(index);
    return object;
  };
  json::Array loops;
  for (const Loop &loop : row.loops)
    loops.push_back(json::Object{
        {"name", loop.rated.name},
        {"macs", loop.macs},
        {"instructions", loop.rated.instructions},
        {"multiply_adds", loop.rated.multiplyAdds},
        {"stack_operands", loop.rated.stackOperands},
        {"use", perProcessor([&](size_t p) { return loop.rated.use[p]; })}});
  return json::Object{
      {"id", row.id},
      {"use", perProcessor([&](size_t p) { return row.use(p); })},
      {"rated_share", row.ratedShare()},
      {"stack_operands", row.stackOperands()},
      {"useful_macs", row.usefulMacs},
      {"executed_macs", row.contractions.executedMacs},
      {"bytes", row.bytes},
      {"bound", row.isComputeBound() ? "compute" : "bandwidth"},
      {"strategy", row.contractions.strategies},
      {"schedule", row.contractions.schedules},
      {"loops", std::move(loops)}};
}

static ExitStatus writeJson(const Options &options,
                            const std::vector<Row> &rows) {
  json::Array layers;
  for (const Row &row : rows)
    layers.push_back(toJson(options, row));
  json::Object report{{"target", rows.front().target},
                      {"processors", json::Array(options.processors)},
                      {"layers", std::move(layers)}};
  return writeJsonFile(options.jsonFile, std::move(report));
}

ExitStatus upconv::rateCommand(const Options &options) {
  TemporaryFolder folder;
  std::vector<SingleLayer> layers;
  ExitStatus status = isSuite(options.import.path)
                          ? suiteLayers(options, folder, layers)
                          : modelLayers(options, folder, layers);
  if (status != ExitOk)
    return status;
  std::vector<Row> rows;
  for (const SingleLayer &layer : layers) {
    Row row;
    status = rateLayer(optionsFor(options, layer), layer.id, row);
    if (status != ExitOk)
      return status;
    printRow(options, row);
    rows.push_back(std::move(row));
  }
  printMeans(options, rows);
  return options.jsonFile.empty() ? ExitOk : writeJson(options, rows);
}
