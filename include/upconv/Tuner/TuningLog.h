//===- TuningLog.h - What was measured, one line each ---------------------===//
//
// log.jsonl is only ever appended to, a whole line per write, so a killed run
// loses at most the line that it was writing, and logs of several machines are
// merged by putting them behind each other.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_TUNER_TUNINGLOG_H
#define UPCONV_TUNER_TUNINGLOG_H

#include "upconv/Schedule/Schedule.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace upconv {

/// One candidate, or the end of the search for one layer.
struct TuningRecord {
  enum class Kind {
    Trial,   ///< a candidate was compiled and timed beside the incumbent
    Verdict, ///< the best candidate was timed again, at length
  };
  Kind kind = Kind::Trial;
  std::string layer;  ///< the suite's id, or the layer's name in the model
  std::string target; ///< "x86-64-v4"
  std::string op;     ///< the table: "conv-transpose"
  std::string dtype = "f32"; ///< and what its kernels multiply (Precision)
  std::string when; ///< the kernel's traits as `when` spells them; the key
  ScheduleChoice choice;
  /// "ok", "not compiled", "wrong" (its bits differ from the incumbent's),
  /// "slow" (given up after a few runs); a verdict: "faster" or "kept".
  std::string outcome;
  double ratio = -1;     ///< median of the paired times, choice / incumbent
  double ms = -1;        ///< median time of a run
  double fraction = -1;  ///< of the roofline, median of the paired ones
  double gflops = -1;    ///< useful
  double compileMs = -1; ///< wall time of its compilation

  // Of a verdict only.
  std::string incumbentFile; ///< "x86-64-v4/conv-transpose-f32.yaml"
  int incumbentLine = 0;
  std::string incumbentStrategy;
  double incumbentFraction = -1;
  double rooflineGflops = -1; ///< what the roofline allows this layer
  double peakGflops = -1;     ///< multiply-add peak beside it
  double intensity = -1;      ///< useful FLOP per byte moved
  std::string machine, date, madeWith;

  /// Two records with the same key are about the same kernel and target.
  std::string key() const {
    return target + " " + op + " " + dtype + " " + when;
  }
  /// "x86-64-v4/conv-transpose-f32.yaml".
  std::string table() const {
    return target + "/" + op + "-" + dtype + ".yaml";
  }
};

/// One line of JSON, with the line's end.
std::string toJsonLine(const TuningRecord &record);

/// Reads a log. A last line without an end is what a killed run leaves, and is
/// left out; any other line that is no record is an error, "FILE:LINE: ...".
llvm::Expected<std::vector<TuningRecord>> readLog(const std::string &path);

/// Appends one line in one write, and returns only when the system has it. A
/// half line that a killed run left is cut off first. A log has one writer at a
/// time, on whatever machine (flock, which network file systems pass on).
class LogWriter {
public:
  /// Makes the file, and its folder, where they are not there. While another
  /// writer has the log, `wait` is called; once it returns false, that is an
  /// error.
  static llvm::Expected<LogWriter> open(
      const std::string &path,
      llvm::function_ref<bool()> wait = [] { return false; });
  LogWriter(LogWriter &&other) : descriptor(other.descriptor) {
    other.descriptor = -1;
  }
  ~LogWriter();
  llvm::Error append(const TuningRecord &record);

private:
  explicit LogWriter(int descriptor) : descriptor(descriptor) {}
  int descriptor;
};

} // namespace upconv

#endif // UPCONV_TUNER_TUNINGLOG_H
