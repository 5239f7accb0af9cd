//===- Run.cpp - upconv run and upconv verify -----------------------------===//
//
// Both execute the emitted library in a child process, or for another
// architecture under an emulator; there is no second path.
//
//===----------------------------------------------------------------------===//

#include "Commands.h"
#include "Data.h"
#include "EmulatedRun.h"
#include "Workers.h"

#include "upconv/Dialect/Keras/IR/KerasOps.h"
#include "upconv/Dialect/Keras/IR/LayerLocation.h"
#include "upconv/Reference/Evaluator.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

#include <cmath>

using namespace mlir;
using namespace upconv;

// The model's own values for a library that packs them itself.
static ExitStatus collectVariables(const Session &session,
                                   RunSubject &subject) {
  for (const Variable &variable : session.built.library.variables) {
    const Tensor *values = session.model.weights.find(variable.path);
    if (!values && variable.used) {
      printError("no values for weight '" + variable.path +
                 "': give them with --weights FILE, draw them with --init "
                 "SEED, or use a model file that holds them");
      return ExitInvalid;
    }
    subject.variables.push_back(values ? *values : Tensor());
  }
  return ExitOk;
}

namespace {
// A built library, and what runs it if this machine does not.
struct Execution {
  TemporaryFolder folder;
  RunSubject subject;
  std::optional<EmulatorTools> emulator;
};
} // namespace

static ExitStatus chooseEmulator(const Session &session, Execution &execution) {
  if (session.runsHere())
    return ExitOk;
  std::string why;
  llvm::Triple target(session.target.triple);
  if (target.getArch() !=
      llvm::Triple(llvm::sys::getProcessTriple()).getArch()) {
    llvm::Expected<EmulatorTools> tools = findEmulator(session.target.triple);
    if (tools) {
      execution.emulator = std::move(*tools);
      return ExitOk;
    }
    why = llvm::toString(tools.takeError());
  }
  return session.refuseToRun(why);
}

// Compiles the model of `session`, for this machine to a shared library.
static ExitStatus compileForRun(Session &session, Execution &execution) {
  if (ExitStatus status = chooseEmulator(session, execution); status != ExitOk)
    return status;
  if (!execution.folder.valid())
    return ExitInternal;
  RunSubject &subject = execution.subject;
  subject.library = execution.folder.file("lib.so");
  subject.weightsFile = subject.library + ".weights";
  subject.shownAs = session.options.import.path == "-"
                        ? "<stdin>"
                        : session.options.import.path;
  if (ExitStatus status = session.build(); status != ExitOk)
    return status;
  if (ExitStatus status = collectVariables(session, subject); status != ExitOk)
    return status;
  return execution.emulator ? ExitOk
                            : session.writeSharedLibrary(subject.library);
}

static ExitStatus runOnce(const Session &session, const Execution &execution,
                          const std::vector<Tensor> &inputs,
                          std::vector<Tensor> &outputs) {
  int threads = session.options.threads;
  if (execution.emulator)
    return runEmulated(session, *execution.emulator,
                       execution.subject.variables, inputs, threads, outputs);
  return runInWorker(execution.subject, inputs, threads, outputs);
}

static std::vector<PortShape> portsOf(const std::vector<Port> &ports) {
  std::vector<PortShape> result;
  for (const Port &port : ports) {
    PortShape entry{port.name, port.layerName, {}};
    for (AffineExpr size : port.shape)
      entry.shape.push_back(getConstant(size).value_or(ShapedType::kDynamic));
    result.push_back(std::move(entry));
  }
  return result;
}

ExitStatus upconv::runCommand(const Options &options) {
  if (isLibraryFile(options.import.path))
    return runLibrary(options);

  Session session(options);
  if (ExitStatus status = session.open(); status != ExitOk)
    return status;
  Execution execution;
  if (ExitStatus status = compileForRun(session, execution); status != ExitOk)
    return status;
  std::vector<Tensor> inputs, outputs;
  if (ExitStatus status =
          readInputs(options, portsOf(session.built.library.inputs), inputs);
      status != ExitOk)
    return status;
  if (ExitStatus status = runOnce(session, execution, inputs, outputs);
      status != ExitOk)
    return status;
  return writeOutputs(options, portsOf(session.built.library.outputs), outputs);
}

