//===- RemoteHost.cpp - A folder and a program on another machine ---------===//

#include "RemoteHost.h"

#include "Diagnostics.h"
#include "Interrupt.h"

#include "upconv/Timing/Timing.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <unistd.h>

using namespace upconv;

// Exit statuses of the scripts below.
static const int noFolder = 73, noSpace = 74;

/// Behind this word the host says what was asked; a login script may print
/// before it.
static const char *const answerMark = "upconv-host:";

static std::string shortHash(llvm::StringRef bytes) {
  llvm::BLAKE3 hasher;
  hasher.update(bytes);
  return llvm::toHex(hasher.final<8>(), /*LowerCase=*/true);
}

static std::vector<std::string> wordsOf(llvm::StringRef text) {
  llvm::SmallVector<llvm::StringRef> words;
  llvm::SplitString(text, words);
  return {words.begin(), words.end()};
}

/// Silence of so many seconds is a lost connection; the program on the host
/// says something twice a second.
static double silenceLimit(double patience) {
  return std::clamp(patience / 4, 1.0, 20.0);
}

RemoteHost::RemoteHost(const Options &options, llvm::StringRef identity)
    : host(options.remote), runPrefix(options.remoteRun),
      folder(shortHash(identity)), shell(wordsOf(options.remoteShell), host,
                                         silenceLimit(options.remotePatience)),
      patience(options.remotePatience) {}

RemoteHost::~RemoteHost() {
  if (isConnected)
    shell.run(inFolder("cd .. && rm -rf " + folder +
                       " && cd .. && rmdir upconv-tune 2>/dev/null"));
}

/// `script` in this run's folder, which is made for it: the host may have been
/// started again, with a file system that forgets.
std::string RemoteHost::inFolder(llvm::StringRef script) const {
  return ("umask 077; d=\"${XDG_CACHE_HOME:-$HOME/.cache}/upconv-tune/" +
          folder + "\"; mkdir -p \"$d\" && cd \"$d\" || exit " +
          llvm::Twine(noFolder) + "; " + script)
      .str();
}

//===----------------------------------------------------------------------===//
// Connecting
//===----------------------------------------------------------------------===//

static llvm::Triple::ArchType architectureOf(llvm::StringRef machine) {
  // As uname spells them.
  if (machine == "amd64")
    return llvm::Triple::x86_64;
  return llvm::Triple(machine).getArch();
}

