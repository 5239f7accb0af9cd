//===- RemoteBench.h - Candidates timed on another machine ----------------===//
//
// benchInWorker for `tune --remote`: the candidates of a request become one
// static program, which the host runs.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DRIVER_REMOTEBENCH_H
#define UPCONV_LIB_DRIVER_REMOTEBENCH_H

#include "RemoteHost.h"
#include "Session.h"
#include "Workers.h"

namespace upconv {

class RemoteBench {
public:
  /// `identity` as for a RemoteHost.
  RemoteBench(const Options &options, llvm::StringRef identity)
      : options(options), host(options, identity) {}

  /// The cross compiler, the target and the connection. Reports what is
  /// missing.
  ExitStatus open();

  /// The request's libraries are archives, each the library of its file's name.
  /// One that crashes, or whose run takes half a minute, is a result like one
  /// with other outputs, or one that was given up.
  ExitStatus time(const BenchRequest &request,
                  std::vector<BenchResult> &results);

  /// describeMachine() of the host; after the first timing.
  const std::string &machine() const { return machineText; }
  double secondsLost() const { return host.secondsLost(); }

private:
  bool take(llvm::StringRef output, const BenchRequest &request,
            std::string &message, std::vector<BenchResult> &results);

  const Options &options;
  RemoteHost host;
  TemporaryFolder folder;
  std::string compiler, triple, machineText;
};

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_REMOTEBENCH_H
