//===- TuningLog.cpp - What was measured, one line each -------------------===//

#include "upconv/Tuner/TuningLog.h"

#include "llvm/Support/Errno.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace upconv;
namespace json = llvm::json;

//===----------------------------------------------------------------------===//
// Fields, once for both directions
//===----------------------------------------------------------------------===//

namespace {

/// Calls `text` or `number` for every plain field, so that what is written is
/// what is read.
template <typename Record, typename Text, typename Number>
void forEachField(Record &record, Text text, Number number) {
  text("layer", record.layer);
  text("target", record.target);
  text("op", record.op);
  text("when", record.when);
  text("strategy", record.choice.strategy);
  text("outcome", record.outcome);
  number("ratio", record.ratio);
  number("ms", record.ms);
  number("fraction", record.fraction);
  number("gflops", record.gflops);
  number("compile_ms", record.compileMs);
  if (record.kind == TuningRecord::Kind::Trial)
    return;
  text("incumbent_file", record.incumbentFile);
  text("incumbent_strategy", record.incumbentStrategy);
  number("incumbent_fraction", record.incumbentFraction);
  number("roofline_gflops", record.rooflineGflops);
  number("peak_gflops", record.peakGflops);
  number("intensity", record.intensity);
  text("machine", record.machine);
  text("date", record.date);
  text("made_with", record.madeWith);
}

} // namespace

std::string upconv::toJsonLine(const TuningRecord &record) {
  json::Object object;
  bool verdict = record.kind == TuningRecord::Kind::Verdict;
  object["kind"] = verdict ? "verdict" : "trial";
  forEachField(
      record,
      [&](const char *name, const std::string &value) { object[name] = value; },
      [&](const char *name, double value) {
        if (value >= 0)
          object[name] = value;
      });
  json::Object knobs;
  for (const auto &[name, value] : record.choice.knobs)
    knobs[name] = value;
  object["knobs"] = std::move(knobs);
  object["dtype"] = record.dtype;
  if (verdict)
    object["incumbent_line"] = record.incumbentLine;
  return llvm::formatv("{0}\n", json::Value(std::move(object))).str();
}

static bool parseRecord(llvm::StringRef line, TuningRecord &record) {
  llvm::Expected<json::Value> value = json::parse(line);
  if (!value) {
    llvm::consumeError(value.takeError());
    return false;
  }
  const json::Object *object = value->getAsObject();
  std::optional<llvm::StringRef> kind =
      object ? object->getString("kind") : std::nullopt;
  if (!kind || (*kind != "trial" && *kind != "verdict"))
    return false;
  record.kind = *kind == "trial" ? TuningRecord::Kind::Trial
                                 : TuningRecord::Kind::Verdict;
  bool complete = true;
  forEachField(
      record,
      [&](const char *name, std::string &field) {
        std::optional<llvm::StringRef> text = object->getString(name);
        complete &= text.has_value();
        field = text.value_or("").str();
      },
      [&](const char *name, double &field) {
        field = object->getNumber(name).value_or(-1);
      });
  const json::Object *knobs = object->getObject("knobs");
  if (!knobs || !complete)
    return false;
  for (const auto &[name, setting] : *knobs) {
    std::optional<int64_t> number = setting.getAsInteger();
    if (!number)
      return false;
    record.choice.knobs[name.str()] = *number;
  }
  record.dtype = object->getString("dtype").value_or("f32").str();
  record.incumbentLine = object->getInteger("incumbent_line").value_or(0);
  return true;
}

llvm::Expected<std::vector<TuningRecord>>
upconv::readLog(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::createStringError(
        buffer.getError(),
        path + ": error: cannot be read: " + buffer.getError().message());
  std::vector<TuningRecord> records;
  llvm::StringRef rest = (*buffer)->getBuffer();
  for (int line = 1; rest.contains('\n'); ++line) {
    auto [text, after] = rest.split('\n');
    rest = after;
    TuningRecord record;
    if (!parseRecord(text, record))
      return llvm::createStringError(path + ":" + std::to_string(line) +
                                     ": error: not a record of a tuning log");
    records.push_back(std::move(record));
  }
  return records;
}

//===----------------------------------------------------------------------===//
// Appending
//===----------------------------------------------------------------------===//

static llvm::Error failure(const llvm::Twine &what) {
  return llvm::createStringError(what + ": " + llvm::sys::StrError());
}

/// The length of the file without a half line at its end.
static off_t wholeLines(int descriptor, off_t size) {
  char last;
  while (size > 0 && pread(descriptor, &last, 1, size - 1) == 1 && last != '\n')
    --size;
  return size;
}

/// False if another writer has the file. A file system that knows no locks
/// keeps nobody out.
static bool lock(int descriptor) {
  while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return false;
    if (errno != EINTR)
      return true;
  }
  return true;
}

/// A writer that had nothing to write has removed the file.
static bool isRemoved(int descriptor) {
  struct stat status;
  return fstat(descriptor, &status) == 0 && status.st_nlink == 0;
}

llvm::Expected<LogWriter> LogWriter::open(const std::string &path,
                                          llvm::function_ref<bool()> wait) {
  // With its folder, maybe; if that cannot be made, open says so.
  (void)llvm::sys::fs::create_directories(llvm::sys::path::parent_path(path));
  int descriptor =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0)
    return failure(path + ": error: cannot be written");
  LogWriter writer(descriptor);
  while (!lock(descriptor))
    if (!wait())
      return llvm::createStringError(path +
                                     ": error: another run is writing it");
  if (isRemoved(descriptor))
    return open(path, wait);
  off_t size = lseek(descriptor, 0, SEEK_END);
  off_t whole = wholeLines(descriptor, size);
  if (whole != size && ftruncate(descriptor, whole) != 0)
    return failure(path + ": error: cannot be written");
  return std::move(writer);
}

LogWriter::~LogWriter() {
  if (descriptor >= 0)
    close(descriptor);
}

llvm::Error LogWriter::append(const TuningRecord &record) {
  std::string line = toJsonLine(record);
  if (write(descriptor, line.data(), line.size()) !=
          static_cast<ssize_t>(line.size()) ||
      fdatasync(descriptor) != 0)
    return failure("the tuning log cannot be written");
  return llvm::Error::success();
}
