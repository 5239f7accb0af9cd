//===- CandidateWorker.cpp - One model with one schedule, compiled --------===//
//
// What tune measures: the whole way from the model's file to a library, so that
// a schedule pays for the layout it asks for. Weights are small
// integers: then all schedules of a layer must agree bit for bit.
//
//===----------------------------------------------------------------------===//

#include "Session.h"
#include "WorkerEntries.h"
#include "Workers.h"

#include "upconv/Support/Worker.h"

#include "llvm/Support/Path.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

using namespace upconv;

WorkerJob upconv::candidateJob(const Options &options,
                               const std::string &library) {
  FieldWriter writer;
  const ImportOptions &import = options.import;
  writer.add(import.path).add(import.inputShapes.front().second.size());
  for (int64_t size : import.inputShapes.front().second)
    writer.add(size);
  writer.add(options.target)
      .add(options.schedules)
      .add(options.cache)
      .add(options.precision)
      .add(library);
  // Half a minute is ten times what a layer takes to compile.
  return {candidateWorker, writer.take(), {/*cpuSeconds=*/30, 0}};
}

int upconv::candidateWorker(llvm::StringRef request) {
  FieldReader reader(request);
  Options options;
  options.import.path = reader.bytes().str();
  std::vector<int64_t> shape(std::clamp<int64_t>(reader.integer(), 0, 8));
  for (int64_t &size : shape)
    size = reader.integer();
  options.import.inputShapes = {{"", shape}};
  options.import.initSeed = 1;
  options.target = reader.bytes().str();
  options.schedules = reader.bytes().str();
  options.cache = reader.bytes().str();
  options.precision = reader.bytes().str();
  std::string library = reader.bytes().str();
  options.name = llvm::sys::path::stem(library).str();
  options.jobs = 1;
  if (reader.failed)
    return ExitInternal;
  // A candidate that fails is a result, not a message. Workers inherit this.
  int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDERR_FILENO);
  close(nowhere);
  Session session(options);
  if (ExitStatus status = session.open(); status != ExitOk)
    return status;
  session.useIntegerWeights();
  if (ExitStatus status = session.build(); status != ExitOk)
    return status;
  return llvm::sys::path::extension(library) == ".a"
             ? session.writeArchive(library)
             : session.writeSharedLibrary(library);
}
