//===- Cuda.c - GPUs of NVIDIA --------------------------------------------===//
//
// The context is the device's primary one, which CUDA's runtime and the
// frameworks on it use too; it is the thread's during a call only, unless it
// has been before. A device's own stream waits for no other.
//
//===----------------------------------------------------------------------===//

#include "Cuda.h"

#include "DeviceDriver.h"

#include <stdlib.h>

// More arguments than a kernel has: buffers and scalars of the calling
// sequence, and what Halide derives from them.
enum { MOST_ARGUMENTS = 4 * UPCONV_RT_MAX_ARGUMENTS };

static upconv_rt_cuda cu;
static int is_loaded;

#define UPCONV_RT_NAME(name, parameters) #name,
static const char *const names[] = {UPCONV_RT_CUDA_FUNCTIONS(UPCONV_RT_NAME)};
#undef UPCONV_RT_NAME

static int load_driver(void) {
  // Not libcuda.so, which only a machine for development has.
  if (!is_loaded)
    is_loaded = upconv_rt_load_driver("libcuda.so.1", names,
                                      sizeof names / sizeof *names, &cu) &&
                !cu.cuInit(0);
  return is_loaded;
}

//===----------------------------------------------------------------------===//
// The device
//===----------------------------------------------------------------------===//

static int will_do(int device) {
  int major = 0;
  return !cu.cuDeviceGetAttribute(
             &major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device) &&
         major >= upconv_rt_cuda_capability;
}

// Fills in the device's number; returns 0 if it, or the current one, will not
// do. A thread without a context is on device 0, as CUDA's runtime has it.
static int find_device(int *device, int number) {
  if (number == UPCONV_RT_CURRENT_DEVICE) {
    void *current = NULL;
    if (cu.cuCtxGetCurrent(&current))
      return 0;
    if (current)
      return !cu.cuCtxGetDevice(device) && will_do(*device);
    number = 0;
  }
  int count = 0;
  if (number != UPCONV_RT_ANY_DEVICE)
    return !cu.cuDeviceGet(device, number) && will_do(*device);
  if (cu.cuDeviceGetCount(&count))
    return 0;
  for (int i = 0; i < count; ++i)
    if (!cu.cuDeviceGet(device, i) && will_do(*device))
      return 1;
  return 0;
}

// Where the context is the thread's already nothing is pushed.
static int enter(upconv_rt_device *on) {
  void *current = NULL;
  if (cu.cuCtxGetCurrent(&current))
    return UPCONV_RT_DEVICE_FAILED;
  on->has_pushed = current != on->context;
  if (on->has_pushed && cu.cuCtxPushCurrent_v2(on->context))
    return UPCONV_RT_DEVICE_FAILED;
  on->is_entered = 1;
  return UPCONV_RT_OK;
}

static void leave(upconv_rt_device *on) {
  void *ours;
  if (on->is_entered && on->has_pushed)
    cu.cuCtxPopCurrent_v2(&ours);
  on->is_entered = 0;
}

static void close_device(upconv_rt_device *on) {
  if (on->stream && on->is_entered)
    cu.cuStreamDestroy_v2(on->stream);
  leave(on);
  if (on->context)
    cu.cuDevicePrimaryCtxRelease_v2(on->number);
  *on = (upconv_rt_device){0};
}

