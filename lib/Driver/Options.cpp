//===- Options.cpp - The command line, parsed -----------------------------===//
//
// What is given is checked here, and filled into Options.
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "Flags.h"

#include "upconv/Dialect/Keras/IR/Semantics.h"
#include "upconv/Driver/Driver.h"

#include "upconv/Schedule/Schedule.h"
#include "upconv/Target/Halide/CompileKernel.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

using namespace upconv;

static bool usage(const llvm::Twine &message) {
  llvm::errs() << "upconv: error: " << message << "\n";
  return false;
}

// "[NAME=]VALUE"
static std::pair<std::string, std::string> splitName(llvm::StringRef text) {
  auto [name, value] = text.split('=');
  if (text.contains('='))
    return {name.str(), value.str()};
  return {"", text.str()};
}

static bool parseShape(llvm::StringRef text, std::vector<int64_t> &shape) {
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, ',');
  for (llvm::StringRef part : parts) {
    int64_t size = mlir::ShapedType::kDynamic;
    part = part.trim();
    if (part != "?" && (part.getAsInteger(10, size) || size < 1))
      return usage("'--input-shape' wants positive sizes or '?', separated by "
                   "commas, got '" +
                   text + "'");
    shape.push_back(size);
  }
  return true;
}

// "I/N", I from 1 to N.
static bool parseShard(llvm::StringRef text, Options &options) {
  auto [index, count] = text.split('/');
  if (index.getAsInteger(10, options.shard) ||
      count.getAsInteger(10, options.shardCount) || options.shard < 1 ||
      options.shard > options.shardCount)
    return usage("'--shard' wants I/N with I from 1 to N, got '" + text + "'");
  --options.shard;
  return true;
}

static bool fillRemote(Flags &flags, Options &options) {
  options.remote = flags.remote;
  options.remoteShell = flags.remoteShell;
  options.remoteRun = flags.remoteRun;
  options.remotePatience = flags.remotePatience;
  if (flags.remote.getNumOccurrences() == 0) {
    for (cl::Option *flag : std::initializer_list<cl::Option *>{
             &flags.remoteShell, &flags.remoteRun, &flags.remotePatience})
      if (flag->getNumOccurrences() > 0)
        return usage("'--" + flag->ArgStr + "' goes with '--remote'");
    return true;
  }
  llvm::StringRef host = options.remote;
  if (host.empty() || host.starts_with("-") ||
      host.find_first_of(" \t\n") != llvm::StringRef::npos)
    return usage("'--remote' wants the name of a host, got '" + host + "'");
  if (flags.model == "merge")
    return usage("'tune merge' measures nothing, and takes no '--remote'");
  if (options.target == "host")
    return usage("'--remote' wants '--target': 'host' is this machine");
  if (llvm::StringRef(options.remoteShell).trim().empty())
    return usage("'--remote-shell' wants a command, got none");
  if (!(options.remotePatience > 0))
    return usage("'--remote-patience' wants a positive number of seconds");
  return true;
}

static bool fillTune(Flags &flags, Options &options) {
  options.budget = flags.budget;
  options.randomPoints = flags.randomPoints;
  options.seed = flags.seed;
  options.tuneDirectory = flags.tuneOutput;
  options.resume = flags.resume;
  if (options.budget <= 0)
    return usage("'--budget' wants a positive number of seconds");
  bool merges = flags.model == "merge";
  if (!merges && !flags.mergeFrom.empty())
    return usage("tune takes one MODEL, got '" + flags.mergeFrom.front() +
                 "' too");
  if (merges && flags.mergeFrom.empty())
    return usage("'tune merge' wants the folders to merge");
  if (merges && options.tuneDirectory.empty())
    return usage("'tune merge' wants '-o DIR'");
  options.mergeFrom = {flags.mergeFrom.begin(), flags.mergeFrom.end()};
  if (!fillRemote(flags, options))
    return false;
  return parseShard(flags.shard, options);
}

static bool checkTargets(Flags &flags, const Options &options) {
  if (!llvm::StringRef(options.target).contains(','))
    return true;
  if (!flags.compile)
    return usage("'--target' takes one target here, got '" + options.target +
                 "': 'compile' makes a library for several");
  if (options.weightsMode == WeightsMode::External)
    return usage("'--weights-mode external' takes one target, got '" +
                 options.target +
                 "': packed weights differ from one to the next");
  return true;
}

static std::string cacheFolder(Flags &flags) {
  if (flags.cache.getNumOccurrences() > 0)
    return flags.cache;
  return llvm::sys::Process::GetEnv("UPCONV_CACHE_DIR").value_or("");
}

