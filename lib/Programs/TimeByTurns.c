//===- TimeByTurns.c - Candidates timed on another machine ----------------===//
//
// What `tune --remote` runs on the host, with a file to lock; RemoteBench.cpp
// is the other end of both streams. The libraries run in a child process under
// a time limit: one that crashes or hangs is left out, and the others are timed
// anew. This process lives as long as its standard input: a program that
// outlived its connection would disturb the one that takes its place.
//
//   in   milliseconds that a turn may take; threads; microseconds of measuring
//        per subject; millionths of the ratio to give up at; floats of a
//        vector; whether it multiplies and adds at once; bytes of the working
//        set; inputs: count, elements each; outputs: count, rank each;
//        subjects: count, the library of each
//   out  UPCONV_PROGRAM_MARK; -1 every half second; message: bytes, empty if
//        all went well; machine: bytes; cores; bandwidth: bytes of its struct;
//        of each subject its state and pairs of seconds and GFLOP/s as bytes
//
//===----------------------------------------------------------------------===//

#include "Libraries.h"
#include "Streams.h"

#include "upconv/Programs/TimeByTurns.h"
#include "upconv/Timing/Timing.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { heartbeat = 500 }; // milliseconds

typedef struct {
  int64_t turn_limit, threads, seconds, give_up, vector_floats, fma, bytes;
  int64_t input_count, output_count, subject_count;
  int64_t *inputs, *ranks, *libraries;
} Request;

static Request request;

/// What the child leaves behind, however it ends.
typedef struct {
  volatile int64_t subject; ///< the one at work, or -1
  char message[256];
  upconv_timing_bandwidth bandwidth;
  upconv_timing_outcome *outcomes; ///< of the live subjects
  double *times;                   ///< of each, MOST_ROUNDS pairs
} Account;

static Account *account;

/// A subject that the child works with.
typedef struct {
  const upconv_rt_info *info;
  upconv_rt_options options;
  const float **inputs;
  float **outputs;
  int64_t *counts; ///< elements of each output
  int64_t number;  ///< in the request
} Subject;

static Subject *live;
static int64_t live_count;
static float **wanted; ///< what the first of them put out

//===----------------------------------------------------------------------===//
// The child
//===----------------------------------------------------------------------===//

static void fail(const char *message) {
  snprintf(account->message, sizeof account->message, "%s", message);
  _exit(1);
}

/// Zeroed, with huge pages where the machine has them, as in LoadedModel.h.
static void *pages(size_t size) {
  size = size ? size : 64;
  void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    fail("out of memory");
  madvise(mapped, size, MADV_HUGEPAGE);
  return mapped;
}

static void check(const Subject *subject, int status) {
  if (status)
    fail(subject->info->status_string(status));
}

/// The first one's memory is shared by those whose sizes are the same, as
/// BenchWorker.cpp does.
static void open_subject(Subject *subject) {
  check(subject, subject->info->prepare());
  int64_t rank_sum = 0;
  for (int64_t i = 0; i < request.output_count; ++i)
    rank_sum += request.ranks[i];
  int64_t *sizes = pages(sizeof *sizes * (size_t)rank_sum);
  memset(&subject->options, 0, sizeof subject->options);
  subject->options.struct_size = sizeof subject->options;
  subject->options.threads = (int)request.threads;
  check(subject, subject->info->sizes(NULL, subject->options.threads,
                                      &subject->options.workspace_size, sizes));
  int shares = subject != live;
  subject->options.workspace =
      shares && subject->options.workspace_size <= live->options.workspace_size
          ? live->options.workspace
          : pages(subject->options.workspace_size);
  subject->inputs = shares
                        ? live->inputs
                        : pages(sizeof(float *) * (size_t)request.input_count);
  for (int64_t i = 0; i < request.input_count && !shares; ++i) {
    float *values = pages(sizeof(float) * (size_t)request.inputs[i]);
    upconv_timing_fill_input(values, request.inputs[i]);
    subject->inputs[i] = values;
  }
  subject->outputs = pages(sizeof(float *) * (size_t)request.output_count);
  subject->counts = pages(sizeof(int64_t) * (size_t)request.output_count);
  for (int64_t i = 0; i < request.output_count; ++i) {
    subject->counts[i] = 1;
    for (int64_t d = 0; d < request.ranks[i]; ++d)
      subject->counts[i] *= *sizes++;
    subject->outputs[i] =
        shares && subject->counts[i] == live->counts[i]
            ? live->outputs[i]
            : pages(sizeof(float) * (size_t)subject->counts[i]);
  }
}

