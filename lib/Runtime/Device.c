//===- Device.c - Runs of host pointers on a device -----------------------===//
//
// Of one hidden handle, whose arena has the inputs and outputs behind the
// workspace.
//
//===----------------------------------------------------------------------===//

#include "DeviceHandle.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static upconv_rt_handle hidden; // under the lock

static int enter(const upconv_rt_driver *driver, int64_t program_count) {
  return upconv_rt_handle_enter(&hidden, driver, UPCONV_RT_ANY_DEVICE,
                                program_count);
}

int upconv_rt_device_prepare(const upconv_rt_driver *driver,
                             int64_t program_count) {
  pthread_mutex_lock(&lock);
  int status = enter(driver, program_count);
  if (!status)
    upconv_rt_handle_leave(&hidden);
  pthread_mutex_unlock(&lock);
  return status;
}

void upconv_rt_device_release(void) {
  pthread_mutex_lock(&lock);
  // Failing to enter closes it.
  if (hidden.driver && !enter(hidden.driver, hidden.program_count))
    upconv_rt_handle_drop(&hidden);
  pthread_mutex_unlock(&lock);
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
  int status = upconv_rt_handle_grow(&hidden, (size_t)total);
  int64_t at = behind(0, run->workspace_size);
  for (int64_t i = 0; !status && i < run->input_count; ++i) {
    run->device_inputs[i] = (char *)hidden.arena + at;
    if (run->input_sizes[i] && copies)
      status =
          run->driver->to_device(&hidden.device, run->device_inputs[i],
                                 run->inputs[i], (size_t)run->input_sizes[i]);
    at = behind(at, run->input_sizes[i]);
  }
  for (int64_t i = 0; !status && i < run->output_count; ++i) {
    run->device_outputs[i] = (char *)hidden.arena + at;
    at = behind(at, run->output_sizes[i]);
  }
  return status;
}

static int launch_steps(const upconv_rt_device_run *run) {
  return upconv_rt_handle_pass(&hidden, UPCONV_RT_BUILDS | UPCONV_RT_LAUNCHES,
                               hidden.device.stream, run);
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
static int time_steps(const upconv_rt_device_run *run,
                      const upconv_rt_timed_options *timed) {
  if (timed->device)
    run->driver->name(&hidden.device, timed->device, timed->device_size);
  int status = run->driver->finish(&hidden.device);
  double begin = timed->now();
  for (int64_t i = 0; !status && i < timed->runs; ++i)
    status = launch_steps(run);
  if (!status)
    status = run->driver->finish(&hidden.device);
  if (timed->runs > 0)
    *timed->seconds = (timed->now() - begin) / (double)timed->runs;
  return status;
}

static int execute(const upconv_rt_device_run *run,
                   const upconv_rt_timed_options *timed) {
  int copies = !timed || !timed->is_resident;
  int status = upconv_rt_handle_place_weights(&hidden, run);
  if (!status)
    status = place_tensors(run, copies);
  if (!status)
    status = launch_steps(run);
  if (!status && timed)
    status = time_steps(run, timed);
  for (int64_t i = 0; !status && copies && i < run->output_count; ++i)
    if (run->output_sizes[i])
      status = run->driver->to_host(&hidden.device, run->outputs[i],
                                    run->device_outputs[i],
                                    (size_t)run->output_sizes[i]);
  return status ? status : run->driver->finish(&hidden.device);
}

int upconv_rt_device_execute(const upconv_rt_options *options,
                             const upconv_rt_device_run *run) {
  if (options && (options->struct_size < offsetof(upconv_rt_options, weights) ||
                  options->threads < 0))
    return UPCONV_RT_INVALID_ARGUMENT;
  pthread_mutex_lock(&lock);
  int status = enter(run->driver, run->program_count);
  if (!status) {
    status = execute(run, timed_options(options));
    if (status)
      upconv_rt_handle_drop(&hidden);
    else
      upconv_rt_handle_leave(&hidden);
  }
  pthread_mutex_unlock(&lock);
  return status;
}

const char *upconv_rt_device_status_string(const upconv_rt_driver *driver,
                                           int status) {
  switch (status) {
  case UPCONV_RT_OUT_OF_MEMORY:
    return "there is no memory on the host";
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
