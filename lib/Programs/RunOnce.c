//===- RunOnce.c - One run of a library on another processor --------------===//
//
// What an emulator is given for `run` and `verify`; EmulatedRun.cpp is the
// other end of both streams.
//
//   in   threads; extents: count, values; inputs: count, bytes each; outputs:
//        count, rank each; packed weights: bytes; variables: count, bytes each
//   out  message: bytes, empty if all went well; of each output its sizes and
//        its bytes
//
//===----------------------------------------------------------------------===//

#include "Libraries.h"
#include "Streams.h"

static const upconv_rt_info *info;

static void check(int status) {
  if (status)
    give_up(info->status_string(status));
}

// A list of arrays; empty ones are null.
static const float **arrays(int64_t *count) {
  *count = integer();
  const float **list = memory(sizeof *list * (size_t)*count);
  for (int64_t i = 0; i < *count; ++i) {
    int64_t size;
    list[i] = bytes(&size);
    if (size == 0)
      list[i] = NULL;
  }
  return list;
}

int main(void) {
  info = upconv_libraries[0]();
  upconv_rt_options options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.threads = (int)integer();

  int64_t extent_count, input_count, output_count;
  int64_t rank_sum = 0, packed_size, variable_count;
  int64_t *extents = integers(&extent_count);
  const float **inputs = arrays(&input_count);
  int64_t *ranks = integers(&output_count);
  for (int64_t i = 0; i < output_count; ++i)
    rank_sum += ranks[i];
  void *packed = bytes(&packed_size);
  const float **variables = arrays(&variable_count);

  check(info->prepare());
  if (variable_count) {
    packed = memory(info->packed_size);
    packed_size = (int64_t)info->packed_size;
    check(info->pack(variables, packed));
  }
  if (info->packed_size) {
    check(info->check_weights(packed, (size_t)packed_size));
    options.weights = packed;
  }

  size_t workspace_size;
  int64_t *sizes = memory(sizeof *sizes * (size_t)rank_sum);
  int status = info->sizes(extents, options.threads, &workspace_size, sizes);
  const char *rule = status ? info->extents_error(extents) : NULL;
  if (rule)
    give_up(rule);
  check(status);
  options.workspace = memory(workspace_size);
  options.workspace_size = workspace_size;
  float **outputs = memory(sizeof *outputs * (size_t)output_count);
  int64_t *counts = memory(sizeof *counts * (size_t)output_count);
  const int64_t *size = sizes;
  for (int64_t i = 0; i < output_count; ++i) {
    counts[i] = sizeof(float);
    for (int64_t d = 0; d < ranks[i]; ++d)
      counts[i] *= *size++;
    outputs[i] = memory((size_t)counts[i]);
  }
  check(info->call(inputs, extents, outputs, &options));

  put_message("");
  size = sizes;
  for (int64_t i = 0; i < output_count; ++i) {
    fwrite(size, sizeof *size, (size_t)ranks[i], stdout);
    size += ranks[i];
    put_bytes(outputs[i], (size_t)counts[i]);
  }
  return fflush(stdout) ? 1 : 0;
}
