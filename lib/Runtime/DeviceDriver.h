//===- DeviceDriver.h - What a run on a device asks of its driver ---------===//
//
// One table per kind of driver. All of its functions but `open` want an open
// device, and are called under the lock of Device.c; statuses are those of
// `<name>_status`.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_RUNTIME_DEVICEDRIVER_H
#define UPCONV_LIB_RUNTIME_DEVICEDRIVER_H

#include "upconv/Runtime/Device.h"

/// One launch, as Halide's host code describes it.
typedef struct {
  const char *entry;
  int blocks[3], threads[3];
  int shared_bytes;
  const size_t *sizes; ///< of the arguments; a zero ends them
  void *const *arguments;
  const int8_t *is_buffer;
} upconv_rt_device_launch;

struct upconv_rt_driver {
  /// Loads the driver if that has not been done and opens the device; after a
  /// failure nothing is open.
  int (*open)(void);
  /// Leaves it too, if it has been entered.
  void (*close)(void);
  /// Around all calls of one run: makes the device the thread's, and gives back
  /// what was the thread's before.
  int (*enter)(void);
  void (*leave)(void);
  /// Addresses on the device; null if there is no memory.
  void *(*allocate)(size_t size);
  void (*free)(void *memory);
  /// Both return a status; copies to the host are complete after `finish`.
  int (*to_device)(void *to, const void *from, size_t size);
  int (*to_host)(void *to, const void *from, size_t size);
  /// A program of kernels; null if the driver does not take it. Behind the
  /// text there is a zero.
  void *(*build)(const char *text, size_t length);
  void (*drop)(void *program);
  int (*launch)(void *program, const upconv_rt_device_launch *launch);
  int (*finish)(void);
  const char *no_device; ///< a sentence for UPCONV_RT_NO_DEVICE
  /// The device's name, or an empty one.
  void (*name)(char *text, size_t size);
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
