/* Handles of the library `one` against a stand-in for the driver: prints what
 * each call returned. Addresses and streams are never looked at, so any will
 * do. Between the marks "run" and "end" there is one run. */

#include "one.h"

#include <dlfcn.h>
#include <stdio.h>

static _Alignas(16) float input[ONE_INPUT_COUNT], output[ONE_LAYER_COUNT];
static void (*mark)(const char *);

static int run_on(one_cuda *handle, void *stream) {
  one_inputs inputs = {input};
  one_outputs outputs = {output};
  mark("run");
  int status = one_cuda_run(handle, &inputs, &outputs, stream);
  mark("end");
  return status;
}

static void *find(const char *name) {
  void *driver = dlopen("libcuda.so.1", RTLD_NOW);
  return driver ? dlsym(driver, name) : NULL;
}

/* As a program does that works on device 1 already. */
static int make_current(void) {
  int (*retain)(void **, int), (*push)(void *), device = 8;
  void *context;
  *(void **)&retain = find("cuDevicePrimaryCtxRetain");
  *(void **)&push = find("cuCtxPushCurrent_v2");
  return retain(&context, device) || push(context);
}

/* What is refused before the driver is asked. */
static int refuses(one_cuda *handle) {
  one_inputs none = {NULL}, misaligned = {input + 2};
  one_outputs outputs = {output};
  one_cuda *made = handle;
  return one_cuda_open(NULL, 0) == ONE_INVALID_ARGUMENT &&
         one_cuda_open(&made, -2) == ONE_INVALID_ARGUMENT && !made &&
         one_cuda_run(handle, NULL, &outputs, NULL) == ONE_INVALID_ARGUMENT &&
         one_cuda_run(handle, &none, &outputs, NULL) == ONE_INVALID_ARGUMENT &&
         one_cuda_run(handle, &misaligned, &outputs, NULL) ==
             ONE_INVALID_ARGUMENT;
}

int main(int argc, char **argv) {
  static char first, second; /* streams */
  one_cuda *a = NULL, *b = NULL, *c = NULL;
  *(void **)&mark = find("stand_in_mark");
  (void)argv;
  if (!mark || (argc > 1 && make_current()))
    return 2;
  int statuses[11] = {0}, *next = statuses;
  *next++ = one_cuda_open(&a, ONE_CUDA_CURRENT_DEVICE);
  *next++ = one_cuda_open(&b, 1);
  if (!refuses(a))
    return 3;
  *next++ = run_on(a, &first);
  *next++ = run_on(b, &second);
  *next++ = run_on(a, &first);
  *next++ = one_cuda_close(a);
  *next++ = run_on(b, NULL);
  *next++ = one_cuda_close(b);
  /* A failure is no reason not to begin anew. */
  *next++ = one_cuda_open(&c, 0);
  *next++ = run_on(c, &first);
  *next++ = one_cuda_close(c);
  for (next = statuses; next != statuses + 11; ++next)
    printf("%d ", *next);
  return one_cuda_close(NULL);
}
