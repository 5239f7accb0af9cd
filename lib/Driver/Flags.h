//===- Flags.h - The command line's options -------------------------------===//
//
// llvm::cl with one subcommand per job. The options live in a struct that is
// made on demand, because workers never parse a command line.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DRIVER_FLAGS_H
#define UPCONV_LIB_DRIVER_FLAGS_H

#include "Options.h"

#include "llvm/Support/CommandLine.h"

namespace upconv {

namespace cl = llvm::cl;

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
  cl::opt<int> passes{
      "passes",
      cl::init(1),
      cl::value_desc("N"),
      cl::desc("measure all layers N times over, so that a slow minute of the "
               "machine decides none of them (1)"),
      cl::sub(bench),
      cl::cat(category)};

  cl::opt<bool> byLayer{
      "by-layer",
      cl::desc("where a model's time goes: every kernel's share of a run and "
               "its fraction of the roofline, and each kind of layer's"),
      cl::sub(bench), cl::cat(category)};

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

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_FLAGS_H
