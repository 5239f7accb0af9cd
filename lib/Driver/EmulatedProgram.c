/* EmulatedProgram.c - one run of a library on another processor.
 *
 * The tool compiles this text with a cross compiler, together with a library and
 * its header (-DHEADER=..., -DNAME=..., -DTAKES_WEIGHTS where they are not inside), and
 * runs it under an emulator. EmulatedRun.cpp is the other end of both streams:
 * 64-bit integers, least significant byte first, and byte strings behind their
 * length.
 *
 *   in   threads; extents: count, values; inputs: count, bytes each; outputs:
 *        count, rank each; packed weights: bytes; variables: count, bytes each
 *   out  message: bytes, empty if all went well; of each output its sizes and
 *        its bytes
 */

#include HEADER

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define F(name) JOIN(NAME, name)

#ifdef TAKES_WEIGHTS
enum { takes_weights = 1 };
#else
enum { takes_weights = 0 };
#endif

static void give_up(const char *message) {
  int64_t size = (int64_t)strlen(message);
  fwrite(&size, sizeof size, 1, stdout);
  fwrite(message, 1, (size_t)size, stdout);
  fflush(stdout);
  exit(0);
}

static void *memory(size_t bytes) {
  void *result = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!result)
    give_up("out of memory");
  return result;
}

static int64_t integer(void) {
  int64_t value = 0;
  if (fread(&value, sizeof value, 1, stdin) != 1 || value < 0)
    give_up("the request ends early");
  return value;
}

static void *bytes(int64_t *size) {
  *size = integer();
  void *data = memory((size_t)*size);
  if (fread(data, 1, (size_t)*size, stdin) != (size_t)*size)
    give_up("the request ends early");
  return data;
}

static void check(int status) {
  if (status)
    give_up(F(_status_string)((F(_status))status));
}

/* A list of arrays; empty ones are NULL. */
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
  const F(_info) *info = F(_describe)();
  F(_options) options;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.threads = (int)integer();

  int64_t extent_count = integer();
  int64_t *extents = memory(sizeof *extents * (size_t)extent_count);
  for (int64_t i = 0; i < extent_count; ++i)
    extents[i] = integer();
  int64_t input_count, rank_sum = 0, packed_size, variable_count;
  const float **inputs = arrays(&input_count);
  int64_t output_count = integer();
  int64_t *ranks = memory(sizeof *ranks * (size_t)output_count);
  for (int64_t i = 0; i < output_count; ++i)
    rank_sum += ranks[i] = integer();
  void *packed = bytes(&packed_size);
  const float **variables = arrays(&variable_count);

  check(info->prepare());
  if (variable_count) {
    packed = memory(info->packed_size);
    packed_size = (int64_t)info->packed_size;
    check(info->pack(variables, packed));
  }
  if (takes_weights)
    check(info->check_weights(packed, (size_t)packed_size));
#ifdef TAKES_WEIGHTS
  options.weights = packed;
#endif

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

  int64_t none = 0;
  fwrite(&none, sizeof none, 1, stdout);
  size = sizes;
  for (int64_t i = 0; i < output_count; ++i) {
    fwrite(size, sizeof *size, (size_t)ranks[i], stdout);
    size += ranks[i];
    fwrite(&counts[i], sizeof counts[i], 1, stdout);
    fwrite(outputs[i], 1, (size_t)counts[i], stdout);
  }
  return fflush(stdout) ? 1 : 0;
}