//===----------------------------------------------------------------------===//
// verify
//===----------------------------------------------------------------------===//

static int64_t layerCount(Session &session) {
  int64_t layers = 0;
  session.kerasModule->walk([&](keras::LayerOpInterface) { ++layers; });
  return layers;
}

// Kernel calls whose operands are rounded to bfloat16.
static int64_t roundingCalls(const Session &session) {
  return llvm::count_if(session.built.calls, [&](const KernelCall &call) {
    return session.built.kernels[call.kernel].multipliesPairs();
  });
}

// Products summed into one output of the last contraction.
static double termsOf(const Session &session) {
  double terms = 1;
  for (const KernelSpec &spec : session.built.kernels)
    if (spec.hasWeights()) {
      terms = spec.layerChannels();
      for (int64_t size : spec.window)
        terms *= size;
    }
  return terms;
}

// The numeric policy: max(2e-6, 2.5e-8 * sqrt(terms)) for one layer, 1e-5 for a
// model. Rounding both operands of n contractions adds errors of random sign,
// 2^-7 * sqrt(n) (docs/RationaleNumerics.md).
static double policyTolerance(Session &session) {
  double tolerance = 1e-5;
  if (layerCount(session) == 1 && !session.built.kernels.empty())
    tolerance = std::max(2e-6, 2.5e-8 * std::sqrt(termsOf(session)));
  return tolerance + std::ldexp(std::sqrt(double(roundingCalls(session))), -7);
}

// Layers through which small integers stay exact in float32.
static std::optional<std::string> inexactLayer(Session &session) {
  std::optional<std::string> found;
  session.kerasModule->walk([&](keras::LayerOpInterface layer) {
    StringRef kind = layer.getLayerClass();
    StringRef activation;
    if (auto attr = layer->getAttrOfType<StringAttr>("activation"))
      activation = attr.getValue();
    bool exact =
        activation.empty() || activation == "linear" || activation == "relu";
    if (kind == "BatchNormalization" || kind == "LeakyReLU" ||
        kind == "Softmax" || kind.starts_with("AveragePooling") || !exact)
      found = (keras::getLayerName(layer.getLoc()) + "' (" + kind +
               (exact ? "" : ", " + activation) + ")")
                  .str();
  });
  return found;
}

// Of one convolution or Dense layer with rounded operands, linear or relu: what
// each output may be off, (2^-7 + 2^-16 + 2 terms 2^-24) * sum |x| |w|
// (docs/RationaleNumerics.md). The reference gives the sum for the magnitudes
// of weights and inputs. Nothing for other layers.
static FailureOr<std::vector<Tensor64>>
roundingBounds(Session &session, std::vector<Tensor64> inputs) {
  if (layerCount(session) != 1 || roundingCalls(session) != 1 ||
      inexactLayer(session))
    return std::vector<Tensor64>();
  WeightStore magnitudes = session.model.weights;
  for (auto &entry : magnitudes.tensors)
    for (float &value : entry.second.values)
      value = std::abs(value);
  for (Tensor64 &input : inputs)
    for (double &value : input.values)
      value = std::abs(value);
  FailureOr<std::vector<Tensor64>> bounds = reference::evaluate(
      *session.kerasModule->getOps<func::FuncOp>().begin(), magnitudes, inputs);
  if (failed(bounds))
    return failure();
  double factor = std::ldexp(1, -7) + std::ldexp(1, -16) +
                  std::ldexp(2 * termsOf(session), -24);
  for (Tensor64 &bound : *bounds)
    for (double &value : bound.values)
      value *= factor;
  return bounds;
}

// False, with a message, where an output is off by more than its bound.
static bool isWithin(const PortShape &port, const Tensor &got,
                     const Tensor64 &want, const Tensor64 &bound) {
  double greatest = 0;
  for (size_t i = 0; i < want.values.size(); ++i) {
    double off = std::abs(got.values[i] - want.values[i]);
    if (off > bound.values[i]) {
      llvm::outs() << port.name << ": flat index " << i << " is off by "
                   << llvm::format("%.3g", off) << ", rounding allows "
                   << llvm::format("%.3g", bound.values[i]) << ": FAILED\n";
      return false;
    }
    if (off > 0)
      greatest = std::max(greatest, off / bound.values[i]);
  }
  llvm::outs() << port.name << ": no value is off by more than "
               << llvm::format("%.2g", greatest)
               << " of what rounding to bfloat16 allows\n";
  return true;
}

