//===- Options.cpp - The command line, parsed -----------------------------===//
//
// llvm::cl with one subcommand per job. The options live in a struct that is
// made on demand, because workers never parse a command line.
//
//===----------------------------------------------------------------------===//

#include "Options.h"

#include "upconv/Dialect/Keras/IR/Semantics.h"
#include "upconv/Driver/Driver.h"

#include "upconv/Schedule/Schedule.h"
#include "upconv/Target/Halide/CompileKernel.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

namespace cl = llvm::cl;
using namespace upconv;

namespace {

struct Flags {
  cl::SubCommand compile{"compile", "Compile a model to a native library"};
  cl::SubCommand inspect{"inspect", "Show a model's layers, kernels or IR"};
  cl::SubCommand run{"run", "Run a model, or a compiled .a or .so, on data"};
  cl::SubCommand verify{
      "verify", "Compare the compiled model with the float64 reference"};
  cl::SubCommand bench{"bench",
                       "Time a model, or the layers of a suite, on this "
                       "machine or its device (--target opencl)"};
  cl::SubCommand tune{"tune", "Search better schedules for a model or a suite, "
                              "or merge earlier searches"};
  cl::OptionCategory category{"upconv options"};

#define EVERY                                                                  \
  cl::sub(compile), cl::sub(inspect), cl::sub(run), cl::sub(verify),           \
      cl::sub(bench), cl::sub(tune)
  cl::opt<std::string> model{
      cl::Positional,    cl::Required, cl::value_desc("MODEL"),
      cl::desc("MODEL"), EVERY,        cl::cat(category)};
  cl::opt<std::string> target{
      "target",
      cl::init("host"),
      cl::value_desc("NAME"),
      cl::desc("target to compile for (default: the best that this machine "
               "runs); compile takes several, NAME,NAME, into one library that "
               "chooses among them at run time"),
      EVERY,
      cl::cat(category)};
  cl::list<std::string> inputShapes{
      "input-shape", cl::value_desc("[NAME=]DIMS"),
      cl::desc("shape of an input, batch first, '?' for unknown: 1,28,28,1"),
      EVERY, cl::cat(category)};
  cl::opt<std::string> weights{
      "weights", cl::value_desc("FILE"),
      cl::desc("weights: .weights.h5, .h5, .npz, .keras or "
               ".weights.json; for a compiled library, packed or .npz"),
      EVERY, cl::cat(category)};
  cl::opt<std::string> customLayers{
      "custom-layers", cl::value_desc("FILE"),
      cl::desc("JSON that says what classes of your own are made of"), EVERY,
      cl::cat(category)};
  cl::opt<std::string> init{
      "init", cl::value_desc("SEED"),
      cl::desc("draw the weights from the model's own initializers"), EVERY,
      cl::cat(category)};
  cl::opt<std::string> schedules{"schedules", cl::value_desc("DIR"),
                                 cl::desc("schedule tables to look at first"),
                                 EVERY, cl::cat(category)};
  cl::opt<std::string> precision{
      "precision",
      cl::value_desc("f32|bf16|f32-winograd"),
      cl::init("f32"),
      cl::desc(
          "bf16: convolutions and Dense layers may round what they multiply "
          "to bfloat16, where the target's tables say that it pays; sums "
          "stay float32; f32-winograd: convolutions may multiply fewer "
          "sums instead, with other rounding errors"),
      EVERY,
      cl::cat(category)};
  cl::opt<std::string> name{
      "name", cl::value_desc("NAME"),
      cl::desc("prefix of every symbol (default: from the model's name)"),
      EVERY, cl::cat(category)};
  cl::opt<unsigned> jobs{
      "j",
      cl::Prefix,
      cl::value_desc("N"),
      cl::init(0),
      cl::desc("kernels compiled at a time (default: one per core)"),
      EVERY,
      cl::cat(category)};
  cl::opt<std::string> cache{
      "cache", cl::value_desc("DIR"),
      cl::desc("folder that keeps compiled kernels for later runs (default: "
               "$UPCONV_CACHE_DIR; empty: none)"),
      EVERY, cl::cat(category)};
  cl::opt<bool> remarks{"remarks",
                        cl::desc("say which schedule each kernel uses, and how "
                                 "many came from the cache"),
                        EVERY, cl::cat(category)};
  cl::opt<std::string> semantics{
      "semantics",
      cl::value_desc("tf|torch-legacy"),
      cl::init("tf"),
      cl::desc(
          "torch-legacy: the shift by one of Keras's torch back end before "
          "3.15"),
      EVERY,
      cl::cat(category)};
#undef EVERY

