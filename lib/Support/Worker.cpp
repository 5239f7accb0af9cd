//===- Worker.cpp - A function in a process of its own --------------------===//

#include "upconv/Support/Worker.h"

#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace upconv;

namespace {

using Clock = std::chrono::steady_clock;

// One running worker: its pipes and how much of the request it has taken.
struct Process {
  size_t job;
  pid_t pid;
  int input, output;
  size_t sent = 0;
  Clock::time_point start;
};

} // namespace

static void applyLimits(const WorkerLimits &limits) {
  auto set = [](int resource, int64_t value) {
    if (value <= 0)
      return;
    rlimit limit{static_cast<rlim_t>(value), static_cast<rlim_t>(value)};
    setrlimit(resource, &limit);
  };
  set(RLIMIT_CPU, limits.cpuSeconds);
  set(RLIMIT_AS, limits.addressSpaceBytes);
  rlimit noCore{0, 0};
  setrlimit(RLIMIT_CORE, &noCore);
}

static std::string readStandardInput() {
  std::string text;
  char buffer[65536];
  ssize_t count;
  while ((count = read(STDIN_FILENO, buffer, sizeof buffer)) > 0 ||
         (count < 0 && errno == EINTR))
    text.append(buffer, std::max<ssize_t>(count, 0));
  return text;
}

// Nobody wants the answer of a worker whose parent was killed, and what it
// still computes would disturb whoever takes the parent's place.
static void endWith(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(1); // it was gone before the line above
}

// The worker's side.
[[noreturn]] static void serve(const WorkerJob &job, pid_t parent) {
  endWith(parent);
  applyLimits(job.limits);
  // The parent may have blocked interrupts, and awaits them in a thread.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  int status = job.entry(readStandardInput());
  llvm::outs().flush();
  // Nothing that the parent still needs is ended here.
  _exit(status);
}

// Returns false if no process or pipe could be made.
static bool start(const WorkerJob &job, size_t index,
                  llvm::ArrayRef<Process> others, Process &process) {
  int toChild[2], fromChild[2];
  if (pipe2(toChild, O_CLOEXEC) != 0)
    return false;
  if (pipe2(fromChild, O_CLOEXEC) != 0) {
    close(toChild[0]);
    close(toChild[1]);
    return false;
  }
  // Unwritten output would be written twice.
  llvm::outs().flush();
  fflush(nullptr);
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0) {
    dup2(toChild[0], STDIN_FILENO);
    dup2(fromChild[1], STDOUT_FILENO);
    // An end of another worker's pipe held here would keep it waiting.
    for (const Process &other : others) {
      close(other.output);
      if (other.input >= 0)
        close(other.input);
    }
    for (int end : {toChild[0], toChild[1], fromChild[0], fromChild[1]})
      close(end);
    serve(job, parent);
  }
  close(toChild[0]);
  close(fromChild[1]);
  if (pid < 0) {
    close(toChild[1]);
    close(fromChild[0]);
    return false;
  }
  fcntl(toChild[1], F_SETFL, O_NONBLOCK);
  process = {index, pid, toChild[1], fromChild[0], 0, Clock::now()};
  return true;
}

static void send(Process &process, const std::string &request) {
  while (process.sent < request.size()) {
    ssize_t count = write(process.input, request.data() + process.sent,
                          request.size() - process.sent);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0 && errno == EAGAIN)
      return;
    if (count < 0)
      break; // it died or closed its end; its status tells
    process.sent += count;
  }
  close(process.input);
  process.input = -1;
}

// Returns false at the end of the response.
static bool receive(Process &process, std::string &response) {
  char buffer[65536];
  ssize_t count = read(process.output, buffer, sizeof buffer);
  if (count < 0)
    return errno == EINTR;
  response.append(buffer, count);
  return count > 0;
}

static void finish(Process &process, WorkerResult &result) {
  if (process.input >= 0)
    close(process.input);
  close(process.output);
  int status = 0;
  while (waitpid(process.pid, &status, 0) < 0 && errno == EINTR)
    ;
  result.seconds =
      std::chrono::duration<double>(Clock::now() - process.start).count();
  if (WIFEXITED(status))
    result.exitStatus = WEXITSTATUS(status);
  else if (WIFSIGNALED(status))
    result.signal = WTERMSIG(status);
}

std::vector<WorkerResult>
upconv::runWorkers(llvm::ArrayRef<WorkerJob> jobs, unsigned parallel,
                   llvm::function_ref<void(size_t)> onDone,
                   llvm::function_ref<bool()> meanwhile) {
  std::vector<WorkerResult> results(jobs.size());
  std::vector<Process> running;
  size_t next = 0, done = 0;
  bool worked = false;
  // A worker that dies early must not end this process by SIGPIPE.
  struct sigaction ignore = {}, before = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);

  while (next < jobs.size() || !running.empty()) {
    while (next < jobs.size() && running.size() < std::max(parallel, 1u)) {
      Process process;
      if (start(jobs[next], next, running, process))
        running.push_back(process);
      else
        ++done;
      ++next;
    }
    if (!worked && next == jobs.size() && running.size() < parallel) {
      for (Process &process : running)
        send(process, jobs[process.job].request);
      worked = true;
      if (!meanwhile())
        for (const Process &process : running)
          kill(process.pid, SIGKILL);
    }
    std::vector<pollfd> waits;
    for (const Process &process : running) {
      waits.push_back({process.output, POLLIN, 0});
      waits.push_back({process.input, POLLOUT, 0}); // -1 is skipped by poll
    }
    if (!waits.empty() && poll(waits.data(), waits.size(), -1) < 0 &&
        errno != EINTR)
      break;
    for (size_t i = running.size(); i-- > 0;) {
      Process &process = running[i];
      if (process.input >= 0 && waits[2 * i + 1].revents != 0)
        send(process, jobs[process.job].request);
      if (waits[2 * i].revents == 0 ||
          receive(process, results[process.job].response))
        continue;
      finish(process, results[process.job]);
      running.erase(running.begin() + i);
      onDone(++done);
    }
  }
  sigaction(SIGPIPE, &before, nullptr);
  if (!worked)
    meanwhile();
  return results;
}

std::string WorkerResult::describe() const {
  if (signal != 0)
    return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
  return "exit status " + std::to_string(exitStatus);
}

unsigned upconv::availableCores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return std::max(CPU_COUNT(&set), 1);
  return 1;
}

FieldWriter &FieldWriter::add(llvm::StringRef bytes) {
  add(static_cast<int64_t>(bytes.size()));
  buffer.append(bytes.begin(), bytes.end());
  return *this;
}

FieldWriter &FieldWriter::add(int64_t value) {
  buffer.append(reinterpret_cast<const char *>(&value), sizeof value);
  return *this;
}

int64_t FieldReader::integer() {
  int64_t value = 0;
  if (failed || rest.size() < sizeof value) {
    failed = true;
    return 0;
  }
  std::memcpy(&value, rest.data(), sizeof value);
  rest = rest.drop_front(sizeof value);
  return value;
}

llvm::StringRef FieldReader::bytes() {
  int64_t size = integer();
  if (failed || size < 0 || static_cast<size_t>(size) > rest.size()) {
    failed = true;
    return {};
  }
  llvm::StringRef value = rest.take_front(size);
  rest = rest.drop_front(size);
  return value;
}
