//===- TuneOutput.h - The folder that tune works in -----------------------===//

#ifndef UPCONV_LIB_DRIVER_TUNEOUTPUT_H
#define UPCONV_LIB_DRIVER_TUNEOUTPUT_H

#include "Options.h"

#include "upconv/Driver/Driver.h"
#include "upconv/Tuner/TuningLog.h"

#include <optional>

namespace upconv {

/// DIR/log.jsonl, and what follows from it: DIR/tables (or scheduling/ of a
/// source tree) and DIR/report.html.
class TuneOutput {
public:
  explicit TuneOutput(const Options &options);

  /// Makes the folder and opens the log, for this run alone. A log that is
  /// there already is an error, unless --resume says to go on with it.
  ExitStatus open();

  /// The folder, by its place and this machine: the same for every run that
  /// goes on with the log. After open().
  std::string identity() const;
  const std::vector<TuningRecord> &records() const { return known; }
  /// An earlier run has ended the search for this kernel.
  bool isDecided(const std::string &key) const;
  ExitStatus add(const TuningRecord &record);
  ExitStatus writeTablesAndReport() const;
  /// Of a run that has failed: removes the log if nothing is in it, and the
  /// folders that were made for it.
  void removeIfEmpty();

private:
  std::string logPath() const { return folder + "/log.jsonl"; }
  ExitStatus checkSourceTree() const;

  std::string folder, tablesFolder;
  bool resume, inSourceTree;
  std::vector<std::string> madeFolders; ///< outermost first
  std::vector<TuningRecord> known;
  std::optional<LogWriter> log;
};

/// `upconv tune merge DIR... -o OUT`: the logs behind each other, and tables
/// and report from all of them.
ExitStatus mergeLogs(const Options &options);

/// "2026-11-21", in UTC.
std::string today();

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_TUNEOUTPUT_H
