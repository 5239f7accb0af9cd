/* Runs a library whose packed weights lie in a file: external_weights WEIGHTS
 * INPUT EXPECTED. The output must be EXPECTED bit for bit; weights that are
 * missing, misaligned, damaged or of the wrong size must be a status. Status
 * 10 + n: the n-th expectation failed. */

#include "program.h"

#include <string.h>

#define REFUSED JOIN(UPPER, _INVALID_WEIGHTS)
#define EXPECT(number, condition)                                              \
  if (!(condition))                                                            \
    return 10 + number

int main(int argc, char **argv) {
  size_t input_count, output_count, weights_count;
  if (argc != 4)
    return 2;
  char *file = (char *)read_floats(argv[1], &weights_count);
  float *input = read_floats(argv[2], &input_count);
  float *expected = read_floats(argv[3], &output_count);
  float *output = (float *)calloc(output_count, sizeof(float));
  size_t size = JOIN(UPPER, _PACKED_SIZE);
  char *weights = (char *)workspace_of(size + 64);
  F(_inputs) inputs = {0};
  F(_outputs) outputs = {0};
  F(_options) options = {0};
  EXPECT(0, weights_count * sizeof(float) == size);
  memcpy(weights, file, size);
  inputs.INPUT = input;
  outputs.OUTPUT = output;
  EXTENTS
  options.struct_size = sizeof options;
  options.workspace_size = WORKSPACE_BYTES(&inputs);
  options.workspace = workspace_of(options.workspace_size);
  options.threads = 1;

  EXPECT(1, F(_prepare)(NULL, 0) == 0);
  EXPECT(2, F(_prepare)(weights, size) == 0);
  EXPECT(3, F(_prepare)(weights, size - 4) == REFUSED);
  EXPECT(4, F(_run)(&inputs, &outputs, &options) == REFUSED);
  EXPECT(5, F(_run)(&inputs, &outputs, NULL) == REFUSED);
  options.weights = weights;
  EXPECT(6, F(_run)(&inputs, &outputs, &options) == 0);
  if (memcmp(output, expected, output_count * sizeof(float)) != 0) {
    fprintf(stderr, "%.3e\n", relative_error(output, expected, output_count));
    return 1;
  }

  weights[size - 1] ^= 1; /* one bit of the last value */
  EXPECT(7, F(_prepare)(weights, size) == REFUSED);
  weights[size - 1] ^= 1;
  weights[24] ^= 1; /* the stamp of another model */
  EXPECT(8, F(_run)(&inputs, &outputs, &options) == REFUSED);
  weights[24] ^= 1;
  memmove(weights + 4, weights, size);
  options.weights = weights + 4;
  EXPECT(9, F(_prepare)(weights + 4, size) == REFUSED);
  EXPECT(10, F(_run)(&inputs, &outputs, &options) == REFUSED);
  return 0;
}
