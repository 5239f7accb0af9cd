//===- LayerTimes.cpp - Where a model's time goes -------------------------===//

#include "LayerTimes.h"

#include "TextTable.h"
#include "Turns.h"

#include "upconv/Dialect/Keras/IR/LayerLocation.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace upconv;

namespace json = llvm::json;

//===----------------------------------------------------------------------===//
// The steps of a run
//===----------------------------------------------------------------------===//

// All sizes are known: bench refuses a model of which one is not.
static int64_t elementsOf(const TensorArgument &tensor) {
  int64_t elements = 1;
  for (const Size &size : tensor.shape)
    elements *= size.constant;
  return elements;
}

// Elements of Keras's kernel and bias that some output depends on; in pairs
// where the input is.
static int64_t liveWeights(const KernelSpec &spec) {
  if (!spec.hasWeights())
    return 0;
  int64_t weights =
      spec.outputChannels() * (spec.layerChannels() / spec.groups);
  for (int64_t size : spec.window)
    weights *= size;
  weights -= deadWeights(spec);
  if (spec.multipliesPairs())
    weights = (weights + 1) / 2;
  return weights + (spec.hasBias ? spec.outputChannels() : 0);
}

// What must move at least: every element that is needed, once.
static int64_t bytesOf(const KernelSpec &spec) {
  int64_t written = elementsOf(spec.output), read = elementsOf(spec.input);
  bool picks = spec.anchor == Anchor::Reindex;
  int64_t moved = written + (picks ? std::min(read, written) : read);
  for (auto [index, operand] : llvm::enumerate(spec.operands)) {
    bool isTable = spec.anchor == Anchor::Lookup && index == 0;
    int64_t elements = elementsOf(operand);
    moved += isTable ? std::min(elements, written) : elements;
  }
  return 4 * (moved + liveWeights(spec));
}

static int64_t bytesOf(const ZeroMargins &zero) {
  int64_t inside = 1, all = 1;
  for (auto [size, low, high] :
       llvm::zip(zero.shape, zero.haloLow, zero.haloHigh)) {
    int64_t extent = getConstant(size).value_or(0);
    inside *= extent;
    all *= low + extent + high;
  }
  return 4 * (all - inside);
}

static std::string kindOf(const KernelSpec &spec, llvm::StringRef layerClass) {
  switch (spec.anchor) {
  case Anchor::ConvTranspose:
  case Anchor::Conv:
  case Anchor::SumParts: // the end of a contraction in parts
    return layerClass.empty() ? "contraction" : layerClass.str();
  case Anchor::MaxPool:
  case Anchor::AveragePool:
    return "pooling";
  case Anchor::Softmax:
    return "softmax";
  case Anchor::Elementwise:
    return "elementwise";
  case Anchor::Interpolate:
    return "resizing";
  case Anchor::Reduce:
    return "reduction";
  case Anchor::Lookup:
    return "lookup";
  case Anchor::Transpose:
  case Anchor::Copy:
  case Anchor::Round:
  case Anchor::Reindex:
    return "copying";
  }
  llvm_unreachable("every anchor has a kind");
}

std::vector<RunStep> upconv::stepsOf(const Session &session) {
  llvm::StringMap<std::string> classes;
  session.kerasModule.get().walk([&](keras::LayerOpInterface layer) {
    classes[keras::getLayerName(layer.getLoc())] = layer.getLayerClass();
  });
  std::vector<RunStep> steps;
  auto call = session.built.calls.begin();
  for (const Step &step : session.built.library.steps) {
    if (step.kind == Step::Kind::ZeroMargins) {
      steps.push_back(
          {step.zero.layer, "margins", "", "", 0, {0, bytesOf(step.zero)}});
      continue;
    }
    const KernelSpec &spec = session.built.kernels[call->kernel];
    int64_t executed = session.kernels[call->kernel].executedMacs;
    steps.push_back({call->layer,
                     kindOf(spec, classes.lookup(call->anchorLayer)),
                     spec.schedule.strategy,
                     call->schedule,
                     std::max<int64_t>(executed, 0),
                     {std::max<int64_t>(usefulMacs(spec), 0), bytesOf(spec)}});
    ++call;
  }
  return steps;
}

//===----------------------------------------------------------------------===//
// Figures
//===----------------------------------------------------------------------===//

namespace {

/// Of one step, or of all of one kind together.
struct Time {
  std::string kind;
  int64_t steps = 0, usefulMacs = 0;
  double ms = 0, share = 0;
  double rooflineMs = 0; ///< by the paired fractions

  double fraction() const { return ms > 0 ? rooflineMs / ms : 0; }
  double gflops() const { return ms > 0 ? 2e-6 * usefulMacs / ms : 0; }
};

} // namespace

static double sumOf(const LayerTimes &times) {
  double ms = 0;
  for (const BenchResult &result : times.results)
    ms += result.medianMs;
  return ms;
}