namespace {
struct Difference {
  double error = 0; // relative error norm
  int64_t mismatches = 0, first = -1;
};
} // namespace

static Difference compare(const Tensor &got, const Tensor64 &want) {
  Difference result;
  double difference = 0, norm = 0;
  for (size_t i = 0; i < want.values.size(); ++i) {
    double delta = got.values[i] - want.values[i];
    bool same = got.values[i] == static_cast<float>(want.values[i]) ||
                (std::isnan(got.values[i]) && std::isnan(want.values[i]));
    if (!same) {
      if (result.first < 0)
        result.first = i;
      ++result.mismatches;
      difference += delta * delta;
    }
    norm += std::isfinite(want.values[i]) ? want.values[i] * want.values[i] : 0;
  }
  result.error = difference == 0 ? 0
                 : norm == 0     ? std::sqrt(difference)
                                 : std::sqrt(difference / norm);
  return result;
}

static bool verifyOutput(const PortShape &port, const Tensor &got,
                         const Tensor64 &want, bool exact, double tolerance) {
  if (got.shape != want.shape) {
    printError("output '" + port.name +
               "' has another shape than the reference");
    return false;
  }
  Difference difference = compare(got, want);
  bool ok = exact ? difference.mismatches == 0 : difference.error <= tolerance;
  llvm::outs() << port.name << ": " << got.values.size() << " values, ";
  if (exact)
    llvm::outs() << difference.mismatches << " differ";
  else
    llvm::outs() << "relative error norm "
                 << llvm::format("%.3g", difference.error) << " (at most "
                 << llvm::format("%.3g", tolerance) << ")";
  llvm::outs() << (ok ? ": ok" : ": FAILED");
  if (!ok && difference.first >= 0)
    llvm::outs() << "; first at flat index " << difference.first << ": got "
                 << llvm::format("%.9g", got.values[difference.first])
                 << ", want "
                 << llvm::format("%.9g", want.values[difference.first]);
  llvm::outs() << "\n";
  return ok;
}

ExitStatus upconv::verifyCommand(const Options &options) {
  Session session(options);
  if (ExitStatus status = session.open(); status != ExitOk)
    return status;
  // What is asked about threads is asked of small models too.
  session.target.threadMacs = 1;
  if (options.exact) {
    if (std::optional<std::string> layer = inexactLayer(session)) {
      printError("'--exact' wants layers that keep integers exact; layer '" +
                 *layer + " does not");
      return ExitUsage;
    }
    session.useIntegerWeights();
  }
  Execution execution;
  if (ExitStatus status = compileForRun(session, execution); status != ExitOk)
    return status;

  std::vector<PortShape> ports = portsOf(session.built.library.inputs);
  std::vector<Tensor> inputs, outputs;
  if (ExitStatus status = readInputs(options, ports, inputs); status != ExitOk)
    return status;
  if (options.exact)
    for (Tensor &input : inputs)
      for (float &value : input.values)
        value = std::round(value * 2);
  if (ExitStatus status = runOnce(session, execution, inputs, outputs);
      status != ExitOk)
    return status;

  std::vector<Tensor64> wide;
  for (const Tensor &input : inputs)
    wide.push_back({input.shape, {input.values.begin(), input.values.end()}});
  FailureOr<std::vector<Tensor64>> expected =
      reference::evaluate(*session.kerasModule->getOps<func::FuncOp>().begin(),
                          session.model.weights, wide);
  if (failed(expected))
    return ExitInvalid;

  double tolerance =
      options.tolerance > 0 ? options.tolerance : policyTolerance(session);
  FailureOr<std::vector<Tensor64>> bounds = roundingBounds(session, wide);
  if (failed(bounds))
    return ExitInvalid;
  bool ok = true;
  std::vector<PortShape> results = portsOf(session.built.library.outputs);
  for (auto [port, got, want] : llvm::zip(results, outputs, *expected))
    ok &= verifyOutput(port, got, want, options.exact, tolerance);
  for (auto [port, got, want, bound] :
       llvm::zip(results, outputs, *expected, *bounds))
    ok &= isWithin(port, got, want, bound);
  return ok ? ExitOk : ExitVerification;
}