  cl::opt<WeightsMode> weightsMode{
      "weights-mode",
      cl::value_desc("MODE"),
      cl::init(WeightsMode::Embed),
      cl::desc("where the library's weights are:"),
      cl::values(clEnumValN(WeightsMode::Embed, "embed", "inside it (default)"),
                 clEnumValN(WeightsMode::External, "external",
                            "in a file beside it, packed, for the host to map"),
                 clEnumValN(WeightsMode::Argument, "argument",
                            "wherever the host packs Keras's variables to")),
      cl::sub(compile),
      cl::sub(run),
      cl::sub(verify),
      cl::cat(category)};

  cl::opt<std::string> output{"o",
                              cl::value_desc("DIR"),
                              cl::init("."),
                              cl::desc("folder for the files"),
                              cl::sub(compile),
                              cl::cat(category)};
  cl::list<std::string> emit{
      "emit",
      cl::CommaSeparated,
      cl::value_desc("KIND,..."),
      cl::desc(
          "static-library,header (default), object, shared-library, assembly, "
          "llvm, mlir, stmt, stmt-html, schedule, cmake"),
      cl::sub(compile),
      cl::cat(category)};

  cl::opt<std::string> ir{
      "ir", cl::value_desc("KIND"),
      cl::desc(
          "keras, upconv, kernels, schedule, halide, stmt, stmt-html, llvm, "
          "assembly or ptx instead of the summary"),
      cl::sub(inspect), cl::cat(category)};
  cl::opt<std::string> layer{
      "layer",
      cl::value_desc("NAME"),
      cl::desc("only the kernels of this layer (inspect); "
               "only the suite's layer of this id (bench, tune)"),
      cl::sub(inspect),
      cl::sub(bench),
      cl::sub(tune),
      cl::cat(category)};
  cl::opt<bool> json{"json", cl::desc("the summary as JSON"), cl::sub(inspect),
                     cl::cat(category)};
  cl::opt<bool> explain{"explain",
                        cl::desc("say where Keras's back ends would disagree"),
                        cl::sub(inspect), cl::cat(category)};
  cl::list<std::string> inputs{
      "input",
      cl::value_desc("[NAME=]FILE"),
      cl::desc(".npy file, '-', random:SEED, zero or constant:V; "
               "all in order, or by name"),
      cl::sub(run),
      cl::sub(verify),
      cl::cat(category)};
  cl::list<std::string> outputs{
      "output", cl::value_desc("[NAME=]FILE"),
      cl::desc("where to write an output (.npy); all in "
               "order, or by name"),
      cl::sub(run), cl::cat(category)};
  cl::opt<int> threads{
      "threads",           cl::init(1),
      cl::value_desc("N"), cl::desc("threads of the run; 0: one per core"),
      cl::sub(run),        cl::sub(verify),
      cl::sub(bench),      cl::sub(tune),
      cl::cat(category)};
  cl::opt<double> tolerance{
      "tolerance",
      cl::init(0),
      cl::value_desc("X"),
      cl::desc("greatest relative error norm (default: the "
               "numeric policy's)"),
      cl::sub(verify),
      cl::cat(category)};
  cl::opt<bool> exact{"exact",
                      cl::desc("small integer weights and inputs, bit for bit"),
                      cl::sub(verify), cl::cat(category)};

