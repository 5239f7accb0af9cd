/* A libcuda.so.1 without a device behind it, told by the same words
 * (stand_in.h). There are two devices; "old" are of compute capability 7,
 * "ampere" of 8.
 * Memory is the host's; kernels are not run. Aborts where a call is made
 * without the device's context being the thread's, and where something is given
 * back that is not there. */

#include "stand_in.h"

#include <stdint.h>

enum { FAILED = 999, LEAST_MODULE = 64, DEVICES = 2, FIRST = 7, DEPTH = 8 };

/* What lives in a context: memory, modules, streams. */
typedef struct object {
  struct object *next;
  void *memory;
} object;

static struct context {
  int retained;
  object *objects;
} contexts[DEVICES];
static struct context *stack[DEPTH]; /* of the one thread */
static int depth;

static struct context *current(void) {
  return depth > 0 ? stack[depth - 1] : NULL;
}

/* For a call that works in the current context. */
static int fails_inside(const char *name) {
  if (!current() || !current()->retained)
    abort();
  return FAILED * fails(name);
}

static int count_alive(void) {
  int alive = depth;
  for (int i = 0; i < DEVICES; ++i) {
    alive += contexts[i].retained;
    for (object *each = contexts[i].objects; each; each = each->next)
      ++alive;
  }
  return alive;
}

static int make(const char *name, size_t size, void **made) {
  int failed = fails_inside(name);
  if (!failed) {
    object *added = malloc(sizeof *added);
    *added = (object){current()->objects, calloc(1, size)};
    current()->objects = added;
    *made = added->memory;
  }
  return failed;
}

static void forget(object **place) {
  object *gone = *place;
  *place = gone->next;
  free(gone->memory);
  free(gone);
}

static int drop(const char *name, void *memory) {
  int failed = fails_inside(name);
  object **place = &current()->objects;
  while (*place && (*place)->memory != memory)
    place = &(*place)->next;
  if (!*place)
    abort();
  forget(place);
  return failed;
}

static struct context *context_of(int device) {
  if (device < FIRST || device >= FIRST + DEVICES)
    abort();
  return &contexts[device - FIRST];
}

int cuInit(unsigned flags) { return flags ? FAILED : FAILED * fails("cuInit"); }

int cuDeviceGetCount(int *count) {
  int failed = FAILED * fails("cuDeviceGetCount");
  if (!failed)
    *count = is_device("none") ? 0 : DEVICES;
  return failed;
}

int cuDeviceGet(int *device, int number) {
  int failed = FAILED * fails("cuDeviceGet");
  if (number < 0 || number >= DEVICES || is_device("none"))
    return FAILED;
  if (!failed)
    *device = FIRST + number;
  return failed;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
  int failed = FAILED * fails("cuDeviceGetAttribute");
  if (attribute != 75 || !context_of(device))
    abort();
  if (!failed)
    *value = is_device("old") ? 7 : is_device("ampere") ? 8 : 9;
  return failed;
}

int cuDeviceGetName(char *name, int size, int device) {
  if (!context_of(device))
    abort();
  snprintf(name, (size_t)size, "a stand-in");
  return 0;
}

int cuDevicePrimaryCtxRetain(void **context, int device) {
  int failed = FAILED * fails("cuDevicePrimaryCtxRetain");
  if (!failed) {
    *context = context_of(device);
    ++context_of(device)->retained;
    if (log_file)
      fprintf(log_file, "retain %d\n", device - FIRST);
  }
  return failed;
}

/* What lives in a context goes with it; only who could not enter may count on
 * that. */
int cuDevicePrimaryCtxRelease_v2(int device) {
  static int is_lost;
  struct context *context = context_of(device);
  int failed = FAILED * fails("cuDevicePrimaryCtxRelease_v2");
  if (context->retained-- <= 0)
    abort();
  is_lost |= has_failed("cuCtxPushCurrent_v2") | has_failed("cuCtxGetCurrent");
  while (is_lost && context->retained == 0 && context->objects)
    forget(&context->objects);
  return failed;
}

int cuCtxGetCurrent(void **context) {
  int failed = FAILED * fails("cuCtxGetCurrent");
  if (!failed)
    *context = current();
  return failed;
}

int cuCtxGetDevice(int *device) {
  int failed = fails_inside("cuCtxGetDevice");
  if (!failed)
    *device = FIRST + (int)(current() - contexts);
  return failed;
}

int cuCtxSynchronize(void) { return fails_inside("cuCtxSynchronize"); }

int cuCtxPushCurrent_v2(void *context) {
  int failed = FAILED * fails("cuCtxPushCurrent_v2");
  struct context *pushed = context;
  if (!pushed || !pushed->retained || depth == DEPTH)
    abort();
  if (!failed)
    stack[depth++] = pushed;
  return failed;
}

int cuCtxPopCurrent_v2(void **context) {
  if (!current())
    abort();
  *context = stack[--depth];
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
  if (!function || !parameters[0] || extra)
    abort();
  if (log_file)
    fprintf(log_file, "launch kernel %ux%ux%u %ux%ux%u %u %p\n", gx * bx,
            gy * by, gz * bz, bx, by, bz, shared, stream);
  return 0;
}
