//===- RemoteShell.h - Commands on another machine ------------------------===//
//
// One process of `ssh`, or of what --remote-shell names, per command. It ends
// with this process, and closes the command's standard input when it does.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DRIVER_REMOTESHELL_H
#define UPCONV_LIB_DRIVER_REMOTESHELL_H

#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace upconv {

/// How a command on the host ended.
struct RemoteResult {
  /// The shell's status 255, a signal, or nothing heard for too long.
  bool isLost = false;
  int status = 0;     ///< of the command, unless the connection was lost
  std::string output; ///< its standard output, as far as it came
  /// The last line of standard error, or what else is known of a loss.
  std::string complaint;
};

class RemoteShell {
public:
  /// `command` and `host` are given to the system as they are; silence of
  /// `seconds` while the host should answer or take input is a lost connection.
  RemoteShell(std::vector<std::string> command, std::string host,
              double seconds)
      : command(std::move(command)), host(std::move(host)), patience(seconds) {}

  /// Runs a line of POSIX shell with `input` as standard input. With
  /// `holdsInput` that stays open until the command ends: an end of it then
  /// tells the command that it is alone.
  RemoteResult run(llvm::StringRef script, llvm::StringRef input = "",
                   bool holdsInput = false) const;

private:
  std::vector<std::string> command;
  std::string host;
  double patience;
};

/// `text` as one word of a POSIX shell.
std::string quotedForShell(llvm::StringRef text);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_REMOTESHELL_H