static void begin(void *context, int64_t index) {
  struct itimerval limit = {{0, 0},
                            {(time_t)(request.turn_limit / 1000),
                             (suseconds_t)(request.turn_limit % 1000 * 1000)}};
  account->subject = live[index].number;
  setitimer(ITIMER_REAL, &limit, NULL);
}

static void run(void *context, int64_t index) {
  Subject *subject = &live[index];
  subject->info->call(subject->inputs, NULL, subject->outputs,
                      &subject->options);
}

static int agrees(void *context, int64_t index) {
  int same = 1;
  for (int64_t i = 0; i < request.output_count; ++i) {
    if (live[index].counts[i] != live[0].counts[i])
      return 0;
    same &= upconv_timing_check_output(wanted[i], live[0].outputs[i],
                                       live[0].counts[i], index == 0);
  }
  return same;
}

static void record(void *context, int64_t index, double seconds,
                   double gflops) {
  double *pair = account->times + 2 * (index * UPCONV_TIMING_MOST_ROUNDS +
                                       account->outcomes[index].runs);
  pair[0] = seconds;
  pair[1] = gflops;
}

static void work(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(1); // it was gone before the line above
  signal(SIGALRM, SIG_DFL);
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  for (int64_t i = 0; i < live_count; ++i) {
    begin(NULL, i);
    open_subject(&live[i]);
  }
  wanted = pages(sizeof(float *) * (size_t)request.output_count);
  for (int64_t i = 0; i < request.output_count; ++i)
    wanted[i] = pages(sizeof(float) * (size_t)live[0].counts[i]);
  struct itimerval unlimited = {{0, 0}, {0, 0}};
  account->subject = -1;
  setitimer(ITIMER_REAL, &unlimited, NULL);
  account->bandwidth = upconv_timing_measure_bandwidth(request.bytes);
  upconv_timing_turns turns = {NULL,
                               live_count,
                               begin,
                               run,
                               agrees,
                               record,
                               1e-6 * (double)request.seconds,
                               1e-6 * (double)request.give_up,
                               request.vector_floats,
                               (int)request.fma,
                               /*time=*/NULL,
                               /*peak=*/NULL};
  upconv_timing_take_turns(&turns, account->outcomes);
  _exit(0);
}

//===----------------------------------------------------------------------===//
// The parent
//===----------------------------------------------------------------------===//

static void ignore(int number) { (void)number; }

/// Says that this process is alive, and waits half a second, or for the end of
/// a child. Ends with the connection.
static void wait_a_little(const sigset_t *while_waiting) {
  struct timespec span = {0, heartbeat * 1000000L};
  struct pollfd input = {STDIN_FILENO, POLLIN, 0};
  put_integer(-1);
  if (fflush(stdout))
    exit(1);
  char rest;
  if (ppoll(&input, 1, &span, while_waiting) > 0 &&
      read(STDIN_FILENO, &rest, 1) <= 0)
    exit(1);
}

/// One timing of the live subjects; the child's wait status.
static int time_live(const sigset_t *while_waiting) {
  account->subject = -1;
  account->message[0] = 0;
  pid_t parent = getpid(), child = fork();
  if (child < 0)
    give_up("no process can be made");
  if (child == 0) {
    sigprocmask(SIG_SETMASK, while_waiting, NULL);
    work(parent);
  }
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0)
    wait_a_little(while_waiting);
  return status;
}

