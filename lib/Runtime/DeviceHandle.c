//===- DeviceHandle.c - What is open on a device --------------------------===//
//
// Addresses on the device are pointers that an offset can be added to, so that
// a tensor is a base and an offset there as it is on the host, and the same
// calling sequence serves both.
//
//===----------------------------------------------------------------------===//

#include "DeviceHandle.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// A pass over the steps; what Halide calls the user context.
struct upconv_rt_run {
  upconv_rt_handle *handle;
  int what;
  void *stream;
  void *program; // of the kernel that is being called
  int status;    // the first failure: nothing is launched after it
};

// Of drivers' loading, which never waits for a device.
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

int upconv_rt_load_driver(const char *library, const char *const *names,
                          size_t count, void *table) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  for (size_t i = 0; handle && i < count; ++i) {
    void *found = dlsym(handle, names[i]);
    if (!found)
      return 0;
    memcpy((char *)table + i * sizeof found, &found, sizeof found);
  }
  return handle != NULL;
}

//===----------------------------------------------------------------------===//
// Opening and giving back
//===----------------------------------------------------------------------===//

int upconv_rt_handle_enter(upconv_rt_handle *handle,
                           const upconv_rt_driver *driver, int device,
                           int64_t program_count) {
  if (handle->driver) {
    int status = driver->enter(&handle->device);
    if (status)
      upconv_rt_handle_drop(handle);
    return status;
  }
  pthread_mutex_lock(&loading);
  int is_loaded = driver->load();
  pthread_mutex_unlock(&loading);
  if (!is_loaded)
    return UPCONV_RT_NO_DEVICE;
  size_t count = program_count > 0 ? (size_t)program_count : 1;
  upconv_rt_program *programs = calloc(count, sizeof *programs);
  if (!programs)
    return UPCONV_RT_OUT_OF_MEMORY;
  int status = driver->open(&handle->device, device);
  if (status) {
    free(programs);
    return status;
  }
  handle->driver = driver;
  handle->programs = programs;
  handle->program_count = program_count;
  return UPCONV_RT_OK;
}

void upconv_rt_handle_leave(upconv_rt_handle *handle) {
  handle->driver->leave(&handle->device);
}

void upconv_rt_handle_drop(upconv_rt_handle *handle) {
  const upconv_rt_driver *driver = handle->driver;
  upconv_rt_device *device = &handle->device;
  if (device->is_entered)
    driver->finish(device);
  for (int64_t i = 0; i < handle->program_count; ++i)
    if (handle->programs[i].program)
      driver->drop(device, handle->programs[i].program);
  if (device->is_entered && handle->weights)
    driver->free(device, handle->weights);
  if (device->is_entered && handle->arena)
    driver->free(device, handle->arena);
  driver->close(device);
  free(handle->programs);
  memset(handle, 0, sizeof *handle);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static int reserve(upconv_rt_handle *handle, void **memory, size_t *have,
                   size_t want) {
  if (*memory && *have >= want)
    return UPCONV_RT_OK;
  if (*memory)
    handle->driver->free(&handle->device, *memory);
  *have = 0;
  *memory = handle->driver->allocate(&handle->device, want ? want : 1);
  if (!*memory)
    return UPCONV_RT_DEVICE_MEMORY;
  *have = want;
  return UPCONV_RT_OK;
}

int upconv_rt_handle_grow(upconv_rt_handle *handle, size_t size) {
  return reserve(handle, &handle->arena, &handle->arena_size, size);
}

int upconv_rt_handle_place_weights(upconv_rt_handle *handle,
                                   const upconv_rt_device_run *run) {
  size_t size = (size_t)run->weights_size;
  if (!run->weights || (handle->weights && handle->weights_size == size &&
                        handle->weights_key == run->weights_key))
    return UPCONV_RT_OK;
  int status = reserve(handle, &handle->weights, &handle->weights_size, size);
  if (!status)
    status = handle->driver->to_device(&handle->device, handle->weights,
                                       run->weights, size);
  handle->weights_key = run->weights_key;
  return status;
}

//===----------------------------------------------------------------------===//
// A pass over the steps
//===----------------------------------------------------------------------===//

int upconv_rt_handle_pass(upconv_rt_handle *handle, int what, void *stream,
                          const upconv_rt_device_run *job) {
  upconv_rt_run run = {handle, what, stream, NULL, UPCONV_RT_OK};
  job->frame[3] = handle->weights;
  int status = job->steps(job->frame, handle->arena, &run);
  return run.status ? run.status : status;
}

static int fail(upconv_rt_run *run, int status) {
  if (!run->status)
    run->status = status;
  return status;
}

int upconv_rt_initialize_kernels(void *context_of_run, void **state,
                                 const char *source, int size) {
  upconv_rt_run *run = context_of_run;
  upconv_rt_handle *handle = run->handle;
  (void)state;
  if (run->status)
    return run->status;
  upconv_rt_program *entry = handle->programs;
  upconv_rt_program *end = entry + handle->program_count;
  while (entry != end && entry->source && entry->source != source)
    ++entry;
  if (entry == end || !(entry->program || run->what & UPCONV_RT_BUILDS))
    return fail(run, UPCONV_RT_INTERNAL);
  if (!entry->program) {
    // The text may end in zeros.
    size_t length = 0;
    while (length < (size_t)size && source[length])
      ++length;
    entry->program = handle->driver->build(&handle->device, source, length);
    if (!entry->program)
      return fail(run, UPCONV_RT_DEVICE_BUILD);
    entry->source = source;
  }
  run->program = entry->program;
  return 0;
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
  if (!(run->what & UPCONV_RT_LAUNCHES) || blocks_x <= 0 || blocks_y <= 0 ||
      blocks_z <= 0)
    return 0;
  upconv_rt_device_launch launch = {entry,
                                    {blocks_x, blocks_y, blocks_z},
                                    {threads_x, threads_y, threads_z},
                                    shared_bytes,
                                    sizes,
                                    arguments,
                                    is_buffer,
                                    run->stream};
  int status =
      run->handle->driver->launch(&run->handle->device, run->program, &launch);
  return status ? fail(run, status) : 0;
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
