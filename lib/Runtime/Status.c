//===- Status.c - Sentences for statuses ----------------------------------===//

#include "upconv/Runtime/Runtime.h"

const char *upconv_rt_status_string(int status) {
  switch (status) {
  case UPCONV_RT_OK:
    return "success";
  case UPCONV_RT_INVALID_ARGUMENT:
    return "an argument is invalid: a null or misaligned input or output, an "
           "options structure of the wrong size, or a negative number of "
           "threads";
  case UPCONV_RT_INVALID_EXTENT:
    return "a run-time extent is out of range: it is below 1, or the model "
           "does "
           "not accept this combination of extents";
  case UPCONV_RT_OVERFLOW:
    return "a size that follows from the run-time extents does not fit its "
           "integer type";
  case UPCONV_RT_WORKSPACE_TOO_SMALL:
    return "the workspace is smaller than the model needs";
  case UPCONV_RT_WORKSPACE_MISALIGNED:
    return "the workspace is not aligned to 64 bytes";
  case UPCONV_RT_OUT_OF_MEMORY:
    return "there is no memory for the workspace";
  case UPCONV_RT_UNSUPPORTED_CPU:
    return "this processor lacks instructions that the library was compiled "
           "for, or the system does not let this process use them";
  case UPCONV_RT_INTERNAL:
    return "internal error: a kernel failed, or the host's parallel_for did "
           "not "
           "run every index";
  case UPCONV_RT_INVALID_WEIGHTS:
    return "the packed weights are missing, not aligned to 64 bytes, damaged, "
           "or not those of this library";
  }
  return "unknown status";
}
