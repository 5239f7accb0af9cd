//===- System.c - Memory, threads and cores on Windows --------------------===//
//
// Functions of kernel32 only, which every program is linked with; its futex
// (WaitOnAddress) would be one more import library.
//
//===----------------------------------------------------------------------===//

#include "../System.h"

#include "upconv/Runtime/Runtime.h"

void *upconv_rt_allocate(size_t size) {
  return VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

void upconv_rt_free(void *memory, size_t size) {
  (void)size;
  VirtualFree(memory, 0, MEM_RELEASE);
}

int upconv_rt_start_threads(upconv_rt_thread *threads, int count,
                            upconv_rt_thread_result (*body)(void *),
                            void *argument) {
  int made = 0;
  while (made < count &&
         (threads[made] = CreateThread(NULL, 0, body, argument, 0, NULL)))
    ++made;
  return made;
}

void upconv_rt_join(upconv_rt_thread thread) {
  WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
}

void upconv_rt_yield(void) { SwitchToThread(); }

void upconv_rt_gate_open(upconv_rt_gate *gate) {
  InitializeSRWLock(&gate->lock);
  InitializeConditionVariable(&gate->changed);
}

void upconv_rt_gate_close(upconv_rt_gate *gate) { (void)gate; }

void upconv_rt_gate_wait(upconv_rt_gate *gate, _Atomic uint32_t *word,
                         uint32_t old) {
  AcquireSRWLockExclusive(&gate->lock);
  while (atomic_load(word) == old)
    SleepConditionVariableSRW(&gate->changed, &gate->lock, INFINITE, 0);
  ReleaseSRWLockExclusive(&gate->lock);
}

void upconv_rt_gate_wake(upconv_rt_gate *gate, _Atomic uint32_t *word) {
  (void)word;
  // Whoever saw the old word holds the lock, or sleeps.
  AcquireSRWLockExclusive(&gate->lock);
  WakeAllConditionVariable(&gate->changed);
  ReleaseSRWLockExclusive(&gate->lock);
}

// The mask is that of the process's group of up to 64 processors; it is zero
// where the process has threads in several.
int upconv_rt_available_cores(void) {
  DWORD_PTR own = 0, all = 0;
  GetProcessAffinityMask(GetCurrentProcess(), &own, &all);
  int cores = 0;
  for (uint64_t mask = own; mask; mask &= mask - 1)
    ++cores;
  if (!cores)
    cores = (int)GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
  if (cores > UPCONV_RT_MAX_THREADS)
    return UPCONV_RT_MAX_THREADS;
  return cores > 0 ? cores : 1;
}

// No kernel for this system uses them.
int upconv_rt_permit_tiles(void) { return 0; }
