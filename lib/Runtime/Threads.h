//===- Threads.h - A launch cut into windows, and a run's threads ---------===//

#ifndef UPCONV_LIB_RUNTIME_THREADS_H
#define UPCONV_LIB_RUNTIME_THREADS_H

#include "System.h"

#include "upconv/Runtime/Runtime.h"

/// One launch that several threads share.
typedef struct {
  upconv_rt_kernel *kernel;
  void **arguments; // a template; each window has its own copy
  int count, window, windows;
  int64_t extent, grain, block;
  atomic_int finished, failed;
} upconv_rt_task;

/// Runs the kernel over [begin, end) in blocks of `block`, or as a whole if
/// that is 0. The last block takes the rest and is no smaller than the others,
/// so never smaller than the grain. Returns the kernel's status.
int upconv_rt_run_blocks(upconv_rt_kernel *kernel, void **arguments, int window,
                         int64_t begin, int64_t end, int64_t block);

/// Runs window `index` of the upconv_rt_task `context`.
void upconv_rt_task_body(void *context, int index);

/// The threads of one run. Lives on the caller's stack.
typedef struct {
  // count << 16 | next: the windows of the current launch and the first one
  // that nobody has claimed. One word, so that a late thread claims from the
  // launch that is current, or nothing.
  _Atomic uint32_t ticket;
  // Bumped to publish a launch or the end; what idle workers wait on.
  _Atomic uint32_t generation;
  _Atomic uint32_t sleepers;
  // Windows done; what the caller waits on.
  _Atomic uint32_t done;
  _Atomic uint32_t caller_sleeps;
  atomic_int stop;
  upconv_rt_task *task;
  int workers;
  upconv_rt_gate gate;
  upconv_rt_thread threads[UPCONV_RT_MAX_THREADS];
} upconv_rt_pool;

/// Makes up to `workers` threads; with fewer, or none, everything still runs.
void upconv_rt_pool_start(upconv_rt_pool *pool, int workers);
/// Runs all windows of `task` on the workers and this thread.
void upconv_rt_pool_run(upconv_rt_pool *pool, upconv_rt_task *task);
/// Ends and joins the workers.
void upconv_rt_pool_stop(upconv_rt_pool *pool);

#endif // UPCONV_LIB_RUNTIME_THREADS_H
