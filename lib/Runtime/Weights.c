//===- Weights.c - Are these the packed weights of this library? ----------===//
//
// prepare reads all of them once; a run looks at the stamp in front of them,
// which a file of another library, or of another model, does not have.
//
//===----------------------------------------------------------------------===//

#include "upconv/Runtime/Runtime.h"

// Whether the stamp is the one that this library expects.
static int has_stamp(const void *packed, const upconv_rt_stamp *expected) {
  const upconv_rt_stamp *stamp = packed;
  return packed && (uintptr_t)packed % UPCONV_RT_WORKSPACE_ALIGNMENT == 0 &&
         stamp->magic == expected->magic && stamp->layout == expected->layout &&
         stamp->size == expected->size &&
         (!expected->content || stamp->content == expected->content);
}

int upconv_rt_check_weights(const void *packed, size_t size,
                            const upconv_rt_stamp *expected) {
  if (size != expected->size || !has_stamp(packed, expected))
    return UPCONV_RT_INVALID_WEIGHTS;
  const upconv_rt_stamp *stamp = packed;
  return upconv_rt_hash(stamp + 1, size - sizeof *stamp) == stamp->content
             ? UPCONV_RT_OK
             : UPCONV_RT_INVALID_WEIGHTS;
}

int upconv_rt_find_weights(const upconv_rt_options *options,
                           const upconv_rt_stamp *expected,
                           const void **values) {
  if (!options)
    return UPCONV_RT_INVALID_WEIGHTS;
  if (options->struct_size < sizeof *options)
    return UPCONV_RT_INVALID_ARGUMENT;
  if (!has_stamp(options->weights, expected))
    return UPCONV_RT_INVALID_WEIGHTS;
  *values = (const upconv_rt_stamp *)options->weights + 1;
  return UPCONV_RT_OK;
}
