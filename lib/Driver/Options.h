//===- Options.h - The command line, parsed -------------------------------===//

#ifndef UPCONV_LIB_DRIVER_OPTIONS_H
#define UPCONV_LIB_DRIVER_OPTIONS_H

#include "upconv/Import/Keras/ImportKeras.h"
#include "upconv/Target/Library/LibraryPlan.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace upconv {

enum class Command { Compile, Inspect, Run, Verify, Bench, Tune };

/// What all subcommands share, and what each adds; see `upconv --help`.
struct Options {
  Command command = Command::Compile;
  ImportOptions import;        ///< MODEL, --input-shape, --weights, --init
  std::string target = "host"; ///< compile: or several, with commas between
  std::string schedules;
  std::string precision = "f32"; ///< what contractions may multiply
  std::string name;
  unsigned jobs = 0; ///< 0: one per core
  std::string cache; ///< KernelCache's folder; empty: none
  bool remarks = false;
  std::string semantics = "tf";
  // Not of the command line: one of several targets (Compilation.h).
  bool isPart = false;
  bool warnings = true;

  // compile, run, verify
  WeightsMode weightsMode = WeightsMode::Embed;

  // compile
  std::string outputDirectory = ".";
  std::vector<std::string> emit = {"static-library", "header"};
  // inspect
  std::string ir;    ///< empty: the summary
  std::string layer; ///< also bench, tune: the id of a suite's layer
  bool json = false;
  bool explain = false;
  // run, verify
  std::vector<std::pair<std::string, std::string>> inputs, outputs;
  int threads = 1;
  double tolerance = 0; ///< 0: the numeric policy's
  bool exact = false;
  // bench
  std::string tier;
  std::string jsonFile;
  double seconds = 1.0;
  int passes = 1;
  bool byLayer = false;
  std::vector<std::string> processors; ///< rate on their models, do not time
  // tune
  double budget = 60;        ///< seconds per layer
  size_t randomPoints = 0;   ///< drawn and measured instead of a search; 0: no
  uint64_t seed = 0;         ///< of what is drawn
  std::string tuneDirectory; ///< empty: the default
  bool resume = false;
  size_t shard = 0, shardCount = 1;   ///< layers with index % count == shard
  std::vector<std::string> mergeFrom; ///< `tune merge`: the folders
  std::string remote;        ///< where candidates are timed; empty: here
  std::string remoteShell;   ///< its words; the host and a command follow
  std::string remoteRun;     ///< words in front of the program on the host
  double remotePatience = 0; ///< seconds of waiting for a lost connection
};

/// The libraries and tables behind this tool, for --version and for headers.
std::string madeWith();

/// Parses the command line. On failure prints one line to stderr and returns
/// nothing; `exitStatus` is then ExitUsage, or ExitOk after --help or
/// --version.
std::optional<Options> parseOptions(int argc, char **argv, int &exitStatus);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_OPTIONS_H
