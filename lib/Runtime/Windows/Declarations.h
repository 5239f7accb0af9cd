//===- Declarations.h - What <windows.h> says, as far as it is used -------===//
//
// The Windows SDK is not at hand where upconv is built. All of this is of the
// system's stable ABI; test/Integration/systems.py compiles System.c with real
// headers too and compares the code.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_RUNTIME_WINDOWS_DECLARATIONS_H
#define UPCONV_LIB_RUNTIME_WINDOWS_DECLARATIONS_H

#ifdef UPCONV_RT_SYSTEM_HEADERS

#include <windows.h>

#else

#include <stddef.h>
#include <stdint.h>

// Without dllimport: the linker puts a jump in its place, and the same object
// serves programs that bring a function of this name themselves.
typedef void *HANDLE;
typedef uint32_t DWORD;
typedef int BOOL;
typedef uintptr_t DWORD_PTR;
typedef struct {
  void *state;
} SRWLOCK, CONDITION_VARIABLE;

#define INFINITE ((DWORD) - 1)
#define ALL_PROCESSOR_GROUPS 0xffff
enum { MEM_COMMIT = 0x1000, MEM_RESERVE = 0x2000, MEM_RELEASE = 0x8000 };
enum { PAGE_READWRITE = 4 };

void *VirtualAlloc(void *address, size_t size, DWORD kind, DWORD protection);
BOOL VirtualFree(void *address, size_t size, DWORD kind);

HANDLE CreateThread(void *attributes, size_t stack, DWORD (*body)(void *),
                    void *argument, DWORD flags, DWORD *id);
DWORD WaitForSingleObject(HANDLE object, DWORD milliseconds);
BOOL CloseHandle(HANDLE object);
BOOL SwitchToThread(void);

void InitializeSRWLock(SRWLOCK *lock);
void AcquireSRWLockExclusive(SRWLOCK *lock);
void ReleaseSRWLockExclusive(SRWLOCK *lock);
void InitializeConditionVariable(CONDITION_VARIABLE *condition);
BOOL SleepConditionVariableSRW(CONDITION_VARIABLE *condition, SRWLOCK *lock,
                               DWORD milliseconds, uint32_t flags);
void WakeAllConditionVariable(CONDITION_VARIABLE *condition);

HANDLE GetCurrentProcess(void);
BOOL GetProcessAffinityMask(HANDLE process, DWORD_PTR *own, DWORD_PTR *all);
DWORD GetActiveProcessorCount(uint16_t group);

#endif // UPCONV_RT_SYSTEM_HEADERS

#endif // UPCONV_LIB_RUNTIME_WINDOWS_DECLARATIONS_H
