//===- TuneOutput.cpp - The folder that tune works in ---------------------===//

#include "TuneOutput.h"

#include "Diagnostics.h"
#include "Session.h"

#include "upconv/Tuner/Report.h"
#include "upconv/Tuner/TableEdit.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <ctime>
#include <thread>
#include <unistd.h>

using namespace upconv;
namespace fs = llvm::sys::fs;

static const char *const sourceTables = "scheduling";

std::string upconv::today() {
  std::time_t now = std::time(nullptr);
  std::tm parts;
  gmtime_r(&now, &parts);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

static std::optional<std::string> fileText(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return std::nullopt;
  return (*buffer)->getBuffer().str();
}

/// A table as the tool knows it: line numbers of verdicts refer to it.
static std::optional<std::string> tableText(const std::string &path) {
  if (std::optional<std::string> text = embeddedTable(path))
    return text;
  return fileText(path); // of --schedules
}

TuneOutput::TuneOutput(const Options &options)
    : folder(options.tuneDirectory), resume(options.resume) {
  inSourceTree =
      folder.empty() && fs::exists(llvm::Twine(sourceTables) + "/targets.yaml");
  if (folder.empty())
    folder = "upconv-tune";
  tablesFolder = inSourceTree ? sourceTables : folder + "/tables";
}

static ExitStatus makeFolder(llvm::StringRef path) {
  if (std::error_code code = fs::create_directories(path)) {
    printError(path + ": cannot be made: " + code.message());
    return ExitUsage;
  }
  return ExitOk;
}

/// A job that is started again may find its predecessor still ending, or the
/// lock of a machine that is gone, which file servers keep for 90 seconds.
static llvm::Expected<LogWriter> openPatiently(const std::string &path) {
  const int patience = 120; // seconds
  int waited = 0;
  return LogWriter::open(path, [&] {
    if (waited == 0)
      llvm::errs() << path << ": another run is writing it: waiting for its "
                   << "end, at most " << patience << " s\n";
    std::this_thread::sleep_for(std::chrono::seconds(1));
    return ++waited <= patience;
  });
}

/// What makeFolder has to make, outermost first.
static std::vector<std::string> missingFolders(llvm::StringRef path) {
  std::vector<std::string> missing;
  for (; !path.empty() && !fs::exists(path);
       path = llvm::sys::path::parent_path(path))
    missing.insert(missing.begin(), path.str());
  return missing;
}

ExitStatus TuneOutput::open() {
  madeFolders = missingFolders(folder);
  if (ExitStatus status = makeFolder(folder); status != ExitOk)
    return status;
  std::string path = logPath();
  // Ours before it is read: what another run still adds would be missed.
  llvm::Expected<LogWriter> writer =
      resume ? openPatiently(path) : LogWriter::open(path);
  if (!writer) {
    printError(writer.takeError());
    return ExitUsage;
  }
  log.emplace(std::move(*writer));
  llvm::Expected<std::vector<TuningRecord>> records = readLog(path);
  if (!records) {
    printError(records.takeError());
    return ExitInvalid;
  }
  if (!records->empty() && !resume) {
    printError(path + " is there already: --resume goes on with it, -o DIR "
                      "takes another folder");
    return ExitUsage;
  }
  known = std::move(*records);
  return inSourceTree ? checkSourceTree() : ExitOk;
}

/// Tables are written from what the tool holds: what a person has changed since
/// it was built would be lost.
ExitStatus TuneOutput::checkSourceTree() const {
  std::map<std::string, std::string> edited = editedTables(known, tableText);
  std::error_code code;
  for (fs::recursive_directory_iterator it(sourceTables, code), end;
       it != end && !code; it.increment(code)) {
    llvm::StringRef path = it->path();
    if (llvm::sys::path::extension(path) != ".yaml")
      continue;
    std::string name = path.drop_front(strlen(sourceTables) + 1).str();
    auto own = edited.find(name);
    std::optional<std::string> expected =
        own == edited.end() ? embeddedTable(name) : own->second;
    if (fileText(path.str()) != expected) {
      printError(path +
                 " is not what this tool was built with: build it again, "
                 "or give -o DIR");
      return ExitUsage;
    }
  }
  return ExitOk;
}

std::string TuneOutput::identity() const {
  char machine[256] = "";
  gethostname(machine, sizeof machine - 1);
  llvm::SmallString<128> place;
  if (fs::real_path(folder, place))
    place = folder;
  return (llvm::Twine(machine) + ":" + place).str();
}

bool TuneOutput::isDecided(const std::string &key) const {
  return llvm::any_of(known, [&](const TuningRecord &record) {
    return record.kind == TuningRecord::Kind::Verdict && record.key() == key;
  });
}

ExitStatus TuneOutput::add(const TuningRecord &record) {
  known.push_back(record);
  return printError(log->append(record)) ? ExitInvalid : ExitOk;
}

static ExitStatus write(const std::string &path, llvm::StringRef text) {
  if (ExitStatus status = makeFolder(llvm::sys::path::parent_path(path));
      status != ExitOk)
    return status;
  OutputFiles files;
  return files.add(path, text) && files.commit() ? ExitOk : ExitInvalid;
}

static ExitStatus writeResults(const std::vector<TuningRecord> &records,
                               const std::string &tablesFolder,
                               const std::string &folder) {
  for (const auto &[path, text] : editedTables(records, tableText))
    if (ExitStatus status = write(tablesFolder + "/" + path, text);
        status != ExitOk)
      return status;
  return write(folder + "/report.html", htmlReport(records));
}

void TuneOutput::removeIfEmpty() {
  uint64_t size = 0;
  // While it is ours: a run that waits for it notices (LogWriter::open).
  if (log && !fs::file_size(logPath(), size) && size == 0)
    fs::remove(logPath());
  // Those with anything in them stay.
  for (const std::string &made : llvm::reverse(madeFolders))
    fs::remove(made);
}

ExitStatus TuneOutput::writeTablesAndReport() const {
  if (known.empty()) // interrupted before the first measurement
    return ExitOk;
  return writeResults(known, tablesFolder, folder);
}

ExitStatus upconv::mergeLogs(const Options &options) {
  std::vector<TuningRecord> all;
  std::string text;
  llvm::StringSet<> lines;
  for (const std::string &folder : options.mergeFrom) {
    llvm::Expected<std::vector<TuningRecord>> records =
        readLog(folder + "/log.jsonl");
    if (!records) {
      printError(records.takeError());
      return ExitInvalid;
    }
    for (TuningRecord &record : *records) {
      std::string line = toJsonLine(record);
      if (!lines.insert(line).second)
        continue;
      text += line;
      all.push_back(std::move(record));
    }
  }
  const std::string &folder = options.tuneDirectory;
  if (ExitStatus status = write(folder + "/log.jsonl", text); status != ExitOk)
    return status;
  return writeResults(all, folder + "/tables", folder);
}
