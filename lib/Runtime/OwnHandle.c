//===- OwnHandle.c - Handles of the caller's own --------------------------===//
//
// Everything that takes memory, builds or waits is in open, reserve and close;
// a run launches and does nothing else, so that a stream may be captured around
// it. For the first run of a kernel not to be the one that builds it, reserve
// makes a pass over the steps that builds only.
//
//===----------------------------------------------------------------------===//

#include "DeviceHandle.h"

#include <stdlib.h>

// With any addresses: nothing is launched.
static int build(upconv_rt_handle *handle, const upconv_rt_device_run *run) {
  for (int64_t i = 0; i < run->input_count; ++i)
    run->device_inputs[i] = handle->arena;
  for (int64_t i = 0; i < run->output_count; ++i)
    run->device_outputs[i] = handle->arena;
  return upconv_rt_handle_pass(handle, UPCONV_RT_BUILDS, NULL, run);
}

static int reserve(upconv_rt_handle *handle, const upconv_rt_device_run *run) {
  int status = UPCONV_RT_OK;
  // Runs that are under way are in the arena that goes.
  if (handle->arena && handle->arena_size < (size_t)run->workspace_size)
    status = handle->driver->drain(&handle->device);
  if (!status)
    status = upconv_rt_handle_grow(handle, (size_t)run->workspace_size);
  if (status)
    return status;
  status = build(handle, run);
  // Without all kernels there is nothing to run.
  if (status) {
    handle->driver->free(&handle->device, handle->arena);
    handle->arena = NULL;
  }
  return status;
}

int upconv_rt_handle_open(upconv_rt_handle **result, int device,
                          const upconv_rt_device_run *run) {
  if (!result)
    return UPCONV_RT_INVALID_ARGUMENT;
  *result = NULL;
  if (device < UPCONV_RT_CURRENT_DEVICE)
    return UPCONV_RT_INVALID_ARGUMENT;
  upconv_rt_handle *handle = calloc(1, sizeof *handle);
  if (!handle)
    return UPCONV_RT_OUT_OF_MEMORY;
  int status =
      upconv_rt_handle_enter(handle, run->driver, device, run->program_count);
  if (status) {
    free(handle);
    return status;
  }
  status = upconv_rt_handle_place_weights(handle, run);
  if (!status && run->workspace_size >= 0)
    status = reserve(handle, run);
  // The caller's streams do not wait for ours.
  if (!status)
    status = handle->driver->finish(&handle->device);
  if (status) {
    upconv_rt_handle_drop(handle);
    free(handle);
    return status;
  }
  upconv_rt_handle_leave(handle);
  *result = handle;
  return UPCONV_RT_OK;
}

int upconv_rt_handle_reserve(upconv_rt_handle *handle,
                             const upconv_rt_device_run *run) {
  if (!handle)
    return UPCONV_RT_INVALID_ARGUMENT;
  if (run->workspace_size < 0)
    return UPCONV_RT_OVERFLOW;
  int status = handle->driver->enter(&handle->device);
  if (status)
    return status;
  status = reserve(handle, run);
  upconv_rt_handle_leave(handle);
  return status;
}

int upconv_rt_handle_run(upconv_rt_handle *handle, void *stream,
                         const upconv_rt_device_run *run) {
  if (!handle)
    return UPCONV_RT_INVALID_ARGUMENT;
  // A handle for which nothing has been reserved has built nothing either.
  if (!handle->arena || handle->arena_size < (size_t)run->workspace_size)
    return UPCONV_RT_WORKSPACE_TOO_SMALL;
  int status = handle->driver->enter(&handle->device);
  if (status)
    return status;
  status = upconv_rt_handle_pass(handle, UPCONV_RT_LAUNCHES, stream, run);
  upconv_rt_handle_leave(handle);
  return status;
}

int upconv_rt_handle_close(upconv_rt_handle *handle) {
  if (!handle)
    return UPCONV_RT_OK;
  int status = handle->driver->enter(&handle->device);
  if (!status)
    status = handle->driver->drain(&handle->device);
  upconv_rt_handle_drop(handle);
  free(handle);
  return status;
}
