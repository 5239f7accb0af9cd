//===- System.h - What the runtime asks of the operating system -----------===//
//
// Memory, threads, sleeping and counting cores; one folder per system has the
// functions. Everything above them is the same C on every system.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_RUNTIME_SYSTEM_H
#define UPCONV_LIB_RUNTIME_SYSTEM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__linux__)
#include <pthread.h>
typedef pthread_t upconv_rt_thread;
typedef void *upconv_rt_thread_result;
/// A futex needs nothing but the word that it waits for.
typedef struct {
  char unused;
} upconv_rt_gate;
#elif defined(__APPLE__)
#include "Darwin/Declarations.h"
typedef pthread_t upconv_rt_thread;
typedef void *upconv_rt_thread_result;
typedef struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
} upconv_rt_gate;
#elif defined(_WIN32)
#include "Windows/Declarations.h"
typedef HANDLE upconv_rt_thread;
typedef DWORD upconv_rt_thread_result;
typedef struct {
  SRWLOCK lock;
  CONDITION_VARIABLE changed;
} upconv_rt_gate;
#endif

// Of <string.h>, which is not at hand for every system.
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

/// Whole pages, or null.
void *upconv_rt_allocate(size_t size);
void upconv_rt_free(void *memory, size_t size);

/// Makes up to `count` threads that run `body(argument)`, with the host's
/// signal handlers kept off them; returns how many.
int upconv_rt_start_threads(upconv_rt_thread *threads, int count,
                            upconv_rt_thread_result (*body)(void *),
                            void *argument);
/// Waits for the end of a thread.
void upconv_rt_join(upconv_rt_thread thread);
/// Gives the rest of this thread's time slice away.
void upconv_rt_yield(void);

/// Where threads sleep until a word changes. open is before the first thread
/// that waits, close behind the last.
void upconv_rt_gate_open(upconv_rt_gate *gate);
void upconv_rt_gate_close(upconv_rt_gate *gate);
/// Sleeps while *word == old.
void upconv_rt_gate_wait(upconv_rt_gate *gate, _Atomic uint32_t *word,
                         uint32_t old);
/// Wakes all who wait for `word`, which has been changed before.
void upconv_rt_gate_wake(upconv_rt_gate *gate, _Atomic uint32_t *word);

#endif // UPCONV_LIB_RUNTIME_SYSTEM_H
