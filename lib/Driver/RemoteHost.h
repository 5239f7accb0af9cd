//===- RemoteHost.h - A folder and a program on another machine -----------===//
//
// Everything that tune does on a host: connections may be lost at any moment,
// and what is left there by one that was is found by the next.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DRIVER_REMOTEHOST_H
#define UPCONV_LIB_DRIVER_REMOTEHOST_H

#include "Options.h"
#include "RemoteShell.h"

#include "upconv/Driver/Driver.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/TargetParser/Triple.h"

namespace upconv {

class RemoteHost {
public:
  /// `identity` tells one run's folder on the host from those of others; a run
  /// that is resumed has the same.
  RemoteHost(const Options &options, llvm::StringRef identity);
  /// Removes the folder, if the host can still be reached.
  ~RemoteHost();

  /// Is it there, and does it run programs of this triple? Reports what is
  /// wrong.
  ExitStatus connect(const llvm::Triple &triple);

  /// Runs the executable in `program` with `request` as its standard input and
  /// a file to lock as its argument, until `take` accepts the standard output.
  /// While the connection is lost this waits, says so, and does all of it
  /// again; what lies on the host is not sent twice. Reports what fails for
  /// good.
  ExitStatus exchange(llvm::StringRef program, llvm::StringRef request,
                      llvm::function_ref<bool(llvm::StringRef output)> take);

  /// All the time spent on connections that were lost.
  double secondsLost() const { return lost; }
  const std::string &name() const { return host; }

private:
  struct Attempt;
  std::string inFolder(llvm::StringRef script) const;
  Attempt attempt(llvm::StringRef name, llvm::StringRef program,
                  llvm::StringRef request,
                  llvm::function_ref<bool(llvm::StringRef)> take);
  bool waitAfter(const Attempt &failed, int attempts, double &waited);

  std::string host, runPrefix, folder;
  RemoteShell shell;
  double patience, lost = 0;
  bool isConnected = false;
};

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_REMOTEHOST_H
