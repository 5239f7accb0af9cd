//===- OpenCl.c - Runs on a device of OpenCL ------------------------------===//
//
// Memory on the device is shared virtual memory: its addresses are pointers, so
// that a tensor is a base and an offset on the device as it is on the host, and
// the same calling sequence serves both. Two allocations hold everything: the
// weights, and one arena for workspace, inputs and outputs that only grows.
//
//===----------------------------------------------------------------------===//

#include "OpenCl.h"

#include "upconv/Runtime/Device.h"

#include <dlfcn.h>
#include <pthread.h>

// A run's launches; what Halide calls the user context.
struct upconv_rt_run {
  const upconv_rt_device_run *job;
  void *program; // of the kernel that is being called
  int status;    // the first failure: nothing is launched after it
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
// Everything below is under the lock.
static upconv_rt_opencl cl;
static int is_loaded;
static void *device, *context, *queue;
static const char *build_options;
static void *weights, *arena;
static uint64_t weights_key;
static size_t weights_size, arena_size;

static int load_driver(void) {
  if (is_loaded)
    return 1;
  void *library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return 0;
  // Drivers do not like to be unloaded, so the library stays.
#define UPCONV_RT_FIND(result, name, parameters)                               \
  {                                                                            \
    void *found = dlsym(library, #name);                                       \
    if (!found)                                                                \
      return 0;                                                                \
    *(void **)&cl.name = found;                                                \
  }
  UPCONV_RT_OPENCL_FUNCTIONS(UPCONV_RT_FIND)
#undef UPCONV_RT_FIND
  is_loaded = 1;
  return 1;
}

static uint64_t ask(void *of, uint32_t what) {
  uint64_t value = 0;
  return cl.clGetDeviceInfo(of, what, sizeof value, &value, NULL) ? 0 : value;
}

// The first device of `kind`, on any platform, that shares virtual memory.
static void *find_device(uint64_t kind) {
  enum { most = 16 };
  void *platforms[most], *devices[most];
  uint32_t platform_count = 0;
  if (cl.clGetPlatformIDs(most, platforms, &platform_count))
    return NULL;
  for (uint32_t p = 0; p < platform_count && p < most; ++p) {
    uint32_t count = 0;
    if (cl.clGetDeviceIDs(platforms[p], kind, most, devices, &count))
      continue;
    for (uint32_t d = 0; d < count && d < most; ++d)
      if (ask(devices[d], CL_DEVICE_SVM_CAPABILITIES) &
          CL_DEVICE_SVM_COARSE_GRAIN_BUFFER)
        return devices[d];
  }
  return NULL;
}

static void close_device(upconv_rt_program *programs, int64_t count) {
  if (queue)
    cl.clFinish(queue);
  for (int64_t i = 0; i < count; ++i) {
    if (programs[i].program)
      cl.clReleaseProgram(programs[i].program);
    programs[i] = (upconv_rt_program){NULL, NULL};
  }
  if (weights)
    cl.clSVMFree(context, weights);
  if (arena)
    cl.clSVMFree(context, arena);
  if (queue)
    cl.clReleaseCommandQueue(queue);
  if (context)
    cl.clReleaseContext(context);
  device = context = queue = weights = arena = NULL;
  weights_size = arena_size = 0;
}

static int open_device(void) {
  if (queue)
    return UPCONV_RT_OK;
  if (!load_driver())
    return UPCONV_RT_NO_DEVICE;
  device = find_device(CL_DEVICE_TYPE_GPU);
  if (!device)
    device = find_device(CL_DEVICE_TYPE_ALL);
  if (!device)
    return UPCONV_RT_NO_DEVICE;
  // Quotients as exact as they are on a CPU, where the device can.
  build_options = ask(device, CL_DEVICE_SINGLE_FP_CONFIG) &
                          CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT
                      ? "-cl-fp32-correctly-rounded-divide-sqrt"
                      : "";
  int32_t error = 0;
  context = cl.clCreateContext(NULL, 1, &device, NULL, NULL, &error);
  if (!context || error)
    return UPCONV_RT_NO_DEVICE;
  queue = cl.clCreateCommandQueue(context, device, 0, &error);
  return queue && !error ? UPCONV_RT_OK : UPCONV_RT_NO_DEVICE;
}

int upconv_rt_device_prepare(void) {
  pthread_mutex_lock(&lock);
  int status = open_device();
  if (status)
    close_device(NULL, 0);
  pthread_mutex_unlock(&lock);
  return status;
}

void upconv_rt_device_release(upconv_rt_program *programs, int64_t count) {
  pthread_mutex_lock(&lock);
  close_device(programs, count);
  pthread_mutex_unlock(&lock);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static int reserve(void **memory, size_t *have, size_t want) {
  if (*memory && *have >= want)
    return UPCONV_RT_OK;
  if (*memory)
    cl.clSVMFree(context, *memory);
  *have = 0;
  *memory = cl.clSVMAlloc(context, CL_MEM_READ_WRITE, want ? want : 1,
                          UPCONV_RT_DEVICE_ALIGNMENT);
  if (!*memory)
    return UPCONV_RT_DEVICE_MEMORY;
  *have = want;
  return UPCONV_RT_OK;
}

static int copy(void *to, const void *from, int64_t size) {
  if (size == 0)
    return UPCONV_RT_OK;
  return cl.clEnqueueSVMMemcpy(queue, /*blocking=*/1, to, from, (size_t)size, 0,
                               NULL, NULL)
             ? UPCONV_RT_DEVICE_FAILED
             : UPCONV_RT_OK;
}

static int place_weights(const upconv_rt_device_run *run) {
  if (!run->weights)
    return UPCONV_RT_OK;
  if (!weights || weights_key != run->weights_key ||
      weights_size != (size_t)run->weights_size) {
    int status = reserve(&weights, &weights_size, (size_t)run->weights_size);
    if (!status)
      status = copy(weights, run->weights, run->weights_size);
    if (status)
      return status;
    weights_key = run->weights_key;
  }
  run->frame[3] = weights;
  return UPCONV_RT_OK;
}

// Where the next tensor begins; -1 if sizes do not fit.
static int64_t behind(int64_t offset, int64_t size) {
  const int64_t line = UPCONV_RT_DEVICE_ALIGNMENT;
  if (offset < 0 || size < 0 || size > INT64_MAX - line - offset)
    return -1;
  return (offset + size + line - 1) / line * line;
}

static int place_tensors(const upconv_rt_device_run *run) {
  int64_t total = behind(0, run->workspace_size);
  for (int64_t i = 0; i < run->input_count; ++i)
    total = behind(total, run->input_sizes[i]);
  for (int64_t i = 0; i < run->output_count; ++i)
    total = behind(total, run->output_sizes[i]);
  if (total < 0)
    return UPCONV_RT_OVERFLOW;
  int status = reserve(&arena, &arena_size, (size_t)total);
  if (status)
    return status;
  int64_t at = behind(0, run->workspace_size);
  for (int64_t i = 0; i < run->input_count; ++i) {
    run->device_inputs[i] = (char *)arena + at;
    status = copy(run->device_inputs[i], run->inputs[i], run->input_sizes[i]);
    if (status)
      return status;
    at = behind(at, run->input_sizes[i]);
  }
  for (int64_t i = 0; i < run->output_count; ++i) {
    run->device_outputs[i] = (char *)arena + at;
    at = behind(at, run->output_sizes[i]);
  }
  return UPCONV_RT_OK;
}

//===----------------------------------------------------------------------===//
// A run
//===----------------------------------------------------------------------===//

static int execute(const upconv_rt_device_run *job) {
  int status = open_device();
  if (!status)
    status = place_weights(job);
  if (!status)
    status = place_tensors(job);
  if (status)
    return status;
  upconv_rt_run run = {job, NULL, UPCONV_RT_OK};
  status = job->steps(job->frame, arena, &run);
  if (run.status)
    return run.status;
  if (!status && cl.clFinish(queue))
    status = UPCONV_RT_DEVICE_FAILED;
  for (int64_t i = 0; !status && i < job->output_count; ++i)
    status =
        copy(job->outputs[i], job->device_outputs[i], job->output_sizes[i]);
  return status;
}

int upconv_rt_device_execute(const upconv_rt_options *options,
                             const upconv_rt_device_run *run) {
  if (options && (options->struct_size < offsetof(upconv_rt_options, weights) ||
                  options->threads < 0))
    return UPCONV_RT_INVALID_ARGUMENT;
  pthread_mutex_lock(&lock);
  int status = execute(run);
  if (status)
    close_device(run->programs, run->program_count);
  pthread_mutex_unlock(&lock);
  return status;
}

//===----------------------------------------------------------------------===//
// What Halide's host code calls
//===----------------------------------------------------------------------===//

static int fail(upconv_rt_run *run, int status) {
  if (!run->status)
    run->status = status;
  return status;
}

static void *build(const char *source, int size) {
  // The text may end in zeros.
  size_t length = 0;
  while (length < (size_t)size && source[length])
    ++length;
  int32_t error = 0;
  void *program =
      cl.clCreateProgramWithSource(context, 1, &source, &length, &error);
  if (!program || error)
    return NULL;
  if (cl.clBuildProgram(program, 1, &device, build_options, NULL, NULL)) {
    cl.clReleaseProgram(program);
    return NULL;
  }
  return program;
}

int upconv_rt_initialize_kernels(void *context_of_run, void **state,
                                 const char *source, int size) {
  upconv_rt_run *run = context_of_run;
  (void)state;
  if (run->status)
    return run->status;
  upconv_rt_program *entry = run->job->programs;
  upconv_rt_program *end = entry + run->job->program_count;
  while (entry != end && entry->source && entry->source != source)
    ++entry;
  if (entry == end)
    return fail(run, UPCONV_RT_INTERNAL);
  if (!entry->program) {
    entry->program = build(source, size);
    if (!entry->program)
      return fail(run, UPCONV_RT_DEVICE_BUILD);
    entry->source = source;
  }
  run->program = entry->program;
  return 0;
}

// halide_buffer_t has its `host` pointer behind two words of 8 bytes; it is an
// address on the device.
static const void *address_of(const void *buffer) {
  return ((void *const *)buffer)[2];
}

static int set_arguments(void *kernel, int shared_bytes, const size_t sizes[],
                         void *const arguments[], const int8_t is_buffer[]) {
  uint32_t i = 0;
  for (; sizes[i]; ++i)
    if (is_buffer[i]
            ? cl.clSetKernelArgSVMPointer(kernel, i, address_of(arguments[i]))
            : cl.clSetKernelArg(kernel, i, sizes[i], arguments[i]))
      return 1;
  // The last one is shared memory, which may not be empty.
  return cl.clSetKernelArg(kernel, i,
                           shared_bytes > 0 ? (size_t)shared_bytes : 1, NULL);
}

int upconv_rt_run_kernel(void *context_of_run, void *state, const char *entry,
                         int blocks_x, int blocks_y, int blocks_z,
                         int threads_x, int threads_y, int threads_z,
                         int shared_bytes, size_t sizes[], void *arguments[],
                         int8_t is_buffer[]) {
  upconv_rt_run *run = context_of_run;
  (void)state;
  if (run->status)
    return run->status;
  if (blocks_x <= 0 || blocks_y <= 0 || blocks_z <= 0)
    return 0;
  int32_t error = 0;
  void *kernel = cl.clCreateKernel(run->program, entry, &error);
  if (!kernel || error)
    return fail(run, UPCONV_RT_DEVICE_BUILD);
  const size_t local[3] = {(size_t)threads_x, (size_t)threads_y,
                           (size_t)threads_z};
  const size_t global[3] = {local[0] * (size_t)blocks_x,
                            local[1] * (size_t)blocks_y,
                            local[2] * (size_t)blocks_z};
  int failed =
      set_arguments(kernel, shared_bytes, sizes, arguments, is_buffer) ||
      cl.clEnqueueNDRangeKernel(queue, kernel, 3, NULL, global, local, 0, NULL,
                                NULL);
  cl.clReleaseKernel(kernel);
  return failed ? fail(run, UPCONV_RT_DEVICE_FAILED) : 0;
}

void upconv_rt_finalize_kernels(void *run, void *state) {
  (void)run;
  (void)state;
}

// Tensors are on the device already.
int upconv_rt_copy_to_device(void *run, void *buffer, const void *interface_) {
  (void)run;
  (void)buffer;
  (void)interface_;
  return 0;
}

const void *upconv_rt_device_interface(void) { return NULL; }

const char *upconv_rt_device_status_string(int status) {
  switch (status) {
  case UPCONV_RT_NO_DEVICE:
    return "there is no OpenCL driver (libOpenCL.so.1), or no device of it "
           "that shares virtual memory";
  case UPCONV_RT_DEVICE_MEMORY:
    return "there is no memory for weights, workspace and tensors on the "
           "device";
  case UPCONV_RT_DEVICE_BUILD:
    return "the device's driver cannot build a kernel";
  case UPCONV_RT_DEVICE_FAILED:
    return "a copy or a launch failed on the device";
  }
  return upconv_rt_status_string(status);
}
