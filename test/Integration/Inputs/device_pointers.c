/* Handles of a library for CUDA beside its run of host pointers:
 * device_pointers INPUT [WEIGHTS]. Two handles, each on a stream of its own,
 * and pointers on the device that are aligned to 16 bytes and no better; the
 * bits have to be those of NAME_run. With EXTENTS, of which SOME_EXTENT is one,
 * a smaller run is before them; without, OUTPUT_COUNT is the output's size.
 * With WEIGHTS the library has none: they are packed ones, or variables of
 * COUNTS elements. Status 10 + n: the n-th expectation failed. */

#include "program.h"

#include "driver.h"

#include <string.h>

#define EXPECT(number, condition)                                              \
  if (!(condition))                                                            \
  return 10 + number

#ifdef WEIGHTS
#define OPEN(handle, device)                                                   \
  F(_cuda_open)(handle, device, weights, weights_size)
#define PREPARE() F(_prepare)(weights, weights_size)
#else
#define OPEN(handle, device) F(_cuda_open)(handle, device)
#define PREPARE() F(_prepare)()
#endif

enum { HANDLES = 2 };

typedef struct {
  F(_cuda) * handle;
  void *stream;
  uint64_t input, output;
} user;

/* An address that is aligned no better than it has to be. */
enum { ALIGNMENT = 16 };
static uint64_t odd(uint64_t address) { return address + ALIGNMENT; }

static int make_user(user *made, size_t input_bytes, size_t output_bytes) {
  DRIVER(cuStreamCreate(&made->stream, 1));
  DRIVER(cuMemAlloc(&made->input, input_bytes + ALIGNMENT));
  DRIVER(cuMemAlloc(&made->output, output_bytes + ALIGNMENT));
  return 0;
}

static void drop_user(user *made) {
  DRIVER(cuMemFree(made->input));
  DRIVER(cuMemFree(made->output));
  DRIVER(cuStreamDestroy(made->stream));
}

int main(int argc, char **argv) {
  size_t input_count, output_count, i;
  user users[HANDLES];
  void *context;
  int device;
  if (argc < 2)
    return 2;
  float *input = read_floats(argv[1], &input_count);
  size_t input_bytes = input_count * sizeof(float), output_bytes;
  F(_inputs) inputs = {0};
  F(_outputs) outputs = {0};
  F(_options) options = {0};
#ifdef WEIGHTS
  size_t weights_count, weights_size = JOIN(UPPER, _PACKED_SIZE);
  float *file = read_floats(argv[2], &weights_count);
  char *weights = (char *)workspace_of(weights_size);
#ifdef COUNTS
  static const size_t counts[] = {COUNTS};
  const float *fields[sizeof counts / sizeof counts[0]];
  F(_weights) variables;
  for (i = 0; i < sizeof counts / sizeof counts[0]; file += counts[i++])
    fields[i] = file;
  memcpy(&variables, fields, sizeof variables);
  EXPECT(12, F(_pack)(&variables, weights) == 0);
#else
  memcpy(weights, file, weights_size);
#endif
  options.weights = weights;
#endif
  options.struct_size = sizeof options;
  inputs.INPUT = input;
  EXTENTS
#ifdef SOME_EXTENT
  F(_shapes) shapes;
  EXPECT(0, F(_output_shape)(&inputs, &shapes) == 0);
  output_count = (size_t)shapes.OUTPUT.count;
#else
  output_count = OUTPUT_COUNT;
#endif
  output_bytes = output_count * sizeof(float);
  float *expected = (float *)malloc(output_bytes);
  float *output = (float *)malloc(output_bytes);
  outputs.OUTPUT = expected;
  EXPECT(1, PREPARE() == 0);
  EXPECT(2, F(_run)(&inputs, &outputs, &options) == 0);
  F(_release)();

  load_driver();
  DRIVER(cuInit(0));
  DRIVER(cuDeviceGet(&device, 0));
  DRIVER(cuDevicePrimaryCtxRetain(&context, device));
  DRIVER(cuCtxPushCurrent(context));
#ifdef WEIGHTS
  weights[weights_size - 1] ^= 1; /* one bit of the last value */
  EXPECT(3, OPEN(&users[0].handle, 0) == JOIN(UPPER, _INVALID_WEIGHTS) &&
                !users[0].handle);
  weights[weights_size - 1] ^= 1;
#endif
  for (i = 0; i < HANDLES; ++i) {
    make_user(&users[i], input_bytes, output_bytes);
    EXPECT(4, OPEN(&users[i].handle, JOIN(UPPER, _CUDA_CURRENT_DEVICE)) == 0);
    DRIVER(cuMemcpyHtoDAsync(odd(users[i].input), input, input_bytes,
                             users[i].stream));
  }
#ifdef WEIGHTS
  memset(weights, 0xff, weights_size); /* which nobody needs any more */
#endif
  for (i = 0; i < HANDLES; ++i) {
    user *of = &users[i];
    inputs.INPUT = (const float *)(uintptr_t)odd(of->input);
    outputs.OUTPUT = (float *)(uintptr_t)odd(of->output);
#ifdef SOME_EXTENT
    F(_inputs) small = inputs, refused = inputs;
    refused.SOME_EXTENT = 0;
    small.SOME_EXTENT = 1;
    EXPECT(5, F(_cuda_run)(of->handle, &small, &outputs, of->stream) ==
                  JOIN(UPPER, _WORKSPACE_TOO_SMALL));
    EXPECT(6, F(_cuda_reserve)(of->handle, &refused) ==
                  JOIN(UPPER, _INVALID_EXTENT));
    EXPECT(7, F(_cuda_reserve)(of->handle, &small) == 0);
    EXPECT(8, F(_cuda_run)(of->handle, &small, &outputs, of->stream) == 0);
    EXPECT(9, F(_cuda_run)(of->handle, &inputs, &outputs, of->stream) ==
                  JOIN(UPPER, _WORKSPACE_TOO_SMALL));
    EXPECT(10, F(_cuda_reserve)(of->handle, &inputs) == 0);
#endif
    EXPECT(11, F(_cuda_run)(of->handle, &inputs, &outputs, of->stream) == 0);
  }
  for (i = 0; i < HANDLES; ++i) {
    memset(output, 0xff, output_bytes);
    DRIVER(cuMemcpyDtoHAsync(output, odd(users[i].output), output_bytes,
                             users[i].stream));
    DRIVER(cuStreamSynchronize(users[i].stream));
    EXPECT(13, memcmp(output, expected, output_bytes) == 0);
    EXPECT(14, F(_cuda_close)(users[i].handle) == 0);
    drop_user(&users[i]);
  }
  DRIVER(cuCtxPopCurrent(&context));
  DRIVER(cuDevicePrimaryCtxRelease(device));
  return 0;
}
