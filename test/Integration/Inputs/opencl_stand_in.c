/* A libOpenCL.so.1 without a device behind it: it hands out handles, counts
 * what is alive, writes down launches, and fails when told to (stand_in.h).
 * Kernels are not run. "none" is no platform, "old" no shared virtual memory. */

#include "stand_in.h"

#include <stdint.h>

enum { FAILED = -5 };

typedef struct {
  char name[256];
  size_t shared;
} kernel;

static int alive;

static int count_alive(void) { return alive; }

static void *make(const char *name, size_t size, int32_t *error) {
  int failed = fails(name);
  if (error)
    *error = failed ? FAILED : 0;
  if (failed)
    return NULL;
  ++alive;
  return calloc(1, size);
}

static int32_t drop(const char *name, void *object) {
  --alive;
  free(object);
  return fails(name) ? FAILED : 0;
}

#define RESULT(name) (fails(name) ? FAILED : 0)

int32_t clGetPlatformIDs(uint32_t room, void **platforms, uint32_t *count) {
  (void)room;
  if (fails("clGetPlatformIDs"))
    return FAILED;
  *count = is_device("none") ? 0 : 1;
  platforms[0] = &calls;
  return 0;
}

int32_t clGetDeviceIDs(void *platform, uint64_t kind, uint32_t room,
                       void **devices, uint32_t *count) {
  (void)platform, (void)kind, (void)room;
  if (fails("clGetDeviceIDs"))
    return FAILED;
  *count = 1;
  devices[0] = &alive;
  return 0;
}

int32_t clGetDeviceInfo(void *device, uint32_t what, size_t size, void *value,
                        size_t *used) {
  (void)device, (void)what, (void)used;
  if (fails("clGetDeviceInfo"))
    return FAILED;
  memset(value, 0, size);
  *(uint32_t *)value = is_device("old") ? 0 : 1;
  return 0;
}

void *clCreateContext(const intptr_t *properties, uint32_t count,
                      void *const *devices, void *notify, void *data,
                      int32_t *error) {
  (void)properties, (void)count, (void)devices, (void)notify, (void)data;
  return make("clCreateContext", 1, error);
}
int32_t clReleaseContext(void *context) {
  return drop("clReleaseContext", context);
}
void *clCreateCommandQueue(void *context, void *device, uint64_t properties,
                           int32_t *error) {
  (void)context, (void)device, (void)properties;
  return make("clCreateCommandQueue", 1, error);
}
int32_t clReleaseCommandQueue(void *queue) {
  return drop("clReleaseCommandQueue", queue);
}
void *clCreateProgramWithSource(void *context, uint32_t count,
                                const char **texts, const size_t *lengths,
                                int32_t *error) {
  (void)context;
  if (count != 1 || strlen(texts[0]) < lengths[0])
    abort();
  return make("clCreateProgramWithSource", 1, error);
}
int32_t clBuildProgram(void *program, uint32_t count, void *const *devices,
                       const char *options, void *notify, void *data) {
  (void)program, (void)count, (void)devices, (void)options, (void)notify,
      (void)data;
  return RESULT("clBuildProgram");
}
int32_t clReleaseProgram(void *program) {
  return drop("clReleaseProgram", program);
}
void *clCreateKernel(void *program, const char *name, int32_t *error) {
  (void)program;
  kernel *made = make("clCreateKernel", sizeof *made, error);
  if (made)
    snprintf(made->name, sizeof made->name, "%s", name);
  return made;
}
int32_t clReleaseKernel(void *made) { return drop("clReleaseKernel", made); }

int32_t clSetKernelArg(void *made, uint32_t index, size_t size,
                       const void *value) {
  (void)index;
  if (!value)
    ((kernel *)made)->shared = size;
  return RESULT("clSetKernelArg");
}
int32_t clSetKernelArgSVMPointer(void *made, uint32_t index,
                                 const void *value) {
  (void)made, (void)index;
  if (!value)
    abort();
  return RESULT("clSetKernelArgSVMPointer");
}
void *clSVMAlloc(void *context, uint64_t flags, size_t size,
                 uint32_t alignment) {
  (void)context, (void)flags, (void)alignment;
  return make("clSVMAlloc", size, NULL);
}
void clSVMFree(void *context, void *memory) {
  (void)context;
  drop("clSVMFree", memory);
}
int32_t clEnqueueSVMMemcpy(void *queue, uint32_t blocking, void *to,
                           const void *from, size_t size, uint32_t count,
                           void *list, void *event) {
  (void)queue, (void)blocking, (void)count, (void)list, (void)event;
  if (fails("clEnqueueSVMMemcpy"))
    return FAILED;
  memcpy(to, from, size);
  return 0;
}
int32_t clEnqueueNDRangeKernel(void *queue, void *made, uint32_t dimensions,
                               const size_t *offset, const size_t *global,
                               const size_t *local, uint32_t count, void *list,
                               void *event) {
  const kernel *k = made;
  (void)queue, (void)offset, (void)count, (void)list, (void)event;
  if (fails("clEnqueueNDRangeKernel"))
    return FAILED;
  for (uint32_t d = 0; d < dimensions; ++d)
    if (local[d] == 0 || global[d] == 0 || global[d] % local[d])
      return FAILED;
  if (log_file)
    fprintf(log_file, "launch %s %zux%zux%zu %zux%zux%zu %zu\n", k->name,
            global[0], global[1], global[2], local[0], local[1], local[2],
            k->shared);
  return 0;
}
int32_t clFinish(void *queue) {
  (void)queue;
  return RESULT("clFinish");
}
