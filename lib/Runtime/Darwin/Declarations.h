//===- Declarations.h - What Apple's headers say, as far as it is used ----===//
//
// Apple's SDK is not at hand where upconv is built. The layouts and constants
// are part of the system's stable ABI; test/Integration/systems.py compiles
// System.c with a copy of the real headers too and compares the code.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_RUNTIME_DARWIN_DECLARATIONS_H
#define UPCONV_LIB_RUNTIME_DARWIN_DECLARATIONS_H

#ifdef UPCONV_RT_SYSTEM_HEADERS

#include <pthread.h>
#include <pthread/qos.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/sysctl.h>

#else

#include <stddef.h>
#include <stdint.h>

typedef struct _opaque_pthread_t *pthread_t;
typedef struct {
  long signature;
  char opaque[56];
} pthread_attr_t, pthread_mutex_t;
typedef struct {
  long signature;
  char opaque[40];
} pthread_cond_t;
typedef uint32_t sigset_t;
typedef unsigned int qos_class_t;

enum { SIG_SETMASK = 3 };
enum { PROT_READ = 1, PROT_WRITE = 2, MAP_PRIVATE = 2, MAP_ANON = 0x1000 };
#define MAP_FAILED ((void *)-1)

void *mmap(void *address, size_t size, int protection, int flags, int file,
           int64_t offset);
int munmap(void *address, size_t size);

int pthread_attr_init(pthread_attr_t *attributes);
int pthread_attr_destroy(pthread_attr_t *attributes);
int pthread_attr_set_qos_class_np(pthread_attr_t *attributes,
                                  qos_class_t quality, int priority);
qos_class_t qos_class_self(void);
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*body)(void *), void *argument);
int pthread_join(pthread_t thread, void **result);
int pthread_sigmask(int how, const sigset_t *set, sigset_t *old);
int sched_yield(void);

int pthread_mutex_init(pthread_mutex_t *mutex, const void *attributes);
int pthread_mutex_destroy(pthread_mutex_t *mutex);
int pthread_mutex_lock(pthread_mutex_t *mutex);
int pthread_mutex_unlock(pthread_mutex_t *mutex);
int pthread_cond_init(pthread_cond_t *condition, const void *attributes);
int pthread_cond_destroy(pthread_cond_t *condition);
int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex);
int pthread_cond_broadcast(pthread_cond_t *condition);

int sysctlbyname(const char *name, void *old, size_t *old_size, void *value,
                 size_t size);

#endif // UPCONV_RT_SYSTEM_HEADERS

#endif // UPCONV_LIB_RUNTIME_DARWIN_DECLARATIONS_H
