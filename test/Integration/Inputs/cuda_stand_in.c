/* A libcuda.so.1 without a device behind it, told by the same words
 * (stand_in.h). "old" is a device of compute capability 7, "ampere" of 8.
 * Memory is the host's; kernels are not run. Aborts where a call is made
 * without the context being the thread's. */

#include "stand_in.h"

#include <stdint.h>

enum { FAILED = 999, LEAST_MODULE = 64 };

static int alive, retained, inside, is_lost;
static void *current; /* the caller's own, or ours */
static int depth;

/* For a call that works in the current context. */
static int fails_inside(const char *name) {
  if (!current)
    abort();
  return FAILED * fails(name);
}

static int count_alive(void) { return alive + inside + depth; }

static int make(const char *name, size_t size, void **made) {
  int failed = fails_inside(name);
  if (!failed) {
    ++inside;
    *made = calloc(1, size);
  }
  return failed;
}

static int drop(const char *name, void *object) {
  --inside;
  free(object);
  return fails_inside(name);
}

int cuInit(unsigned flags) { return flags ? FAILED : FAILED * fails("cuInit"); }

int cuDeviceGetCount(int *count) {
  int failed = FAILED * fails("cuDeviceGetCount");
  if (!failed)
    *count = is_device("none") ? 0 : 1;
  return failed;
}

int cuDeviceGet(int *device, int number) {
  int failed = FAILED * fails("cuDeviceGet");
  if (!failed)
    *device = 7 + number;
  return failed;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
  int failed = FAILED * fails("cuDeviceGetAttribute");
  if (attribute != 75 || device != 7)
    abort();
  if (!failed)
    *value = is_device("old") ? 7 : is_device("ampere") ? 8 : 9;
  return failed;
}

int cuDevicePrimaryCtxRetain(void **context, int device) {
  int failed = FAILED * fails("cuDevicePrimaryCtxRetain");
  if (device != 7)
    abort();
  if (!failed) {
    *context = &retained;
    ++retained;
    ++alive;
  }
  return failed;
}

int cuDevicePrimaryCtxRelease_v2(int device) {
  if (device != 7 || retained != 1)
    abort();
  --retained;
  --alive;
  /* What lives in a context goes with it; only who could not enter may count
   * on that. */
  if (is_lost)
    inside = 0;
  return FAILED * fails("cuDevicePrimaryCtxRelease_v2");
}

int cuCtxPushCurrent_v2(void *context) {
  int failed = FAILED * fails("cuCtxPushCurrent_v2");
  if (context != &retained || !retained)
    abort();
  is_lost |= failed != 0;
  if (!failed) {
    current = context;
    ++depth;
  }
  return failed;
}

int cuCtxPopCurrent_v2(void **context) {
  if (!current)
    abort();
  *context = current;
  current = NULL;
  --depth;
  return FAILED * fails("cuCtxPopCurrent_v2");
}

int cuStreamCreate(void **stream, unsigned flags) {
  (void)flags;
  return make("cuStreamCreate", 1, stream);
}
int cuStreamDestroy_v2(void *stream) {
  return drop("cuStreamDestroy_v2", stream);
}
int cuStreamSynchronize(void *stream) {
  (void)stream;
  return fails_inside("cuStreamSynchronize");
}

int cuMemAlloc_v2(uint64_t *address, size_t size) {
  void *memory = NULL;
  int failed = make("cuMemAlloc_v2", size, &memory);
  *address = (uint64_t)(uintptr_t)memory;
  return failed;
}
int cuMemFree_v2(uint64_t address) {
  return drop("cuMemFree_v2", (void *)(uintptr_t)address);
}
int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t size,
                         void *stream) {
  (void)stream;
  if (fails_inside("cuMemcpyHtoDAsync_v2"))
    return FAILED;
  memcpy((void *)(uintptr_t)to, from, size);
  return 0;
}
int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t size, void *stream) {
  (void)stream;
  if (fails_inside("cuMemcpyDtoHAsync_v2"))
    return FAILED;
  memcpy(to, (const void *)(uintptr_t)from, size);
  return 0;
}

int cuModuleLoadData(void **module, const void *image) {
  /* PTX, whose entries are looked up in it. */
  size_t length = strlen(image);
  int failed = make("cuModuleLoadData", length + 1, module);
  if (length < LEAST_MODULE || !strstr(image, ".target sm_80"))
    abort();
  if (!failed)
    memcpy(*module, image, length);
  return failed;
}
int cuModuleUnload(void *module) { return drop("cuModuleUnload", module); }

int cuModuleGetFunction(void **function, void *module, const char *name) {
  int failed = fails_inside("cuModuleGetFunction");
  *function = failed ? NULL : strstr(module, name);
  return failed ? FAILED : *function ? 0 : FAILED;
}

int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz,
                   unsigned bx, unsigned by, unsigned bz, unsigned shared,
                   void *stream, void **parameters, void **extra) {
  if (fails_inside("cuLaunchKernel"))
    return FAILED;
  if (!function || !stream || !parameters[0] || extra)
    abort();
  if (log_file)
    fprintf(log_file, "launch kernel %ux%ux%u %ux%ux%u %u\n", gx * bx, gy * by,
            gz * bz, bx, by, bz, shared);
  return 0;
}
