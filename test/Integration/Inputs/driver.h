/* The driver's functions for programs that have pointers on the device: loaded
 * as a library loads them, so that nothing of CUDA has to be installed. */

#ifndef UPCONV_TEST_DRIVER_H
#define UPCONV_TEST_DRIVER_H

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* X(name, version, parameters): as in the documentation of the driver API;
 * handles are `void *`, devices `int`, addresses `uint64_t`. */
#define DRIVER_FUNCTIONS(X)                                                    \
  X(cuInit, , (unsigned))                                                      \
  X(cuDeviceGet, , (int *, int))                                               \
  X(cuDevicePrimaryCtxRetain, , (void **, int))                                \
  X(cuDevicePrimaryCtxRelease, _v2, (int))                                     \
  X(cuCtxPushCurrent, _v2, (void *))                                           \
  X(cuCtxPopCurrent, _v2, (void **))                                           \
  X(cuStreamCreate, , (void **, unsigned))                                     \
  X(cuStreamDestroy, _v2, (void *))                                            \
  X(cuStreamSynchronize, , (void *))                                           \
  X(cuMemAlloc, _v2, (uint64_t *, size_t))                                     \
  X(cuMemFree, _v2, (uint64_t))                                                \
  X(cuMemcpyHtoDAsync, _v2, (uint64_t, const void *, size_t, void *))          \
  X(cuMemcpyDtoHAsync, _v2, (void *, uint64_t, size_t, void *))

#define DRIVER_DECLARE(name, version, parameters) int(*name) parameters;
static struct {
  DRIVER_FUNCTIONS(DRIVER_DECLARE)
} driver;
#undef DRIVER_DECLARE

static void load_driver(void) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW);
#define DRIVER_FIND(name, version, parameters)                                 \
  *(void **)&driver.name = library ? dlsym(library, #name #version) : NULL;    \
  if (!driver.name) {                                                          \
    fprintf(stderr, "libcuda.so.1 has no " #name #version "\n");               \
    exit(2);                                                                   \
  }
  DRIVER_FUNCTIONS(DRIVER_FIND)
#undef DRIVER_FIND
}

/* Ends the program if the driver says that a call has failed. */
#define DRIVER(call)                                                           \
  do {                                                                         \
    int driver_error = driver.call;                                            \
    if (driver_error) {                                                        \
      fprintf(stderr, #call ": %d\n", driver_error);                           \
      exit(2);                                                                 \
    }                                                                          \
  } while (0)

#endif
