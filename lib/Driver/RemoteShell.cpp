//===- RemoteShell.cpp - Commands on another machine ----------------------===//

#include "RemoteShell.h"

#include "Interrupt.h"

#include "upconv/Timing/Timing.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace upconv;

std::string upconv::quotedForShell(llvm::StringRef text) {
  std::string quoted = "'";
  for (char c : text)
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

namespace {

/// The shell's process and the ends of its pipes that are ours.
class Process {
public:
  Process(const std::vector<std::string> &words, FILE *errors);
  ~Process() { closeInput(), closeOutput(); }

  /// Sends and receives until the output ends, or nothing moves for `patience`
  /// seconds; false then.
  bool converse(llvm::StringRef request, bool holdsInput, double patience,
                std::string &response);
  void kill() const { ::kill(pid, SIGKILL); }
  /// Its wait status, after a kill if it does not end within `patience`
  /// seconds; -1 if there was no process.
  int wait(double patience);

private:
  void closeInput() { closeEnd(input); }
  void closeOutput() { closeEnd(output); }
  static void closeEnd(int &end) {
    if (end >= 0)
      close(end);
    end = -1;
  }
  bool send(llvm::StringRef &rest);
  bool receive(std::string &response);

  pid_t pid = -1;
  int input = -1, output = -1;
};

} // namespace

Process::Process(const std::vector<std::string> &words, FILE *errors) {
  std::vector<char *> arguments;
  for (const std::string &word : words)
    arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  int toShell[2], fromShell[2];
  if (pipe2(toShell, O_CLOEXEC) != 0)
    return;
  if (pipe2(fromShell, O_CLOEXEC) != 0) {
    close(toShell[0]);
    close(toShell[1]);
    return;
  }
  pid_t parent = getpid();
  pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
      _exit(255); // it was gone before the line above
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    dup2(toShell[0], STDIN_FILENO);
    dup2(fromShell[1], STDOUT_FILENO);
    dup2(fileno(errors), STDERR_FILENO);
    execvp(arguments.front(), arguments.data());
    dprintf(STDERR_FILENO, "%s: %s\n", arguments.front(), strerror(errno));
    _exit(255);
  }
  close(toShell[0]);
  close(fromShell[1]);
  input = toShell[1];
  output = fromShell[0];
  fcntl(input, F_SETFL, O_NONBLOCK);
}

/// Returns false if the other side takes no more.
bool Process::send(llvm::StringRef &rest) {
  ssize_t count = write(input, rest.data(), rest.size());
  if (count < 0)
    return errno == EINTR || errno == EAGAIN;
  rest = rest.drop_front(count);
  return true;
}

/// Returns false at the end.
bool Process::receive(std::string &response) {
  char buffer[65536];
  ssize_t count = read(output, buffer, sizeof buffer);
  if (count < 0)
    return errno == EINTR;
  response.append(buffer, count);
  return count > 0;
}

bool Process::converse(llvm::StringRef request, bool holdsInput,
                       double patience, std::string &response) {
  const int glance = 100; // milliseconds between looks at the clock
  // What is begun after an interrupt cleans up.
  bool mindsInterrupts = !wasInterrupted();
  double heard = upconv_timing_now();
  while (output >= 0) {
    if (request.empty() && !holdsInput)
      closeInput();
    pollfd waits[] = {{output, POLLIN, 0},
                      {request.empty() ? -1 : input, POLLOUT, 0}};
    int ready = poll(waits, 2, glance);
    if (ready > 0)
      heard = upconv_timing_now();
    else if (upconv_timing_now() - heard > patience ||
             (mindsInterrupts && wasInterrupted()))
      return false;
    if (ready <= 0)
      continue;
    if (waits[1].revents != 0 && !send(request)) {
      closeInput();
      request = {};
    }
    if (waits[0].revents != 0 && !receive(response))
      closeOutput();
  }
  return true;
}

int Process::wait(double patience) {
  closeInput();
  if (pid < 0)
    return -1;
  int status = -1;
  double deadline = upconv_timing_now() + patience;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (upconv_timing_now() > deadline)
      kill();
    usleep(5000);
  }
  return status;
}

static std::string lastLine(FILE *file) {
  std::string line;
  char text[512];
  fseek(file, 0, SEEK_SET);
  while (fgets(text, sizeof text, file))
    if (llvm::StringRef trimmed = llvm::StringRef(text).trim();
        !trimmed.empty())
      line = trimmed.rtrim('.').str();
  return line;
}

RemoteResult RemoteShell::run(llvm::StringRef script, llvm::StringRef input,
                              bool holdsInput) const {
  RemoteResult result;
  // Not a pipe: what ssh leaves in the background for later connections keeps
  // standard error open.
  FILE *errors = std::tmpfile();
  if (!errors) {
    result.isLost = true;
    result.complaint = std::string("no temporary file: ") + strerror(errno);
    return result;
  }
  // The user's shell on the host may be none of POSIX's.
  std::vector<std::string> words = command;
  words.push_back(host);
  words.push_back("sh -c " + quotedForShell(script));
  // A shell that ends early must not end this process by SIGPIPE.
  struct sigaction ignore = {}, before = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  Process process(words, errors);
  bool isSilent = !process.converse(input, holdsInput, patience, result.output);
  if (isSilent)
    process.kill();
  int status = process.wait(patience);
  sigaction(SIGPIPE, &before, nullptr);
  result.complaint = lastLine(errors);
  fclose(errors);
  result.isLost = isSilent || status < 0 || !WIFEXITED(status) ||
                  WEXITSTATUS(status) == 255;
  result.status = result.isLost ? 255 : WEXITSTATUS(status);
  if (isSilent)
    result.complaint = "nothing was heard for " +
                       std::to_string(static_cast<int>(patience)) + " s";
  else if (result.isLost && result.complaint.empty())
    result.complaint = "'" + command.front() + "' ended without a word";
  return result;
}
