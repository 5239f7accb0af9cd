//===- DeviceHandle.h - What is open on a device --------------------------===//
//
// Two allocations there hold everything: the weights, and one arena that only
// grows, for the workspace and, under host pointers, for inputs and outputs.
// A handle is one thread's at a time; handles know nothing of one another.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_RUNTIME_DEVICEHANDLE_H
#define UPCONV_LIB_RUNTIME_DEVICEHANDLE_H

#include "DeviceDriver.h"

/// A kernel's program, once the driver has built it. `source` tells programs
/// apart: it is an address in the kernel's object.
typedef struct {
  const void *source;
  void *program;
} upconv_rt_program;

struct upconv_rt_handle {
  const upconv_rt_driver *driver; ///< null: nothing is open
  upconv_rt_device device;
  upconv_rt_program *programs;
  int64_t program_count;
  void *weights, *arena;
  size_t weights_size, arena_size;
  uint64_t weights_key;
};

/// Opens the handle if it is not, and enters its device. After a failure it is
/// closed.
int upconv_rt_handle_enter(upconv_rt_handle *handle,
                           const upconv_rt_driver *driver, int device,
                           int64_t program_count);
void upconv_rt_handle_leave(upconv_rt_handle *handle);
/// Gives everything back that is open. What has not been entered cannot be
/// given back one by one: it goes with the device.
void upconv_rt_handle_drop(upconv_rt_handle *handle);

/// Makes room for `size` bytes. What was in the arena is lost if it grows.
int upconv_rt_handle_grow(upconv_rt_handle *handle, size_t size);
/// Brings the run's weights to the device unless they are there.
int upconv_rt_handle_place_weights(upconv_rt_handle *handle,
                                   const upconv_rt_device_run *run);

/// What a pass over the steps does: builds what has not been built, launches.
enum { UPCONV_RT_BUILDS = 1, UPCONV_RT_LAUNCHES = 2 };
/// A pass over the steps, the device entered, weights and arena in place.
int upconv_rt_handle_pass(upconv_rt_handle *handle, int what, void *stream,
                          const upconv_rt_device_run *run);

#endif // UPCONV_LIB_RUNTIME_DEVICEHANDLE_H
