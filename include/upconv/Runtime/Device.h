//===- Device.h - What is linked into a library for a GPU -----------------===//
//
// Beside Runtime.h, and in libraries for GPUs only. A run takes host pointers:
// it opens the device if that has not been done, copies weights (once) and
// inputs there, launches the kernels, and copies the outputs back. What is open
// is kept between runs in hidden memory under a lock, so runs of one library
// take turns.
//
// The driver is loaded at run time. No failure of it ends the program: each is
// a status, after which everything on the device has been given back.
//
// Halide's code for the host calls five functions around a launch. They are
// here under names of our own, which the library's name is put before.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_RUNTIME_DEVICE_H
#define UPCONV_RUNTIME_DEVICE_H

#include "upconv/Runtime/Runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Further values of `<name>_status`, in libraries for GPUs.
enum {
  UPCONV_RT_NO_DEVICE = 10,     ///< no driver, or no device that will do
  UPCONV_RT_DEVICE_MEMORY = 11, ///< no memory on the device
  UPCONV_RT_DEVICE_BUILD = 12,  ///< the driver does not take the kernels
  UPCONV_RT_DEVICE_FAILED = 13  ///< a copy or a launch failed
};

/// The drivers that there are; lib/Runtime/DeviceDriver.h.
typedef struct upconv_rt_driver upconv_rt_driver;
extern const upconv_rt_driver upconv_rt_opencl_driver, upconv_rt_cuda_driver;

/// The least major compute capability of a CUDA device that will do; a library
/// for CUDA has it beside its calling sequence.
extern const int32_t upconv_rt_cuda_capability;

/// Alignment of tensors and weights on the device, bytes.
#define UPCONV_RT_DEVICE_ALIGNMENT 128

/// A kernel's program, once the driver has built it. `source` tells programs
/// apart: it is an address in the kernel's object.
typedef struct {
  const void *source;
  void *program;
} upconv_rt_program;

/// One run, as the calling sequence describes it; every field has 8 bytes.
/// Sizes are in bytes.
typedef struct {
  const float *const *inputs;
  float *const *outputs;
  const int64_t *input_sizes, *output_sizes;
  int64_t input_count, output_count;
  int64_t workspace_size;
  const void *weights; ///< of the host; null if there are none
  int64_t weights_size;
  uint64_t weights_key; ///< weights of equal keys are the same
  /// Filled in here: where inputs and outputs lie on the device.
  void **device_inputs, **device_outputs;
  /// The frame of `steps`; its fourth pointer becomes the device's weights.
  void **frame;
  upconv_rt_steps *steps;
  upconv_rt_program *programs; ///< one per kernel, zeros at first
  int64_t program_count;
  const upconv_rt_driver *driver;
} upconv_rt_device_run;

/// `<name>_run` after its own checks. Returns a status.
int upconv_rt_device_execute(const upconv_rt_options *options,
                             const upconv_rt_device_run *run);
/// `<name>_prepare`: opens the device.
int upconv_rt_device_prepare(const upconv_rt_driver *driver,
                             upconv_rt_program *programs, int64_t count);
/// `<name>_release`: gives back all that is open on the device.
void upconv_rt_device_release(const upconv_rt_driver *driver,
                              upconv_rt_program *programs, int64_t count);

/// What Halide's host code calls. `run` is an upconv_rt_run.
int upconv_rt_initialize_kernels(void *run, void **state, const char *source,
                                 int size);
int upconv_rt_run_kernel(void *run, void *state, const char *entry,
                         int blocks_x, int blocks_y, int blocks_z,
                         int threads_x, int threads_y, int threads_z,
                         int shared_bytes, size_t sizes[], void *arguments[],
                         int8_t is_buffer[]);
void upconv_rt_finalize_kernels(void *run, void *state);
int upconv_rt_copy_to_device(void *run, void *buffer, const void *interface_);
const void *upconv_rt_device_interface(void);

/// A sentence for a status of a library for GPUs; never null.
const char *upconv_rt_device_status_string(const upconv_rt_driver *driver,
                                           int status);

#ifdef __cplusplus
}
#endif

#endif // UPCONV_RUNTIME_DEVICE_H