ExitStatus RemoteHost::connect(const llvm::Triple &triple) {
  // What no run has touched for a day was left by one that was never resumed.
  std::string script = llvm::formatv(
      "find .. -mindepth 1 -maxdepth 1 -type d -name \"[0-9a-f]*\" ! -name {0} "
      "-mtime +0 -exec rm -rf {{} + 2>/dev/null; "
      "echo \"{1} $(uname -s) $(uname -m)\"",
      folder, answerMark);
  RemoteResult result = shell.run(inFolder(script));
  if (wasInterrupted())
    return ExitInterrupted;
  if (result.isLost) {
    printError("no connection to '" + host + "': " + result.complaint);
    return ExitUsage;
  }
  size_t mark = result.output.rfind(answerMark);
  if (result.status != 0 || mark == std::string::npos) {
    printError("'" + host + "' cannot be used: " +
               (result.complaint.empty() ? "its shell ends with status " +
                                               std::to_string(result.status)
                                         : result.complaint));
    return ExitUsage;
  }
  isConnected = true;
  std::vector<std::string> words =
      wordsOf(llvm::StringRef(result.output).drop_front(mark));
  words.resize(3);
  if (words[1] == "Linux" && architectureOf(words[2]) == triple.getArch())
    return ExitOk;
  printError("'" + host + "' is a machine of " + words[1] + " on " + words[2] +
             ", and the target is for Linux on " + triple.getArchName() +
             ": choose the target with --target");
  return ExitUnsupported;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// What came of one try.
struct RemoteHost::Attempt {
  enum class End { Done, Lost, Failed } end;
  std::string why;
};

RemoteHost::Attempt
RemoteHost::attempt(llvm::StringRef name, llvm::StringRef program,
                    llvm::StringRef request,
                    llvm::function_ref<bool(llvm::StringRef)> take) {
  using End = Attempt::End;
  // A connection that is cut ends the input, and so a file that is too short.
  std::string put =
      llvm::formatv("test -f {0} && exit 0; rm -f program-* part-*; "
                    "cat > part-$$ && test $(wc -c < part-$$) -eq {1} && "
                    "chmod 700 part-$$ && mv part-$$ {0} || "
                    "{{ rm -f part-$$; exit {2}; }",
                    name, program.size(), noSpace)
          .str();
  RemoteResult result = shell.run(inFolder(put), program);
  if (!result.isLost && result.status == 0) {
    std::string run = "exec " + runPrefix + " ./" + name.str() + " lock";
    result = shell.run(inFolder(run), request, /*holdsInput=*/true);
    if (!result.isLost && result.status == 0)
      return take(result.output) ? Attempt{End::Done, ""}
                                 : Attempt{End::Lost, "its answer breaks off"};
  }
  if (result.isLost)
    return {End::Lost, result.complaint};
  std::string why =
      result.complaint.empty() ? "" : " (" + result.complaint + ")";
  switch (result.status) {
  case noFolder:
    return {End::Failed, "makes no folder" + why};
  case noSpace:
    return {End::Failed, "does not take the timing program" + why};
  case 126:
  case 127:
    return {End::Failed, "cannot run the timing program" + why};
  default: // the host goes down, or somebody has ended the program
    return {End::Lost, "the timing program ended with status " +
                           std::to_string(result.status) + why};
  }
}

/// Waits in front of the next attempt, longer each time; false if it has been
/// enough, or after an interrupt.
bool RemoteHost::waitAfter(const Attempt &failed, int attempts,
                           double &waited) {
  const double shortest = 0.5, longest = 30;
  double span = std::min({shortest * double(1 << std::min(attempts, 6)),
                          longest, patience - waited});
  if (span <= 0 || wasInterrupted())
    return false;
  if (llvm::sys::Process::StandardErrIsDisplayed())
    llvm::errs() << "\r\033[K";
  llvm::errs() << "upconv: warning: the connection to '" << host
               << "' is lost: " << failed.why
               << llvm::formatv(": trying again in {0:f1} s\n", span);
  for (double end = upconv_timing_now() + span;
       upconv_timing_now() < end && !wasInterrupted();)
    usleep(50000);
  waited += span;
  return !wasInterrupted();
}

ExitStatus
RemoteHost::exchange(llvm::StringRef program, llvm::StringRef request,
                     llvm::function_ref<bool(llvm::StringRef)> take) {
  std::string name = "program-" + shortHash(program);
  double waited = 0;
  for (int attempts = 0;; ++attempts) {
    if (wasInterrupted())
      return ExitInterrupted;
    double start = upconv_timing_now();
    Attempt made = attempt(name, program, request, take);
    if (made.end == Attempt::End::Done)
      return ExitOk;
    if (wasInterrupted())
      return ExitInterrupted;
    if (made.end == Attempt::End::Failed) {
      printError("'" + host + "' " + made.why);
      return ExitUsage;
    }
    bool goesOn = waitAfter(made, attempts, waited);
    lost += upconv_timing_now() - start;
    if (wasInterrupted())
      return ExitInterrupted;
    if (goesOn)
      continue;
    isConnected = false;
    printError("the connection to '" + host + "' is lost: " + made.why +
               "; it did not come back in " +
               llvm::formatv("{0:f0}", patience).str() +
               " s of waiting. The log has all that was measured: --resume "
               "goes on with it");
    return ExitUsage;
  }
}
