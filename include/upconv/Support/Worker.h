//===- Worker.h - A function in a process of its own ----------------------===//
//
// Kernels are compiled, untrusted files are parsed and generated libraries are
// run in workers: forks of the tool, which read a request from standard input
// and write the answer to standard output. This makes objects reproducible
// (Halide's name counters are process-global, and the tool itself never moves
// them), contains crashes and memory, and is the unit of -j.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_SUPPORT_WORKER_H
#define UPCONV_SUPPORT_WORKER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>
#include <vector>

namespace upconv {

struct WorkerLimits {
  int64_t cpuSeconds = 600;
  int64_t addressSpaceBytes = 0; ///< 0: no limit
};

struct WorkerJob {
  /// Runs in the worker; its result is the process's exit status. It must not
  /// rely on threads of the parent.
  int (*entry)(llvm::StringRef request);
  std::string request;
  WorkerLimits limits;
};

struct WorkerResult {
  int exitStatus = -1;  ///< of the process, or -1 if a signal ended it
  int signal = 0;       ///< the signal, or 0
  std::string response; ///< bytes of its standard output
  double seconds = 0;   ///< wall time

  bool ok() const { return exitStatus == 0; }
  /// "exit status 3" or "signal 11 (Segmentation fault)".
  std::string describe() const;
};

/// Runs the jobs, at most `parallel` at a time, and returns their results in
/// the jobs' order. `onDone(count)` is called after each with the number
/// finished. Standard error is the parent's, and a worker ends with its parent.
/// `meanwhile` is work of this process that counts as one of the parallel ones:
/// it is done once, when no job waits and fewer than `parallel` run. If it
/// returns false the workers are killed, and their results are failures.
std::vector<WorkerResult> runWorkers(
    llvm::ArrayRef<WorkerJob> jobs, unsigned parallel,
    llvm::function_ref<void(size_t)> onDone = [](size_t) {},
    llvm::function_ref<bool()> meanwhile = [] { return true; });

/// Cores that this process may use, by its affinity.
unsigned availableCores();

/// Length-prefixed fields, for requests and responses.
class FieldWriter {
public:
  FieldWriter &add(llvm::StringRef bytes);
  FieldWriter &add(int64_t value);
  std::string take() { return std::move(buffer); }

private:
  std::string buffer;
};

/// Reads what FieldWriter wrote; `failed` is sticky, values are then empty.
class FieldReader {
public:
  explicit FieldReader(llvm::StringRef bytes) : rest(bytes) {}
  llvm::StringRef bytes();
  int64_t integer();
  bool failed = false;

private:
  llvm::StringRef rest;
};

} // namespace upconv

#endif // UPCONV_SUPPORT_WORKER_H
