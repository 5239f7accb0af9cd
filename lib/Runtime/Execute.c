//===- Execute.c - One run: options, workspace, launches ------------------===//
//
// Nothing here outlives a run. With a workspace given and one thread, no path
// through this file reaches a system call, a lock or an allocation.
//
//===----------------------------------------------------------------------===//

#include "Threads.h"

struct upconv_rt_run {
  int threads; // 0: not counted yet
  upconv_rt_parallel_for *parallel_for;
  void *user;
  int has_pool;
  upconv_rt_pool pool;
};

int upconv_rt_execute(const upconv_rt_options *options, int64_t workspace_size,
                      int64_t work, int64_t thread_work,
                      upconv_rt_steps *steps, void *context) {
  upconv_rt_run run;
  run.threads = 0;
  run.parallel_for = NULL;
  run.user = NULL;
  run.has_pool = 0;

  char *workspace = NULL;
  size_t size = (size_t)workspace_size;
  if (options) {
    if (options->struct_size < offsetof(upconv_rt_options, weights) ||
        options->threads < 0)
      return UPCONV_RT_INVALID_ARGUMENT;
    run.threads = options->threads;
    run.parallel_for = options->parallel_for;
    run.user = options->user;
    workspace = options->workspace;
    if (workspace && size) {
      if (options->workspace_size < size)
        return UPCONV_RT_WORKSPACE_TOO_SMALL;
      if ((uintptr_t)workspace % UPCONV_RT_WORKSPACE_ALIGNMENT)
        return UPCONV_RT_WORKSPACE_MISALIGNED;
    }
  }
  if (run.threads > UPCONV_RT_MAX_THREADS)
    run.threads = UPCONV_RT_MAX_THREADS;
  if (!run.parallel_for && work >= 0 && work < thread_work)
    run.threads = 1;

  void *own = NULL;
  if (!workspace && size) {
    own = upconv_rt_allocate(size);
    if (!own)
      return UPCONV_RT_OUT_OF_MEMORY;
    workspace = own;
  }

  int status = steps(context, workspace, &run);

  if (run.has_pool)
    upconv_rt_pool_stop(&run.pool);
  if (own)
    upconv_rt_free(own, size);
  return status;
}

// How many windows to cut [0, extent) into: one per thread, as far as the grain
// and the work allow. Fewer, larger windows re-read fewer weights. Where blocks
// re-read them anyway, four per thread even out cores of unequal speed.
static int count_windows(upconv_rt_run *run, int64_t extent, int64_t grain,
                         int64_t block, int64_t work) {
  if (run->threads == 1)
    return 1;
  int64_t windows = extent / grain;
  if (work >= 0 && work / UPCONV_RT_WORK_PER_WINDOW < windows)
    windows = work / UPCONV_RT_WORK_PER_WINDOW;
  if (windows <= 1)
    return 1;
  if (run->threads == 0)
    run->threads = upconv_rt_available_cores();
  int most = run->threads;
  if (block > 0 && extent / block >= 4 * most)
    most *= 4;
  return windows < most ? (int)windows : most;
}

int upconv_rt_launch(upconv_rt_run *run, upconv_rt_kernel *kernel,
                     void **arguments, int count, int window, int64_t extent,
                     int64_t grain, int64_t block, int64_t work) {
  if (extent <= 0)
    return UPCONV_RT_OK;
  int windows = count_windows(run, extent, grain, block, work);
  if (windows == 1)
    return upconv_rt_run_blocks(kernel, arguments, window, 0, extent, block)
               ? UPCONV_RT_INTERNAL
               : UPCONV_RT_OK;

  upconv_rt_task task = {.kernel = kernel,
                         .arguments = arguments,
                         .count = count,
                         .window = window,
                         .windows = windows,
                         .extent = extent,
                         .grain = grain,
                         .block = block};
  if (run->parallel_for) {
    run->parallel_for(run->user, windows, upconv_rt_task_body, &task);
  } else {
    if (!run->has_pool) {
      upconv_rt_pool_start(&run->pool, run->threads - 1);
      run->has_pool = 1;
    }
    upconv_rt_pool_run(&run->pool, &task);
  }
  // A host whose parallel_for dropped an index is caught here as well.
  int complete = atomic_load(&task.finished) == windows;
  return complete && !atomic_load(&task.failed) ? UPCONV_RT_OK
                                                : UPCONV_RT_INTERNAL;
}
