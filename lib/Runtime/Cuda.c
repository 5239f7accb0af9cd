//===- Cuda.c - GPUs of NVIDIA --------------------------------------------===//
//
// The context is the device's primary one, which CUDA's runtime and the
// frameworks on it use too; it is the thread's during a call only. Work goes to
// a stream of the library's own, which waits for no other.
//
//===----------------------------------------------------------------------===//

#include "Cuda.h"

#include "DeviceDriver.h"

// More arguments than a kernel has: buffers and scalars of the calling
// sequence, and what Halide derives from them.
enum { MOST_ARGUMENTS = 4 * UPCONV_RT_MAX_ARGUMENTS };

static upconv_rt_cuda cu;
static int is_loaded, device;
static void *context, *stream;
static int is_current; // the context, of this thread

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

// The first device that is new enough; 0 if there is none.
static int find_device(void) {
  int count = 0;
  if (cu.cuDeviceGetCount(&count))
    return 0;
  for (int i = 0; i < count; ++i) {
    int major = 0;
    if (!cu.cuDeviceGet(&device, i) &&
        !cu.cuDeviceGetAttribute(
            &major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device) &&
        major >= upconv_rt_cuda_capability)
      return 1;
  }
  return 0;
}

static int enter(void) {
  is_current = !cu.cuCtxPushCurrent_v2(context);
  return is_current ? UPCONV_RT_OK : UPCONV_RT_DEVICE_FAILED;
}

static void leave(void) {
  void *ours;
  if (is_current)
    cu.cuCtxPopCurrent_v2(&ours);
  is_current = 0;
}

static void close_device(void) {
  if (stream && is_current)
    cu.cuStreamDestroy_v2(stream);
  leave();
  if (context)
    cu.cuDevicePrimaryCtxRelease_v2(device);
  context = stream = NULL;
}

static int open_device(void) {
  if (!load_driver() || !find_device())
    return UPCONV_RT_NO_DEVICE;
  if (cu.cuDevicePrimaryCtxRetain(&context, device)) {
    context = NULL;
    return UPCONV_RT_NO_DEVICE;
  }
  if (!enter() && !cu.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING)) {
    leave();
    return UPCONV_RT_OK;
  }
  stream = NULL;
  close_device();
  return UPCONV_RT_NO_DEVICE;
}

static uint64_t address(const void *memory) {
  return (uint64_t)(uintptr_t)memory;
}

static void *allocate(size_t size) {
  uint64_t memory = 0;
  return cu.cuMemAlloc_v2(&memory, size) ? NULL : (void *)(uintptr_t)memory;
}

static void free_memory(void *memory) { cu.cuMemFree_v2(address(memory)); }

// Of pageable memory; the driver has read all of it when this returns.
static int to_device(void *to, const void *from, size_t size) {
  return cu.cuMemcpyHtoDAsync_v2(address(to), from, size, stream)
             ? UPCONV_RT_DEVICE_FAILED
             : UPCONV_RT_OK;
}

static int to_host(void *to, const void *from, size_t size) {
  return cu.cuMemcpyDtoHAsync_v2(to, address(from), size, stream)
             ? UPCONV_RT_DEVICE_FAILED
             : UPCONV_RT_OK;
}

// Without options: no limit on registers but the kernel's own.
static void *build(const char *text, size_t length) {
  (void)length;
  void *module = NULL;
  return cu.cuModuleLoadData(&module, text) ? NULL : module;
}

static void drop(void *program) { cu.cuModuleUnload(program); }

static int launch_kernel(void *program, const upconv_rt_device_launch *launch) {
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
  void *kernel = NULL;
  if (cu.cuModuleGetFunction(&kernel, program, launch->entry))
    return UPCONV_RT_DEVICE_BUILD;
  return cu.cuLaunchKernel(
             kernel, (unsigned)launch->blocks[0], (unsigned)launch->blocks[1],
             (unsigned)launch->blocks[2], (unsigned)launch->threads[0],
             (unsigned)launch->threads[1], (unsigned)launch->threads[2],
             (unsigned)launch->shared_bytes, stream, parameters, NULL)
             ? UPCONV_RT_DEVICE_FAILED
             : UPCONV_RT_OK;
}

static int finish(void) {
  return cu.cuStreamSynchronize(stream) ? UPCONV_RT_DEVICE_FAILED
                                        : UPCONV_RT_OK;
}

const upconv_rt_driver upconv_rt_cuda_driver = {
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
    "there is no driver for NVIDIA's GPUs (libcuda.so.1), or no GPU as "
    "new as the library's target"};
