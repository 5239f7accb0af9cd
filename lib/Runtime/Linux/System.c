//===- System.c - Memory and threads on Linux and Android -----------------===//

#define _GNU_SOURCE
#include "../System.h"

#include "upconv/Runtime/Runtime.h"

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *upconv_rt_allocate(size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void upconv_rt_free(void *memory, size_t size) { munmap(memory, size); }

int upconv_rt_start_threads(upconv_rt_thread *threads, int count,
                            upconv_rt_thread_result (*body)(void *),
                            void *argument) {
  sigset_t all, old;
  memset(&all, 0xff, sizeof all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  int made = 0;
  while (made < count &&
         pthread_create(&threads[made], NULL, body, argument) == 0)
    ++made;
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return made;
}

void upconv_rt_join(upconv_rt_thread thread) { pthread_join(thread, NULL); }

void upconv_rt_yield(void) { sched_yield(); }

void upconv_rt_gate_open(upconv_rt_gate *gate) { (void)gate; }
void upconv_rt_gate_close(upconv_rt_gate *gate) { (void)gate; }

void upconv_rt_gate_wait(upconv_rt_gate *gate, _Atomic uint32_t *word,
                         uint32_t old) {
  (void)gate;
  while (atomic_load(word) == old)
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
}

void upconv_rt_gate_wake(upconv_rt_gate *gate, _Atomic uint32_t *word) {
  (void)gate;
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, UPCONV_RT_MAX_THREADS, NULL,
          NULL, 0);
}

// AMX's registers are 8 KiB, which Linux gives and saves to processes that have
// asked (Documentation/arch/x86/xstate.rst). The C library has no function.
int upconv_rt_permit_tiles(void) {
#if defined(__x86_64__)
  enum { arch_prctl = 158, request_permission = 0x1023, tile_data = 18 };
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"((long)arch_prctl), "D"((long)request_permission),
                     "S"((long)tile_data)
                   : "rcx", "r11", "memory");
  return result == 0;
#else
  return 0;
#endif
}
