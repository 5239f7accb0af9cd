//===- OpenCl.h - The few entry points of OpenCL that libraries use -------===//
//
// Declared here by the OpenCL 2.0 specification, so that no header of it has to
// be installed to build upconv.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_RUNTIME_OPENCL_H
#define UPCONV_LIB_RUNTIME_OPENCL_H

#include <stddef.h>
#include <stdint.h>

enum {
  CL_DEVICE_TYPE_GPU = 1 << 2,
  CL_DEVICE_SINGLE_FP_CONFIG = 0x101b,
  CL_DEVICE_NAME = 0x102b,
  CL_DEVICE_SVM_CAPABILITIES = 0x1053,
  CL_DEVICE_SVM_COARSE_GRAIN_BUFFER = 1,
  CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT = 1 << 7,
  CL_MEM_READ_WRITE = 1
};
#define CL_DEVICE_TYPE_ALL UINT64_C(0xffffffff)

/// X(result, name, parameters): handles are `void *`.
#define UPCONV_RT_OPENCL_FUNCTIONS(X)                                          \
  X(int32_t, clGetPlatformIDs, (uint32_t, void **, uint32_t *))                \
  X(int32_t, clGetDeviceIDs,                                                   \
    (void *, uint64_t, uint32_t, void **, uint32_t *))                         \
  X(int32_t, clGetDeviceInfo, (void *, uint32_t, size_t, void *, size_t *))    \
  X(void *, clCreateContext,                                                   \
    (const intptr_t *, uint32_t, void *const *, void *, void *, int32_t *))    \
  X(int32_t, clReleaseContext, (void *))                                       \
  X(void *, clCreateCommandQueue, (void *, void *, uint64_t, int32_t *))       \
  X(int32_t, clReleaseCommandQueue, (void *))                                  \
  X(void *, clCreateProgramWithSource,                                         \
    (void *, uint32_t, const char **, const size_t *, int32_t *))              \
  X(int32_t, clBuildProgram,                                                   \
    (void *, uint32_t, void *const *, const char *, void *, void *))           \
  X(int32_t, clReleaseProgram, (void *))                                       \
  X(void *, clCreateKernel, (void *, const char *, int32_t *))                 \
  X(int32_t, clReleaseKernel, (void *))                                        \
  X(int32_t, clSetKernelArg, (void *, uint32_t, size_t, const void *))         \
  X(int32_t, clSetKernelArgSVMPointer, (void *, uint32_t, const void *))       \
  X(void *, clSVMAlloc, (void *, uint64_t, size_t, uint32_t))                  \
  X(void, clSVMFree, (void *, void *))                                         \
  X(int32_t, clEnqueueSVMMemcpy,                                               \
    (void *, uint32_t, void *, const void *, size_t, uint32_t, void *,         \
     void *))                                                                  \
  X(int32_t, clEnqueueNDRangeKernel,                                           \
    (void *, void *, uint32_t, const size_t *, const size_t *, const size_t *, \
     uint32_t, void *, void *))                                                \
  X(int32_t, clFinish, (void *))

#define UPCONV_RT_DECLARE(result, name, parameters) result(*name) parameters;
typedef struct {
  UPCONV_RT_OPENCL_FUNCTIONS(UPCONV_RT_DECLARE)
} upconv_rt_opencl;
#undef UPCONV_RT_DECLARE

#endif // UPCONV_LIB_RUNTIME_OPENCL_H
