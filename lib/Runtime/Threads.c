//===- Threads.c - A run's own threads ------------------------------------===//
//
// Threads are made at the first parallel launch of a run and joined at its end.
// Between launches a worker spins for some microseconds, yields a few times,
// then sleeps at the run's gate; so does the caller while it waits for the last
// window.
//
// A claim of a window keeps its launch alive: the caller cannot pass `done`
// until that window is finished. So a worker may read `task` after a successful
// claim, and only then.
//
//===----------------------------------------------------------------------===//

#include "Threads.h"

enum { SPINS = 512, YIELDS = 16 };

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  __asm__ volatile("yield");
#endif
}

// Returns soon after *word differs from `old`. `sleeping` tells the waker that
// a wake-up call is due.
static void wait_while(upconv_rt_gate *gate, _Atomic uint32_t *word,
                       uint32_t old, _Atomic uint32_t *sleeping) {
  for (int i = 0; i < SPINS; ++i) {
    if (atomic_load_explicit(word, memory_order_acquire) != old)
      return;
    relax();
  }
  for (int i = 0; i < YIELDS; ++i) {
    if (atomic_load_explicit(word, memory_order_acquire) != old)
      return;
    upconv_rt_yield();
  }
  atomic_fetch_add(sleeping, 1);
  upconv_rt_gate_wait(gate, word, old);
  atomic_fetch_sub(sleeping, 1);
}

static void wake(upconv_rt_gate *gate, _Atomic uint32_t *word,
                 _Atomic uint32_t *sleeping) {
  if (atomic_load(sleeping))
    upconv_rt_gate_wake(gate, word);
}

int upconv_rt_run_blocks(upconv_rt_kernel *kernel, void **arguments, int window,
                         int64_t begin, int64_t end, int64_t block) {
  if (block <= 0)
    block = end - begin;
  while (begin < end) {
    int64_t next = end - begin < 2 * block ? end : begin + block;
    int32_t bounds[2] = {(int32_t)begin, (int32_t)next};
    arguments[window] = &bounds[0];
    arguments[window + 1] = &bounds[1];
    int status = kernel(arguments);
    if (status)
      return status;
    begin = next;
  }
  return 0;
}

void upconv_rt_task_body(void *context, int index) {
  upconv_rt_task *task = context;
  if (index < 0 || index >= task->windows)
    return;
  // The division of floor(extent / grain) granules over the windows; the last
  // window takes what is left over.
  int64_t granules = task->extent / task->grain;
  int64_t begin = granules * index / task->windows * task->grain;
  int64_t end = granules * (index + 1) / task->windows * task->grain;
  if (index == task->windows - 1)
    end = task->extent;

  void *arguments[UPCONV_RT_MAX_ARGUMENTS];
  memcpy(arguments, task->arguments, (size_t)task->count * sizeof(void *));
  if (upconv_rt_run_blocks(task->kernel, arguments, task->window, begin, end,
                           task->block))
    atomic_store(&task->failed, 1);
  atomic_fetch_add(&task->finished, 1);
}

static void claim_windows(upconv_rt_pool *pool) {
  for (;;) {
    uint32_t ticket = atomic_fetch_add(&pool->ticket, 1);
    uint32_t next = ticket & 0xffff, count = ticket >> 16;
    if (next >= count)
      return;
    upconv_rt_task_body(pool->task, (int)next);
    atomic_fetch_add(&pool->done, 1);
    wake(&pool->gate, &pool->done, &pool->caller_sleeps);
  }
}

static upconv_rt_thread_result worker(void *argument) {
  upconv_rt_pool *pool = argument;
  uint32_t seen = 0;
  for (;;) {
    wait_while(&pool->gate, &pool->generation, seen, &pool->sleepers);
    seen = atomic_load(&pool->generation);
    if (atomic_load(&pool->stop))
      return 0;
    claim_windows(pool);
  }
}

void upconv_rt_pool_start(upconv_rt_pool *pool, int workers) {
  atomic_init(&pool->ticket, 0);
  atomic_init(&pool->generation, 0);
  atomic_init(&pool->sleepers, 0);
  atomic_init(&pool->done, 0);
  atomic_init(&pool->caller_sleeps, 0);
  atomic_init(&pool->stop, 0);
  pool->task = NULL;
  upconv_rt_gate_open(&pool->gate);
  pool->workers = upconv_rt_start_threads(pool->threads, workers, worker, pool);
}

static void publish(upconv_rt_pool *pool) {
  atomic_fetch_add(&pool->generation, 1);
  wake(&pool->gate, &pool->generation, &pool->sleepers);
}

void upconv_rt_pool_run(upconv_rt_pool *pool, upconv_rt_task *task) {
  uint32_t count = (uint32_t)task->windows;
  pool->task = task;
  atomic_store(&pool->done, 0);
  atomic_store(&pool->ticket, count << 16);
  publish(pool);
  claim_windows(pool);
  for (uint32_t done; (done = atomic_load(&pool->done)) != count;)
    wait_while(&pool->gate, &pool->done, done, &pool->caller_sleeps);
}

void upconv_rt_pool_stop(upconv_rt_pool *pool) {
  atomic_store(&pool->stop, 1);
  publish(pool);
  for (int i = 0; i < pool->workers; ++i)
    upconv_rt_join(pool->threads[i]);
  upconv_rt_gate_close(&pool->gate);
}
