/* Three libraries in one program, two of them made from one model. Arguments:
 * Z PICTURES AUDIO SAMPLES, raw float32. Status 1 if a number is wrong. */

#include "first.h"
#include "second.h"
#include "third.h"

#define HEADER "first.h"
#define NAME first
#define UPPER FIRST
#include "program.h"

int main(int argc, char **argv) {
  size_t z_count, picture_count, audio_count, sample_count;
  if (argc != 5)
    return 2;
  float *z = read_floats(argv[1], &z_count);
  float *pictures = read_floats(argv[2], &picture_count);
  float *audio = read_floats(argv[3], &audio_count);
  float *samples = read_floats(argv[4], &sample_count);
  float *out1 = (float *)calloc(picture_count, sizeof(float));
  float *out2 = (float *)calloc(picture_count, sizeof(float));
  float *out3 = (float *)calloc(sample_count, sizeof(float));
  first_inputs inputs1 = {0};
  second_inputs inputs2 = {0};
  third_inputs inputs3 = {0};
  first_outputs outputs1 = {0};
  second_outputs outputs2 = {0};
  third_outputs outputs3 = {0};
  if (z_count != FIRST_Z_COUNT || picture_count != FIRST_IMAGE_COUNT ||
      audio_count != THIRD_AUDIO_COUNT || sample_count != THIRD_SAMPLES_COUNT)
    return 2;
  inputs1.z = z;
  inputs2.z = z;
  inputs3.audio = audio;
  outputs1.image = out1;
  outputs2.image = out2;
  outputs3.samples = out3;
  if (first_prepare() != 0 || second_prepare() != 0 || third_prepare() != 0)
    return 2;
  /* One with a workspace of ours, two with their defaults: own memory and
   * threads. */
  first_options options = {0};
  options.struct_size = sizeof options;
  options.workspace_size = FIRST_WORKSPACE_SIZE;
  options.workspace = workspace_of(FIRST_WORKSPACE_SIZE);
  options.threads = 1;
  if (third_run(&inputs3, &outputs3, NULL) != 0 ||
      first_run(&inputs1, &outputs1, &options) != 0 ||
      second_run(&inputs2, &outputs2, NULL) != 0)
    return 2;
  double error1 = relative_error(out1, pictures, picture_count);
  double error2 = relative_error(out2, pictures, picture_count);
  double error3 = relative_error(out3, samples, sample_count);
  printf("%.3e %.3e %.3e\n", error1, error2, error3);
  return error1 <= 1e-5 && error2 <= 1e-5 && error3 <= 1e-5 ? 0 : 1;
}
