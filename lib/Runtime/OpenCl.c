//===- OpenCl.c - Devices of OpenCL ---------------------------------------===//
//
// Memory on the device is shared virtual memory: its addresses are pointers,
// which those of OpenCL's buffers are not.
//
//===----------------------------------------------------------------------===//

#include "OpenCl.h"

#include "DeviceDriver.h"

static upconv_rt_opencl cl;
static int is_loaded;

#define UPCONV_RT_NAME(result, name, parameters) #name,
static const char *const names[] = {UPCONV_RT_OPENCL_FUNCTIONS(UPCONV_RT_NAME)};
#undef UPCONV_RT_NAME

static int load_driver(void) {
  if (!is_loaded)
    is_loaded = upconv_rt_load_driver("libOpenCL.so.1", names,
                                      sizeof names / sizeof *names, &cl);
  return is_loaded;
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

// Nothing is a thread's here.
static int enter(upconv_rt_device *on) {
  on->is_entered = 1;
  return UPCONV_RT_OK;
}
static void leave(upconv_rt_device *on) { on->is_entered = 0; }

static void close_device(upconv_rt_device *on) {
  if (on->stream)
    cl.clReleaseCommandQueue(on->stream);
  if (on->context)
    cl.clReleaseContext(on->context);
  *on = (upconv_rt_device){0};
}

static int open_device(upconv_rt_device *on, int number) {
  (void)number; // UPCONV_RT_ANY_DEVICE
  on->device = find_device(CL_DEVICE_TYPE_GPU);
  if (!on->device)
    on->device = find_device(CL_DEVICE_TYPE_ALL);
  if (!on->device)
    return UPCONV_RT_NO_DEVICE;
  int32_t error = 0;
  on->context = cl.clCreateContext(NULL, 1, &on->device, NULL, NULL, &error);
  if (on->context && !error)
    on->stream = cl.clCreateCommandQueue(on->context, on->device, 0, &error);
  if (on->stream && !error)
    return enter(on);
  close_device(on);
  return UPCONV_RT_NO_DEVICE;
}

static void *allocate(upconv_rt_device *on, size_t size) {
  return cl.clSVMAlloc(on->context, CL_MEM_READ_WRITE, size,
                       UPCONV_RT_DEVICE_ALIGNMENT);
}

static void free_memory(upconv_rt_device *on, void *memory) {
  cl.clSVMFree(on->context, memory);
}

// In order with the launches, and waits for them and for itself.
static int copy(upconv_rt_device *on, void *to, const void *from, size_t size) {
  return cl.clEnqueueSVMMemcpy(on->stream, /*blocking=*/1, to, from, size, 0,
                               NULL, NULL)
             ? UPCONV_RT_DEVICE_FAILED
             : UPCONV_RT_OK;
}

static void *build(upconv_rt_device *on, const char *text, size_t length) {
  int32_t error = 0;
  void *program =
      cl.clCreateProgramWithSource(on->context, 1, &text, &length, &error);
  if (!program || error)
    return NULL;
  // Quotients as exact as they are on a CPU, where the device can.
  const char *options = ask(on->device, CL_DEVICE_SINGLE_FP_CONFIG) &
                                CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT
                            ? "-cl-fp32-correctly-rounded-divide-sqrt"
                            : "";
  if (cl.clBuildProgram(program, 1, &on->device, options, NULL, NULL)) {
    cl.clReleaseProgram(program);
    return NULL;
  }
  return program;
}

static void drop(upconv_rt_device *on, void *program) {
  (void)on;
  cl.clReleaseProgram(program);
}

static int set_arguments(void *kernel, const upconv_rt_device_launch *launch) {
  uint32_t i = 0;
  for (; launch->sizes[i]; ++i) {
    void *argument = launch->arguments[i];
    if (launch->is_buffer[i]
            ? cl.clSetKernelArgSVMPointer(kernel, i,
                                          upconv_rt_address_of(argument))
            : cl.clSetKernelArg(kernel, i, launch->sizes[i], argument))
      return 1;
  }
  // The last one is shared memory, which may not be empty.
  size_t shared = launch->shared_bytes > 0 ? (size_t)launch->shared_bytes : 1;
  return cl.clSetKernelArg(kernel, i, shared, NULL);
}

static int launch_kernel(upconv_rt_device *on, void *program,
                         const upconv_rt_device_launch *launch) {
  (void)on;
  int32_t error = 0;
  void *kernel = cl.clCreateKernel(program, launch->entry, &error);
  if (!kernel || error)
    return UPCONV_RT_DEVICE_BUILD;
  size_t local[3], global[3];
  for (int d = 0; d < 3; ++d) {
    local[d] = (size_t)launch->threads[d];
    global[d] = local[d] * (size_t)launch->blocks[d];
  }
  int failed = set_arguments(kernel, launch) ||
               cl.clEnqueueNDRangeKernel(launch->stream, kernel, 3, NULL,
                                         global, local, 0, NULL, NULL);
  cl.clReleaseKernel(kernel);
  return failed ? UPCONV_RT_DEVICE_FAILED : UPCONV_RT_OK;
}

static int finish(upconv_rt_device *on) {
  return cl.clFinish(on->stream) ? UPCONV_RT_DEVICE_FAILED : UPCONV_RT_OK;
}

static void name_device(upconv_rt_device *on, char *text, size_t size) {
  if (size > 0 &&
      cl.clGetDeviceInfo(on->device, CL_DEVICE_NAME, size, text, NULL))
    text[0] = 0;
}

const upconv_rt_driver upconv_rt_opencl_driver = {
    load_driver,
    open_device,
    close_device,
    enter,
    leave,
    allocate,
    free_memory,
    copy,
    copy,
    build,
    drop,
    launch_kernel,
    finish,
    finish,
    "there is no OpenCL driver (libOpenCL.so.1), or no device of it that "
    "shares virtual memory",
    name_device};