static int open_device(upconv_rt_device *on, int number) {
  if (!find_device(&on->number, number))
    return UPCONV_RT_NO_DEVICE;
  if (cu.cuDevicePrimaryCtxRetain(&on->context, on->number)) {
    on->context = NULL;
    return UPCONV_RT_NO_DEVICE;
  }
  if (!enter(on) && !cu.cuStreamCreate(&on->stream, CU_STREAM_NON_BLOCKING))
    return UPCONV_RT_OK;
  on->stream = NULL;
  close_device(on);
  return UPCONV_RT_NO_DEVICE;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static uint64_t address(const void *memory) {
  return (uint64_t)(uintptr_t)memory;
}

static void *allocate(upconv_rt_device *on, size_t size) {
  (void)on;
  uint64_t memory = 0;
  return cu.cuMemAlloc_v2(&memory, size) ? NULL : (void *)(uintptr_t)memory;
}

static void free_memory(upconv_rt_device *on, void *memory) {
  (void)on;
  cu.cuMemFree_v2(address(memory));
}

// Of pageable memory; the driver has read all of it when this returns.
static int to_device(upconv_rt_device *on, void *to, const void *from,
                     size_t size) {
  return cu.cuMemcpyHtoDAsync_v2(address(to), from, size, on->stream)
             ? UPCONV_RT_DEVICE_FAILED
             : UPCONV_RT_OK;
}

static int to_host(upconv_rt_device *on, void *to, const void *from,
                   size_t size) {
  return cu.cuMemcpyDtoHAsync_v2(to, address(from), size, on->stream)
             ? UPCONV_RT_DEVICE_FAILED
             : UPCONV_RT_OK;
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

// A module and all of its kernels: to look one up may load it, which takes time
// and memory, and is not allowed while a stream is captured.
typedef struct {
  const char *name; // `length` bytes of the module's text
  size_t length;
  void *function;
} loaded_kernel;

typedef struct {
  void *module;
  size_t count;
  loaded_kernel kernels[];
} loaded_module;

// The name of the next kernel in the text, as PTX has it: ".entry NAME(";
// returns its length, and moves `text` behind it. 0: there is none.
static size_t next_kernel(const char **text, const char **name) {
  static const char mark[] = ".entry ";
  const char *at = *text;
  size_t found = 0, length = 0;
  while (*at && found < sizeof mark - 1)
    found = *at++ == mark[found] ? found + 1 : at[-1] == mark[0];
  *name = at;
  while (at[length] && at[length] != '(' && at[length] != '\n')
    ++length;
  *text = at + length;
  return length;
}

static void drop(upconv_rt_device *on, void *program) {
  loaded_module *loaded = program;
  if (on->is_entered)
    cu.cuModuleUnload(loaded->module);
  free(loaded);
}

static int find_kernel(loaded_module *loaded, loaded_kernel *kernel) {
  char name[512];
  if (kernel->length >= sizeof name)
    return 0;
  for (size_t i = 0; i < kernel->length; ++i)
    name[i] = kernel->name[i];
  name[kernel->length] = 0;
  return !cu.cuModuleGetFunction(&kernel->function, loaded->module, name);
}

// Without options: no limit on registers but the kernel's own.
static void *build(upconv_rt_device *on, const char *text, size_t length) {
  (void)length;
  const char *at = text, *name;
  size_t count = 0;
  while (next_kernel(&at, &name))
    ++count;
  loaded_module *loaded =
      calloc(1, sizeof *loaded + count * sizeof *loaded->kernels);
  if (!loaded)
    return NULL;
  if (cu.cuModuleLoadData(&loaded->module, text)) {
    free(loaded);
    return NULL;
  }
  loaded->count = count;
  at = text;
  for (loaded_kernel *kernel = loaded->kernels; count > 0; --count, ++kernel) {
    kernel->length = next_kernel(&at, &kernel->name);
    if (!find_kernel(loaded, kernel)) {
      drop(on, loaded);
      return NULL;
    }
  }
  return loaded;
}

static void *function_of(const loaded_module *loaded, const char *entry) {
  for (const loaded_kernel *kernel = loaded->kernels,
                           *end = kernel + loaded->count;
       kernel != end; ++kernel) {
    size_t same = 0;
    while (same < kernel->length && entry[same] == kernel->name[same])
      ++same;
    if (same == kernel->length && !entry[same])
      return kernel->function;
  }
  return NULL;
}

static int launch_kernel(upconv_rt_device *on, void *program,
                         const upconv_rt_device_launch *launch) {
  (void)on;
  void *parameters[MOST_ARGUMENTS], *addresses[MOST_ARGUMENTS];
  for (int i = 0; launch->sizes[i]; ++i) {
    if (i == MOST_ARGUMENTS)
      return UPCONV_RT_INTERNAL;
    parameters[i] = launch->arguments[i];
    if (launch->is_buffer[i]) {
      addresses[i] = upconv_rt_address_of(launch->arguments[i]);
      parameters[i] = &addresses[i];
    }
  }
  void *function = function_of(program, launch->entry);
  if (!function)
    return UPCONV_RT_DEVICE_BUILD;
  return cu.cuLaunchKernel(
             function, (unsigned)launch->blocks[0], (unsigned)launch->blocks[1],
             (unsigned)launch->blocks[2], (unsigned)launch->threads[0],
             (unsigned)launch->threads[1], (unsigned)launch->threads[2],
             (unsigned)launch->shared_bytes, launch->stream, parameters, NULL)
             ? UPCONV_RT_DEVICE_FAILED
             : UPCONV_RT_OK;
}

static int finish(upconv_rt_device *on) {
  return cu.cuStreamSynchronize(on->stream) ? UPCONV_RT_DEVICE_FAILED
                                            : UPCONV_RT_OK;
}

// The context's streams, which are the caller's.
static int drain(upconv_rt_device *on) {
  (void)on;
  return cu.cuCtxSynchronize() ? UPCONV_RT_DEVICE_FAILED : UPCONV_RT_OK;
}

static void name_device(upconv_rt_device *on, char *text, size_t size) {
  if (size > 0 && cu.cuDeviceGetName(text, (int)size, on->number))
    text[0] = 0;
}

const upconv_rt_driver upconv_rt_cuda_driver = {
    load_driver,
    open_device,
    close_device,
    enter,
    leave,
    allocate,
    free_memory,
    to_device,
    to_host,
    build,
    drop,
    launch_kernel,
    finish,
    drain,
    "there is no driver for NVIDIA's GPUs (libcuda.so.1), or no GPU as "
    "new as the library's target",
    name_device};