static void lock(const char *path, const sigset_t *while_waiting) {
  int file = path ? open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600) : -1;
  while (file >= 0 && flock(file, LOCK_EX | LOCK_NB) != 0)
    wait_a_little(while_waiting);
}

static void read_request(void) {
  request.turn_limit = integer();
  request.threads = integer();
  request.seconds = integer();
  request.give_up = integer();
  request.vector_floats = integer();
  request.fma = integer();
  request.bytes = integer();
  request.inputs = integers(&request.input_count);
  request.ranks = integers(&request.output_count);
  request.libraries = integers(&request.subject_count);
  for (int64_t i = 0; i < request.subject_count; ++i)
    if (request.libraries[i] >= upconv_library_count)
      give_up("the request names a library that is not there");
}

static void *shared(size_t size) {
  void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED)
    give_up("out of memory");
  return mapped;
}

/// Times those that live until all of them come through.
static void time_all(int64_t *states, const sigset_t *while_waiting) {
  for (;;) {
    live_count = 0;
    for (int64_t i = 0; i < request.subject_count; ++i)
      if (states[i] == UPCONV_SUBJECT_TIMED) {
        live[live_count].info = upconv_libraries[request.libraries[i]]();
        live[live_count++].number = i;
      }
    int status = time_live(while_waiting);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
      return;
    int tardy = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    if (account->subject > 0) {
      states[account->subject] =
          tardy ? UPCONV_SUBJECT_SLOW : UPCONV_SUBJECT_WRONG;
      continue;
    }
    if (!account->message[0])
      snprintf(account->message, sizeof account->message,
               tardy ? "a run of the schedule of today takes too long"
                     : "the schedule of today ends with signal %d",
               WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    give_up(account->message);
  }
}

static void put_results(const int64_t *states) {
  char machine[512];
  upconv_timing_describe_machine(machine, sizeof machine);
  put_message("");
  put_bytes(machine, strlen(machine));
  put_integer(upconv_timing_cores());
  put_bytes(&account->bandwidth, sizeof account->bandwidth);
  int64_t index = 0;
  for (int64_t i = 0; i < request.subject_count; ++i) {
    if (states[i] != UPCONV_SUBJECT_TIMED) {
      put_integer(states[i]);
      put_bytes("", 0);
      continue;
    }
    const upconv_timing_outcome *outcome = &account->outcomes[index];
    put_integer(!outcome->agrees    ? UPCONV_SUBJECT_WRONG
                : outcome->given_up ? UPCONV_SUBJECT_SLOW
                                    : UPCONV_SUBJECT_TIMED);
    put_bytes(account->times + 2 * index * UPCONV_TIMING_MOST_ROUNDS,
              2 * sizeof(double) * (size_t)outcome->runs);
    ++index;
  }
}

int main(int argc, char **argv) {
  struct sigaction wake = {.sa_handler = ignore};
  sigset_t children, before;
  sigaction(SIGCHLD, &wake, NULL);
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, &before);
  sigdelset(&before, SIGCHLD);
  fputs(UPCONV_PROGRAM_MARK, stdout);
  read_request();
  lock(argc > 1 ? argv[1] : NULL, &before);
  size_t subjects = (size_t)request.subject_count;
  int64_t *states = memory(sizeof *states * subjects);
  for (size_t i = 0; i < subjects; ++i)
    states[i] = UPCONV_SUBJECT_TIMED;
  live = memory(sizeof *live * subjects);
  account = shared(sizeof *account);
  account->outcomes = shared(sizeof *account->outcomes * subjects);
  account->times =
      shared(2 * sizeof(double) * UPCONV_TIMING_MOST_ROUNDS * subjects);
  time_all(states, &before);
  put_results(states);
  return fflush(stdout) ? 1 : 0;
}
