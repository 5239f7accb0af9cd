//===- Cuda.h - The few entry points of CUDA's driver that libraries use --===//
//
// Declared here by the documentation of the CUDA driver API, so that no header
// of it has to be installed to build upconv. The names are those of the
// library, with the versions that cuda.h hides.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_RUNTIME_CUDA_H
#define UPCONV_LIB_RUNTIME_CUDA_H

#include <stddef.h>
#include <stdint.h>

enum {
  CU_STREAM_NON_BLOCKING = 1,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75
};

/// X(name, parameters): handles are `void *`, devices `int`, addresses
/// `uint64_t`; each returns zero, or what failed.
#define UPCONV_RT_CUDA_FUNCTIONS(X)                                            \
  X(cuInit, (unsigned))                                                        \
  X(cuDeviceGetCount, (int *))                                                 \
  X(cuDeviceGet, (int *, int))                                                 \
  X(cuDeviceGetAttribute, (int *, int, int))                                   \
  X(cuDeviceGetName, (char *, int, int))                                       \
  X(cuDevicePrimaryCtxRetain, (void **, int))                                  \
  X(cuDevicePrimaryCtxRelease_v2, (int))                                       \
  X(cuCtxGetCurrent, (void **))                                                \
  X(cuCtxGetDevice, (int *))                                                   \
  X(cuCtxSynchronize, (void))                                                  \
  X(cuCtxPushCurrent_v2, (void *))                                             \
  X(cuCtxPopCurrent_v2, (void **))                                             \
  X(cuStreamCreate, (void **, unsigned))                                       \
  X(cuStreamDestroy_v2, (void *))                                              \
  X(cuStreamSynchronize, (void *))                                             \
  X(cuMemAlloc_v2, (uint64_t *, size_t))                                       \
  X(cuMemFree_v2, (uint64_t))                                                  \
  X(cuMemcpyHtoDAsync_v2, (uint64_t, const void *, size_t, void *))            \
  X(cuMemcpyDtoHAsync_v2, (void *, uint64_t, size_t, void *))                  \
  X(cuModuleLoadData, (void **, const void *))                                 \
  X(cuModuleUnload, (void *))                                                  \
  X(cuModuleGetFunction, (void **, void *, const char *))                      \
  X(cuLaunchKernel, (void *, unsigned, unsigned, unsigned, unsigned, unsigned, \
                     unsigned, unsigned, void *, void **, void **))

#define UPCONV_RT_DECLARE(name, parameters) int(*name) parameters;
typedef struct {
  UPCONV_RT_CUDA_FUNCTIONS(UPCONV_RT_DECLARE)
} upconv_rt_cuda;
#undef UPCONV_RT_DECLARE

#endif // UPCONV_LIB_RUNTIME_CUDA_H