  cl::opt<std::string> tier{"tier",
                            cl::value_desc("T"),
                            cl::desc("only the suite's layers of this tier"),
                            cl::sub(bench),
                            cl::sub(tune),
                            cl::cat(category)};
  cl::opt<std::string> benchJson{"json", cl::value_desc("FILE"),
                                 cl::desc("write the figures as JSON"),
                                 cl::sub(bench), cl::cat(category)};
  cl::opt<double> seconds{
      "seconds",           cl::init(1.0),
      cl::value_desc("S"), cl::desc("time spent measuring each layer"),
      cl::sub(bench),      cl::cat(category)};

  cl::list<std::string> mca{
      "mca",
      cl::CommaSeparated,
      cl::value_desc("CPU,..."),
      cl::desc("instead of timing, rate the loops on LLVM's models of these "
               "processors: share of the multiply-add pipes, an upper bound"),
      cl::sub(bench),
      cl::cat(category)};

  cl::opt<double> budget{"budget",
                         cl::init(60),
                         cl::value_desc("SECONDS"),
                         cl::desc("time for each layer's search"),
                         cl::sub(tune),
                         cl::cat(category)};
  cl::opt<unsigned> randomPoints{
      "random",
      cl::value_desc("N"),
      cl::init(0),
      cl::desc("measure N random schedules of each layer instead of searching "
               "for the time of --budget"),
      cl::sub(tune),
      cl::cat(category)};
  cl::opt<unsigned> seed{
      "seed",        cl::value_desc("S"),
      cl::init(0),   cl::desc("of everything that tune draws (0)"),
      cl::sub(tune), cl::cat(category)};
  cl::opt<std::string> tuneOutput{
      "o", cl::value_desc("DIR"),
      cl::desc("folder for log.jsonl, report.html and tables/ (default: "
               "upconv-tune; in a source tree, its scheduling/ is edited)"),
      cl::sub(tune), cl::cat(category)};
  cl::opt<bool> resume{"resume", cl::desc("go on with the log in DIR"),
                       cl::sub(tune), cl::cat(category)};
  cl::opt<std::string> shard{
      "shard",
      cl::value_desc("I/N"),
      cl::init("1/1"),
      cl::desc("only every N-th layer, beginning with the I-th"),
      cl::sub(tune),
      cl::cat(category)};
  cl::opt<std::string> remote{
      "remote", cl::value_desc("HOST"),
      cl::desc("compile here, and time on HOST: any name that ssh takes "
               "(docs/Tuning.md); wants --target"),
      cl::sub(tune), cl::cat(category)};
  cl::opt<std::string> remoteShell{
      "remote-shell",
      cl::value_desc("COMMAND"),
      cl::init("ssh -o BatchMode=yes"),
      cl::desc("how commands get to the host of --remote: words that HOST and "
               "one line of shell are put behind (ssh -o BatchMode=yes)"),
      cl::sub(tune),
      cl::cat(category)};
  cl::opt<std::string> remoteRun{
      "remote-run", cl::value_desc("COMMAND"),
      cl::desc("what the timing program is started with on the host of "
               "--remote, as 'taskset -c 4'"),
      cl::sub(tune), cl::cat(category)};
  cl::opt<double> remotePatience{
      "remote-patience",
      cl::value_desc("SECONDS"),
      cl::init(120),
      cl::desc("how long to wait, in all, for a lost connection to the host of "
               "--remote (120)"),
      cl::sub(tune),
      cl::cat(category)};
  cl::list<std::string> mergeFrom{
      cl::Positional, cl::value_desc("DIR..."),
      cl::desc("[DIR...] (upconv tune merge DIR... -o OUT)"), cl::sub(tune),
      cl::cat(category)};
};

} // namespace

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

static bool fill(Flags &flags, Options &options) {
  options.import.path = flags.model;
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
  options.processors = {flags.mca.begin(), flags.mca.end()};
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
