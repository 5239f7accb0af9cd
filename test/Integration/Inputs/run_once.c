/* Runs the library once: run_once INPUT EXPECTED; prints the relative error
 * norm; status 1 if it is over 1e-5. */

#include "program.h"

int main(int argc, char **argv) {
  size_t input_count, output_count;
  if (argc != 3)
    return 2;
  float *input = read_floats(argv[1], &input_count);
  float *expected = read_floats(argv[2], &output_count);
  float *output = (float *)calloc(output_count, sizeof(float));
  F(_inputs) inputs = {0};
  F(_outputs) outputs = {0};
  F(_options) options = {0};
  inputs.INPUT = input;
  outputs.OUTPUT = output;
  EXTENTS
  options.struct_size = sizeof options;
  options.workspace_size = WORKSPACE_BYTES(&inputs);
  options.workspace = workspace_of(options.workspace_size);
  options.threads = 1;
  int status = F(_prepare)();
  if (status == 0)
    status = F(_run)(&inputs, &outputs, &options);
  if (status != 0) {
    fprintf(stderr, "%s\n", F(_status_string)((F(_status))status));
    return 2;
  }
  double error = relative_error(output, expected, output_count);
  printf("%.3e\n", error);
  return error <= 1e-5 ? 0 : 1;
}
