/* Packs a model's variables and runs it: packed_weights VARIABLES INPUT
 * EXPECTED, where VARIABLES holds all of them one after the other and COUNTS
 * their sizes. The output must be EXPECTED bit for bit, and packing must not
 * allocate. Status 10 + n: the n-th expectation failed. */

#include "program.h"

#include <string.h>

#define EXPECT(number, condition)                                              \
  if (!(condition))                                                            \
    return 10 + number

static volatile int armed;
extern void *__libc_malloc(size_t);

void *malloc(size_t size) {
  if (armed)
    exit(3);
  return __libc_malloc(size);
}

int main(int argc, char **argv) {
  static const size_t counts[] = {COUNTS};
  size_t input_count, output_count, variable_count, i;
  if (argc != 4)
    return 2;
  float *values = read_floats(argv[1], &variable_count);
  float *input = read_floats(argv[2], &input_count);
  float *expected = read_floats(argv[3], &output_count);
  float *output = (float *)calloc(output_count, sizeof(float));
  const float *fields[sizeof counts / sizeof counts[0]];
  size_t size = JOIN(UPPER, _PACKED_SIZE);
  char *packed = (char *)workspace_of(size);
  F(_weights) weights;
  F(_inputs) inputs = {0};
  F(_outputs) outputs = {0};
  F(_options) options = {0};
  for (i = 0; i < sizeof counts / sizeof counts[0]; ++i) {
    fields[i] = values;
    values += counts[i];
  }
  EXPECT(0, sizeof weights == sizeof fields);
  memcpy(&weights, fields, sizeof fields);
  inputs.INPUT = input;
  outputs.OUTPUT = output;
  EXTENTS
  options.struct_size = sizeof options;
  options.workspace_size = WORKSPACE_BYTES(&inputs);
  options.workspace = workspace_of(options.workspace_size);
  options.threads = 1;
  options.weights = packed;

  EXPECT(1, F(_prepare)(NULL, 0) == 0);
  EXPECT(2, F(_pack)(NULL, packed) == JOIN(UPPER, _INVALID_ARGUMENT));
  EXPECT(3, F(_pack)(&weights, packed + 4) == JOIN(UPPER, _INVALID_ARGUMENT));
  armed = 1;
  EXPECT(4, F(_pack)(&weights, packed) == 0);
  armed = 0;
  EXPECT(5, F(_prepare)(packed, size) == 0);
  EXPECT(6, F(_run)(&inputs, &outputs, &options) == 0);
  if (memcmp(output, expected, output_count * sizeof(float)) != 0) {
    fprintf(stderr, "%.3e\n", relative_error(output, expected, output_count));
    return 1;
  }
  packed[8] ^= 1; /* the recipe of another library */
  EXPECT(7, F(_run)(&inputs, &outputs, &options) ==
                JOIN(UPPER, _INVALID_WEIGHTS));
  memset(&weights, 0, sizeof weights);
  EXPECT(8, F(_pack)(&weights, packed) == JOIN(UPPER, _INVALID_ARGUMENT));
  return 0;
}
