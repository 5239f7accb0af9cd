//===- RemoteBench.cpp - Candidates timed on another machine --------------===//

#include "RemoteBench.h"

#include "CrossCompiler.h"
#include "Turns.h"

#include "upconv/Programs/TimeByTurns.h"
#include "upconv/Support/Worker.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <cmath>
#include <cstring>

using namespace upconv;

ExitStatus RemoteBench::open() {
  if (!folder.valid())
    return ExitInternal;
  std::optional<ScheduleTables> tables;
  TargetInfo target;
  if (ExitStatus status = loadTarget(options, tables, target); status != ExitOk)
    return status;
  triple = target.triple;
  if (!llvm::Triple(triple).isOSLinux()) {
    printError("'--remote' times on hosts with Linux, and target '" +
               target.name + "' is for another system");
    return ExitUnsupported;
  }
  llvm::Expected<std::string> found = findCrossCompiler(triple);
  if (!found) {
    printError("'--remote' cannot make programs for '" + target.name +
               "': " + llvm::toString(found.takeError()));
    return ExitUnsupported;
  }
  compiler = *found;
  return host.connect(llvm::Triple(triple));
}

//===----------------------------------------------------------------------===//
// Both directions; lib/Programs/TimeByTurns.c is the other side
//===----------------------------------------------------------------------===//

static std::string requestText(const BenchRequest &request,
                               llvm::ArrayRef<int64_t> libraryOfSubject) {
  // Ten times what a run takes that anyone waits for.
  const int64_t turnMilliseconds = 30000;
  FieldWriter writer;
  writer.add(turnMilliseconds)
      .add(static_cast<int64_t>(request.threads))
      .add(static_cast<int64_t>(request.seconds * 1e6))
      .add(static_cast<int64_t>(request.giveUp * 1e6))
      .add(request.vectorFloats)
      .add(static_cast<int64_t>(request.fma))
      .add(request.bytes);
  writer.add(request.inputShapes.size());
  for (const std::vector<int64_t> &shape : request.inputShapes)
    writer.add(elementCount(shape));
  for (llvm::ArrayRef<int64_t> list :
       {llvm::ArrayRef<int64_t>(request.outputRanks), libraryOfSubject}) {
    writer.add(list.size());
    for (int64_t value : list)
      writer.add(value);
  }
  return writer.take();
}

/// False if they are not times.
static bool readTimes(llvm::StringRef bytes, TimedSubject &subject) {
  std::vector<double> pairs(bytes.size() / sizeof(double) / 2 * 2);
  std::memcpy(pairs.data(), bytes.data(), pairs.size() * sizeof(double));
  for (size_t i = 0; i < pairs.size(); i += 2) {
    subject.seconds.push_back(pairs[i]);
    subject.gflops.push_back(pairs[i + 1]);
  }
  return llvm::all_of(
      pairs, [](double value) { return std::isfinite(value) && value >= 0; });
}

/// False if the answer is not whole.
bool RemoteBench::take(llvm::StringRef output, const BenchRequest &request,
                       std::string &message,
                       std::vector<BenchResult> &results) {
  size_t mark = output.find(UPCONV_PROGRAM_MARK);
  if (mark == llvm::StringRef::npos)
    return false;
  output = output.drop_front(mark + strlen(UPCONV_PROGRAM_MARK));
  const llvm::StringRef alive("\xff\xff\xff\xff\xff\xff\xff\xff", 8);
  while (output.consume_front(alive))
    ;
  FieldReader reader(output);
  message = reader.bytes().str();
  if (reader.failed || !message.empty())
    return !reader.failed;
  machineText = llvm::json::fixUTF8(reader.bytes());
  TimedTurns turns;
  turns.cores = reader.integer();
  llvm::StringRef bandwidth = reader.bytes();
  if (bandwidth.size() != sizeof turns.bandwidth)
    return false;
  std::memcpy(&turns.bandwidth, bandwidth.data(), bandwidth.size());
  for (size_t i = 0; i < request.libraries.size(); ++i) {
    TimedSubject subject;
    int64_t state = reader.integer();
    subject.agrees = state != UPCONV_SUBJECT_WRONG;
    subject.givenUp = state == UPCONV_SUBJECT_SLOW;
    if (!readTimes(reader.bytes(), subject))
      return false;
    turns.subjects.push_back(std::move(subject));
  }
  if (!reader.failed)
    results = figuresOf(request, turns);
  return !reader.failed;
}

ExitStatus RemoteBench::time(const BenchRequest &request,
                             std::vector<BenchResult> &results) {
  std::vector<ProgramLibrary> libraries;
  std::vector<int64_t> libraryOfSubject;
  for (const std::string &path : request.libraries) {
    auto known = llvm::find_if(libraries, [&](const ProgramLibrary &library) {
      return library.archive == path;
    });
    libraryOfSubject.push_back(known - libraries.begin());
    if (known == libraries.end())
      libraries.push_back({llvm::sys::path::stem(path).str(), path});
  }
  std::string program = folder.file("program");
  if (ExitStatus status = linkProgram(compiler, Program::TimeByTurns, triple,
                                      libraries, program);
      status != ExitOk)
    return status;
  auto buffer = llvm::MemoryBuffer::getFile(program);
  if (!buffer) {
    printError(program + ": cannot be read: " + buffer.getError().message());
    return ExitInternal;
  }
  std::string message;
  ExitStatus status = host.exchange(
      (*buffer)->getBuffer(), requestText(request, libraryOfSubject),
      [&](llvm::StringRef output) {
        return take(output, request, message, results);
      });
  if (status == ExitOk && !message.empty()) {
    printError("'" + host.name() + "' cannot time this layer: " + message);
    return ExitUnsupported;
  }
  return status;
}
