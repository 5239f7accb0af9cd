//===- Device.h - What is linked into a library for a GPU -----------------===//
//
// Beside Runtime.h, and in libraries for GPUs only. What is open on a device is
// a handle's: the device, the built kernels, weights and workspace. A run of a
// handle launches kernels and does nothing else.
//
// `<name>_run` takes host pointers: it opens a hidden handle if that has not
// been done, copies weights (once) and inputs there, runs it, and copies the
// outputs back. That handle is kept between runs under a lock, so runs of one
// library take turns. `<name>_cuda_open` makes handles of the caller's own,
// whose runs take pointers on the device and a stream.
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
/// What is open on a device; lib/Runtime/DeviceHandle.h.
typedef struct upconv_rt_handle upconv_rt_handle;

/// The least major compute capability of a CUDA device that will do; a library
/// for CUDA has it beside its calling sequence.
extern const int32_t upconv_rt_cuda_capability;

/// Alignment of tensors and weights on the device, bytes.
#define UPCONV_RT_DEVICE_ALIGNMENT 128
/// Of a caller's pointers on the device: kernels load and store fours there.
#define UPCONV_RT_DEVICE_PORT_ALIGNMENT 16

/// One run, as the calling sequence describes it; every field has 8 bytes.
/// Sizes are in bytes. A run of a caller's handle has only those from
/// `workspace_size` on, without the weights.
typedef struct {
  const float *const *inputs;
  float *const *outputs;
  const int64_t *input_sizes, *output_sizes;
  const void *weights; ///< of the host; null if there are none
  int64_t weights_size;
  uint64_t weights_key;   ///< weights of equal keys are the same
  int64_t workspace_size; ///< negative in `open`: the extents are not known yet
  int64_t input_count, output_count;
  /// Where inputs and outputs lie on the device: filled in here, but for a run
  /// of a caller's handle.
  void **device_inputs, **device_outputs;
  /// The frame of `steps`; its fourth pointer becomes the device's weights.
  void **frame;
  upconv_rt_steps *steps;
  int64_t program_count; ///< kernels
  const upconv_rt_driver *driver;
} upconv_rt_device_run;

/// The options of a run that is timed. Behind what every run is told stands
/// what only a program that times kernels asks for; `key` tells it from options
/// of a later version, which are longer too.
typedef struct {
  upconv_rt_options options; ///< `struct_size` is that of the whole
  uint64_t key;              ///< UPCONV_RT_TIMED
  double (*now)(void);       ///< seconds
  int64_t runs; ///< one behind the other, behind one that does not count
  /// Inputs are those that the run before has left on the device, and outputs
  /// stay there.
  int64_t is_resident;
  double *seconds; ///< filled in: of one run, copies not counted
  char *device;    ///< filled in: the device's name; may be null
  size_t device_size;
} upconv_rt_timed_options;
#define UPCONV_RT_TIMED UINT64_C(0x6574797566b1d307)

/// `<name>_run` after its own checks. Returns a status.
int upconv_rt_device_execute(const upconv_rt_options *options,
                             const upconv_rt_device_run *run);
/// `<name>_prepare`: opens the device.
int upconv_rt_device_prepare(const upconv_rt_driver *driver,
                             int64_t program_count);
/// `<name>_release`: gives back all that is open on the device.
void upconv_rt_device_release(void);

/// Devices of a handle that are not told by their number: that of the context
/// that is current, or the first one that will do.
enum { UPCONV_RT_CURRENT_DEVICE = -1, UPCONV_RT_ANY_DEVICE = -2 };

/// Handles of the caller's own; each function returns a status.
/// `<name>_cuda_open` after its check of the weights: copies them, and makes
/// everything that a run wants if `workspace_size` is known.
int upconv_rt_handle_open(upconv_rt_handle **result, int device,
                          const upconv_rt_device_run *run);
/// `<name>_cuda_reserve`: builds the kernels and makes room for such a run.
int upconv_rt_handle_reserve(upconv_rt_handle *handle,
                             const upconv_rt_device_run *run);
/// `<name>_cuda_run` after its own checks: launches on `stream`.
int upconv_rt_handle_run(upconv_rt_handle *handle, void *stream,
                         const upconv_rt_device_run *run);
/// `<name>_cuda_close`: waits for the device and gives everything back. Null is
/// no handle.
int upconv_rt_handle_close(upconv_rt_handle *handle);

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
