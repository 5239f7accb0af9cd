//===- Trace.c - A run that tells where it is -----------------------------===//
//
// Only a library whose plan asks for it calls this (LibraryPlan::tracesSteps):
// linked into no other.
//
//===----------------------------------------------------------------------===//

#include "upconv/Runtime/Runtime.h"

void upconv_rt_trace(const upconv_rt_options *options, int64_t step) {
  const upconv_rt_traced_options *traced =
      (const upconv_rt_traced_options *)options;
  if (options && options->struct_size == sizeof *traced &&
      traced->key == UPCONV_RT_TRACED)
    traced->at(traced->context, step);
}
