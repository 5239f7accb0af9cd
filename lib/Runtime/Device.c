//===- Device.c - Runs on a device ----------------------------------------===//
//
// Addresses on the device are pointers that an offset can be added to, so that
// a tensor is a base and an offset there as it is on the host, and the same
// calling sequence serves both. Two allocations hold everything: the weights,
// and one arena for workspace, inputs and outputs that only grows.
//
//===----------------------------------------------------------------------===//

#include "DeviceDriver.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

// A run's launches; what Halide calls the user context.
struct upconv_rt_run {
  const upconv_rt_device_run *job;
  void *program; // of the kernel that is being called
  int status;    // the first failure: nothing is launched after it
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
// Everything below is under the lock.
static int is_open;
static void *weights, *arena;
static uint64_t weights_key;
static size_t weights_size, arena_size;

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

// Opens the device if it is not, and makes it the thread's.
static int enter(const upconv_rt_driver *driver) {
  if (!is_open) {
    int status = driver->open();
    if (status)
      return status;
    is_open = 1;
  }
  return driver->enter();
}

// Gives everything back. What is not entered cannot be given back one by one:
// it goes with the device.
static void close_device(const upconv_rt_driver *driver,
                         upconv_rt_program *programs, int64_t count,
                         int is_entered) {
  if (is_entered)
    driver->finish();
  for (int64_t i = 0; i < count; ++i) {
    if (is_entered && programs[i].program)
      driver->drop(programs[i].program);
    programs[i] = (upconv_rt_program){NULL, NULL};
  }
  if (is_entered && weights)
    driver->free(weights);
  if (is_entered && arena)
    driver->free(arena);
  weights = arena = NULL;
  weights_size = arena_size = 0;
  driver->close();
  is_open = 0;
}

int upconv_rt_device_prepare(const upconv_rt_driver *driver,
                             upconv_rt_program *programs, int64_t count) {
  pthread_mutex_lock(&lock);
  int status = enter(driver);
  if (!status)
    driver->leave();
  else if (is_open)
    close_device(driver, programs, count, /*is_entered=*/0);
  pthread_mutex_unlock(&lock);
  return status;
}

void upconv_rt_device_release(const upconv_rt_driver *driver,
                              upconv_rt_program *programs, int64_t count) {
  pthread_mutex_lock(&lock);
  if (is_open)
    close_device(driver, programs, count, driver->enter() == UPCONV_RT_OK);
  pthread_mutex_unlock(&lock);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static int reserve(const upconv_rt_driver *driver, void **memory, size_t *have,
                   size_t want) {
  if (*memory && *have >= want)
    return UPCONV_RT_OK;
  if (*memory)
    driver->free(*memory);
  *have = 0;
  *memory = driver->allocate(want ? want : 1);
  if (!*memory)
    return UPCONV_RT_DEVICE_MEMORY;
  *have = want;
  return UPCONV_RT_OK;
}

static int place_weights(const upconv_rt_device_run *run) {
  if (!run->weights)
    return UPCONV_RT_OK;
  size_t size = (size_t)run->weights_size;
  if (!weights || weights_key != run->weights_key || weights_size != size) {
    int status = reserve(run->driver, &weights, &weights_size, size);
    if (!status)
      status = run->driver->to_device(weights, run->weights, size);
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

static int place_tensors(const upconv_rt_device_run *run, int copies) {
  int64_t total = behind(0, run->workspace_size);
  for (int64_t i = 0; i < run->input_count; ++i)
    total = behind(total, run->input_sizes[i]);
  for (int64_t i = 0; i < run->output_count; ++i)
    total = behind(total, run->output_sizes[i]);
  if (total < 0)
    return UPCONV_RT_OVERFLOW;
  int status = reserve(run->driver, &arena, &arena_size, (size_t)total);
  int64_t at = behind(0, run->workspace_size);
  for (int64_t i = 0; !status && i < run->input_count; ++i) {
    run->device_inputs[i] = (char *)arena + at;
    if (run->input_sizes[i] && copies)
      status = run->driver->to_device(run->device_inputs[i], run->inputs[i],
                                      (size_t)run->input_sizes[i]);
    at = behind(at, run->input_sizes[i]);
  }
  for (int64_t i = 0; !status && i < run->output_count; ++i) {
    run->device_outputs[i] = (char *)arena + at;
    at = behind(at, run->output_sizes[i]);
  }
  return status;
}

//===----------------------------------------------------------------------===//
// A run
//===----------------------------------------------------------------------===//

static int launch_steps(const upconv_rt_device_run *job) {
  upconv_rt_run run = {job, NULL, UPCONV_RT_OK};
  int status = job->steps(job->frame, arena, &run);
  return run.status ? run.status : status;
}

// What a timed run asks for beside a run, or null.
static const upconv_rt_timed_options *
timed_options(const upconv_rt_options *options) {
  const upconv_rt_timed_options *timed = (const void *)options;
  return options && options->struct_size >= sizeof *timed &&
                 timed->key == UPCONV_RT_TIMED
             ? timed
             : NULL;
}

// The steps have been launched once.
static int time_steps(const upconv_rt_device_run *job,
                      const upconv_rt_timed_options *timed) {
  if (timed->device)
    job->driver->name(timed->device, timed->device_size);
  int status = job->driver->finish();
  double begin = timed->now();
  for (int64_t i = 0; !status && i < timed->runs; ++i)
    status = launch_steps(job);
  if (!status)
    status = job->driver->finish();
  if (timed->runs > 0)
    *timed->seconds = (timed->now() - begin) / (double)timed->runs;
  return status;
}

static int execute(const upconv_rt_device_run *job,
                   const upconv_rt_timed_options *timed) {
  int copies = !timed || !timed->is_resident;
  int status = place_weights(job);
  if (!status)
    status = place_tensors(job, copies);
  if (!status)
    status = launch_steps(job);
  if (!status && timed)
    status = time_steps(job, timed);
  for (int64_t i = 0; !status && copies && i < job->output_count; ++i)
    if (job->output_sizes[i])
      status = job->driver->to_host(job->outputs[i], job->device_outputs[i],
                                    (size_t)job->output_sizes[i]);
  return status ? status : job->driver->finish();
}

int upconv_rt_device_execute(const upconv_rt_options *options,
                             const upconv_rt_device_run *run) {
  if (options && (options->struct_size < offsetof(upconv_rt_options, weights) ||
                  options->threads < 0))
    return UPCONV_RT_INVALID_ARGUMENT;
  pthread_mutex_lock(&lock);
  int status = enter(run->driver), is_entered = !status;
  if (!status)
    status = execute(run, timed_options(options));
  if (!status)
    run->driver->leave();
  else if (is_open)
    close_device(run->driver, run->programs, run->program_count, is_entered);
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
    // The text may end in zeros.
    size_t length = 0;
    while (length < (size_t)size && source[length])
      ++length;
    entry->program = run->job->driver->build(source, length);
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
  if (blocks_x <= 0 || blocks_y <= 0 || blocks_z <= 0)
    return 0;
  upconv_rt_device_launch launch = {entry,
                                    {blocks_x, blocks_y, blocks_z},
                                    {threads_x, threads_y, threads_z},
                                    shared_bytes,
                                    sizes,
                                    arguments,
                                    is_buffer};
  int status = run->job->driver->launch(run->program, &launch);
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

const char *upconv_rt_device_status_string(const upconv_rt_driver *driver,
                                           int status) {
  switch (status) {
  case UPCONV_RT_NO_DEVICE:
    return driver->no_device;
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
