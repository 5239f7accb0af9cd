//===- DeviceDriver.h - What a handle asks of its device's driver ---------===//
//
// One table per kind of driver; statuses are those of `<name>_status`. But for
// `load` the functions work on one device that is open and entered, and know
// nothing of others: two devices may be worked on at once.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_RUNTIME_DEVICEDRIVER_H
#define UPCONV_LIB_RUNTIME_DEVICEDRIVER_H

#include "upconv/Runtime/Device.h"

/// An open device, all zero before.
typedef struct {
  void *device, *context;
  void *stream;   ///< our own: copies, and launches that are nobody else's
  int number;     ///< CUDA's devices are numbers
  int is_entered; ///< by this thread
  int has_pushed; ///< and another context of the thread's is below
} upconv_rt_device;

/// One launch, as Halide's host code describes it.
typedef struct {
  const char *entry;
  int blocks[3], threads[3];
  int shared_bytes;
  const size_t *sizes; ///< of the arguments; a zero ends them
  void *const *arguments;
  const int8_t *is_buffer;
  void *stream;
} upconv_rt_device_launch;

struct upconv_rt_driver {
  /// Loads the driver if that has not been done. Under a lock; from then on
  /// what it filled in is only read. Returns 0 if there is none.
  int (*load)(void);
  /// Opens the device of this number, or of UPCONV_RT_ANY_DEVICE and the like,
  /// and enters it; after a failure nothing is open.
  int (*open)(upconv_rt_device *device, int number);
  /// Leaves it too, if it has been entered.
  void (*close)(upconv_rt_device *device);
  /// Around all calls of one run: makes the device the thread's, and gives back
  /// what was the thread's before.
  int (*enter)(upconv_rt_device *device);
  void (*leave)(upconv_rt_device *device);
  /// Addresses on the device; null if there is no memory.
  void *(*allocate)(upconv_rt_device *device, size_t size);
  void (*free)(upconv_rt_device *device, void *memory);
  /// Both return a status; copies to the host are complete after `finish`.
  int (*to_device)(upconv_rt_device *device, void *to, const void *from,
                   size_t size);
  int (*to_host)(upconv_rt_device *device, void *to, const void *from,
                 size_t size);
  /// A program of kernels, ready to be launched; null if the driver does not
  /// take it. Behind the text there is a zero.
  void *(*build)(upconv_rt_device *device, const char *text, size_t length);
  void (*drop)(upconv_rt_device *device, void *program);
  int (*launch)(upconv_rt_device *device, void *program,
                const upconv_rt_device_launch *launch);
  /// Waits for our own stream, and for all that the device has been given.
  int (*finish)(upconv_rt_device *device);
  int (*drain)(upconv_rt_device *device);
  const char *no_device; ///< a sentence for UPCONV_RT_NO_DEVICE
  /// The device's name, or an empty one.
  void (*name)(upconv_rt_device *device, char *text, size_t size);
};

/// Fills `table`, pointers to functions and nothing else, with `count`
/// functions of a shared library by their names. The library stays: drivers do
/// not like to be unloaded. Returns 0 if it, or one of them, is not there.
int upconv_rt_load_driver(const char *library, const char *const *names,
                          size_t count, void *table);

/// halide_buffer_t has its `host` pointer behind two words of 8 bytes; it is an
/// address on the device here.
static inline void *upconv_rt_address_of(const void *buffer) {
  return ((void *const *)buffer)[2];
}

#endif // UPCONV_LIB_RUNTIME_DEVICEDRIVER_H
