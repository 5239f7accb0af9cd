//===- System.c - Memory, threads and cores on macOS and iOS --------------===//
//
// The system's futex is public from macOS 14.4 and iOS 17.4 on only, so threads
// sleep on a condition variable.
//
//===----------------------------------------------------------------------===//

#include "../System.h"

#include "upconv/Runtime/Runtime.h"

void *upconv_rt_allocate(size_t size) {
  void *memory =
      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void upconv_rt_free(void *memory, size_t size) { munmap(memory, size); }

// A thread of a lower class than its caller would be put on the slow cores, and
// the caller would wait for it. A class that cannot be asked for is left out.
int upconv_rt_start_threads(upconv_rt_thread *threads, int count,
                            upconv_rt_thread_result (*body)(void *),
                            void *argument) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes))
    return 0;
  pthread_attr_set_qos_class_np(&attributes, qos_class_self(), 0);
  sigset_t all = ~(sigset_t)0, old;
  pthread_sigmask(SIG_SETMASK, &all, &old);
  int made = 0;
  while (made < count &&
         pthread_create(&threads[made], &attributes, body, argument) == 0)
    ++made;
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  pthread_attr_destroy(&attributes);
  return made;
}

void upconv_rt_join(upconv_rt_thread thread) { pthread_join(thread, NULL); }

void upconv_rt_yield(void) { sched_yield(); }

void upconv_rt_gate_open(upconv_rt_gate *gate) {
  pthread_mutex_init(&gate->lock, NULL);
  pthread_cond_init(&gate->changed, NULL);
}

void upconv_rt_gate_close(upconv_rt_gate *gate) {
  pthread_cond_destroy(&gate->changed);
  pthread_mutex_destroy(&gate->lock);
}

void upconv_rt_gate_wait(upconv_rt_gate *gate, _Atomic uint32_t *word,
                         uint32_t old) {
  pthread_mutex_lock(&gate->lock);
  while (atomic_load(word) == old)
    pthread_cond_wait(&gate->changed, &gate->lock);
  pthread_mutex_unlock(&gate->lock);
}

void upconv_rt_gate_wake(upconv_rt_gate *gate, _Atomic uint32_t *word) {
  (void)word;
  // Whoever saw the old word holds the lock, or sleeps.
  pthread_mutex_lock(&gate->lock);
  pthread_cond_broadcast(&gate->changed);
  pthread_mutex_unlock(&gate->lock);
}

// Processors of one kind, or 0 where the system does not know the name.
static int count(const char *name) {
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname(name, &value, &size, NULL, 0) || value < 0 ? 0 : value;
}

// The fast cores only: a launch ends with its slowest window.
int upconv_rt_available_cores(void) {
  int cores = count("hw.perflevel0.logicalcpu");
  if (!cores)
    cores = count("hw.logicalcpu");
  if (cores > UPCONV_RT_MAX_THREADS)
    return UPCONV_RT_MAX_THREADS;
  return cores > 0 ? cores : 1;
}

// No kernel for this system uses them.
int upconv_rt_permit_tiles(void) { return 0; }