// In the order of the run.
static std::vector<Time> timesOf(const LayerTimes &times) {
  double sum = sumOf(times);
  std::vector<Time> list;
  for (auto [step, result] : llvm::zip(times.steps, times.results))
    list.push_back({step.kind, 1, step.work.usefulMacs, result.medianMs,
                    sum > 0 ? result.medianMs / sum : 0,
                    result.fraction * result.medianMs});
  return list;
}

// Slowest first.
static std::vector<Time> kindsOf(llvm::ArrayRef<Time> steps) {
  std::vector<Time> kinds;
  for (const Time &step : steps) {
    auto kind = llvm::find_if(
        kinds, [&](const Time &known) { return known.kind == step.kind; });
    if (kind == kinds.end()) {
      kinds.push_back(step);
      continue;
    }
    kind->steps += step.steps;
    kind->usefulMacs += step.usefulMacs;
    kind->ms += step.ms;
    kind->share += step.share;
    kind->rooflineMs += step.rooflineMs;
  }
  llvm::stable_sort(kinds,
                    [](const Time &a, const Time &b) { return a.ms > b.ms; });
  return kinds;
}

//===----------------------------------------------------------------------===//
// Text and JSON
//===----------------------------------------------------------------------===//

// Cells of one width, so that numbers stand under each other.
static std::vector<std::string> cellsOf(const Time &time) {
  return {llvm::formatv("{0,10:f4}", time.ms),
          llvm::formatv("{0,5:f1} %", 100 * time.share),
          time.usefulMacs ? llvm::formatv("{0,7:f1}", time.gflops()).str()
                          : "      -",
          llvm::formatv("{0,11:f2}", time.fraction())};
}

using Headings = std::vector<llvm::StringRef>;
using Cells = std::vector<std::string>;

// The headings of cellsOf, and `more`.
static Headings headingsWith(const Headings &more) {
  Headings headings = {"        ms", "  share", "GFLOP/s", "of roofline"};
  llvm::append_range(headings, more);
  return headings;
}

static void printSteps(const LayerTimes &times, llvm::ArrayRef<Time> list,
                       llvm::raw_ostream &os) {
  auto order = llvm::to_vector(llvm::seq(list.size()));
  llvm::stable_sort(
      order, [&](size_t a, size_t b) { return list[a].ms > list[b].ms; });
  std::vector<Cells> rows;
  for (size_t i : order) {
    const RunStep &step = times.steps[i];
    rows.push_back(cellsOf(list[i]));
    llvm::append_range(rows.back(),
                       Cells{boundOf(step.work.usefulMacs, times.results[i]),
                             step.kind, step.strategy, step.schedule,
                             step.layers});
  }
  printTable(os,
             headingsWith({"bound", "kind", "strategy", "schedule", "layers"}),
             rows);
}

void upconv::printLayerTimes(const LayerTimes &times, llvm::raw_ostream &os) {
  std::vector<Time> list = timesOf(times);
  os << "\n";
  printSteps(times, list, os);
  std::vector<Cells> rows;
  for (const Time &kind : kindsOf(list)) {
    rows.push_back(cellsOf(kind));
    rows.back().push_back(kind.kind + " (" + std::to_string(kind.steps) + ")");
  }
  os << "\n";
  printTable(os, headingsWith({"all of a kind"}), rows);
  os << llvm::formatv("\nsum {0:f4} ms; a run whose steps are timed {1:f4} ms, "
                      "a run by itself {2:f4} ms\n",
                      sumOf(times), times.timed.medianMs, times.alone.medianMs);
}

static json::Object toJson(const Time &time) {
  return json::Object{
      {"kind", time.kind},       {"ms", time.ms},
      {"share", time.share},     {"useful_macs", time.usefulMacs},
      {"gflops", time.gflops()}, {"roofline_fraction", time.fraction()}};
}

void upconv::addLayerTimes(const LayerTimes &times, json::Object &entry) {
  std::vector<Time> list = timesOf(times);
  json::Array steps, kinds;
  for (auto [step, result, time] :
       llvm::zip(times.steps, times.results, list)) {
    json::Object object = toJson(time);
    object["layers"] = step.layers;
    object["strategy"] = step.strategy;
    object["schedule"] = step.schedule;
    object["executed_macs"] = step.executedMacs;
    object["bytes"] = step.work.bytes;
    object["bound"] = boundOf(step.work.usefulMacs, result);
    object["min_ms"] = result.minMs;
    object["roofline_ms"] = result.rooflineMs;
    steps.push_back(std::move(object));
  }
  for (const Time &kind : kindsOf(list)) {
    json::Object object = toJson(kind);
    object["steps"] = kind.steps;
    kinds.push_back(std::move(object));
  }
  entry["steps"] = std::move(steps);
  entry["kinds"] = std::move(kinds);
  entry["steps_ms"] = sumOf(times);
  entry["timed_run_ms"] = times.timed.medianMs;
}