/// The worker that reads a model has a standard input of its own, which these
/// names would mean there.
static std::string modelPath(const std::string &path) {
  return path == "/dev/stdin" || path == "/dev/fd/0" ? "-" : path;
}

static bool fill(Flags &flags, Options &options) {
  options.import.path = modelPath(flags.model);
  options.import.weightsPath = flags.weights;
  options.import.customLayersPath = flags.customLayers;
  if (!flags.init.empty()) {
    uint64_t seed;
    if (llvm::StringRef(flags.init).getAsInteger(10, seed))
      return usage("'--init' wants a number, got '" + flags.init + "'");
    options.import.initSeed = seed;
  }
  for (const std::string &text : flags.inputShapes) {
    auto [name, dims] = splitName(text);
    std::vector<int64_t> shape;
    if (!parseShape(dims, shape))
      return false;
    options.import.inputShapes.push_back({name, shape});
  }
  options.target = flags.target;
  options.schedules = flags.schedules;
  options.precision = flags.precision;
  if (!precisionOf(options.precision))
    return usage("'--precision' must be " + precisionNames() + ", got '" +
                 options.precision + "'");
  options.name = flags.name;
  options.jobs = flags.jobs;
  options.cache = cacheFolder(flags);
  options.remarks = flags.remarks;
  options.semantics = flags.semantics;
  if (options.semantics != "tf" &&
      options.semantics != keras::legacyTorchSemantics)
    return usage("'--semantics' must be tf or torch-legacy, got '" +
                 options.semantics + "'");
  options.weightsMode = flags.weightsMode;
  if (options.weightsMode == WeightsMode::Argument &&
      precisionOf(options.precision) == Precision::Winograd)
    return usage("'--weights-mode argument' reorders weights and adds none, "
                 "which '--precision f32-winograd' needs");
  if (!checkTargets(flags, options))
    return false;
  options.explain = flags.explain;
  options.outputDirectory = flags.output;
  if (!flags.emit.empty())
    options.emit = {flags.emit.begin(), flags.emit.end()};
  options.ir = flags.ir;
  options.layer = flags.layer;
  options.json = flags.json;
  for (const std::string &text : flags.inputs)
    options.inputs.push_back(splitName(text));
  for (const std::string &text : flags.outputs)
    options.outputs.push_back(splitName(text));
  options.threads = flags.threads;
  options.tolerance = flags.tolerance;
  options.exact = flags.exact;
  options.tier = flags.tier;
  options.jsonFile = flags.benchJson;
  options.seconds = flags.seconds;
  options.passes = flags.passes;
  if (options.passes < 1)
    return usage("'--passes' wants a positive number, got " +
                 llvm::Twine(options.passes));
  options.processors = {flags.mca.begin(), flags.mca.end()};
  options.byLayer = flags.byLayer;
  if (options.byLayer && !options.processors.empty())
    return usage("'--by-layer' times a run, and '--mca' runs nothing");
  if (flags.tune && !fillTune(flags, options))
    return false;
  if (options.threads < 0)
    return usage("'--threads' must not be negative, got " +
                 llvm::Twine(options.threads));
  if (options.tolerance < 0)
    return usage("'--tolerance' must not be negative");
  return true;
}

std::string upconv::madeWith() {
  return "Halide " + halideVersion() +
         ", LLVM " LLVM_VERSION_STRING ", tables " + embeddedTablesVersion();
}

static void printVersion(llvm::raw_ostream &os) {
  os << "upconv " UPCONV_VERSION " (" << madeWith() << ")\n";
}

std::optional<Options> upconv::parseOptions(int argc, char **argv,
                                            int &exitStatus) {
  static Flags flags;
  exitStatus = ExitUsage;
  cl::SetVersionPrinter(printVersion);
  cl::HideUnrelatedOptions(flags.category);
  for (cl::SubCommand *command : {&flags.compile, &flags.inspect, &flags.run,
                                  &flags.verify, &flags.bench, &flags.tune})
    cl::HideUnrelatedOptions(flags.category, *command);
  if (!cl::ParseCommandLineOptions(
          argc, argv,
          "upconv: Keras models built around transposed convolutions to native "
          "libraries\n",
          &llvm::errs()))
    return std::nullopt;

  Options options;
  if (flags.compile)
    options.command = Command::Compile;
  else if (flags.inspect)
    options.command = Command::Inspect;
  else if (flags.run)
    options.command = Command::Run;
  else if (flags.verify)
    options.command = Command::Verify;
  else if (flags.bench)
    options.command = Command::Bench;
  else if (flags.tune)
    options.command = Command::Tune;
  else {
    usage("no command given; 'upconv --help' lists them");
    return std::nullopt;
  }
  if (!fill(flags, options))
    return std::nullopt;
  exitStatus = ExitOk;
  return options;
}
