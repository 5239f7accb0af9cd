/* Prints the statuses of prepare, of two runs of the library `one`, and, after
 * a release, of one more. The outputs are not looked at. */

#include "one.h"

#include <stdio.h>

static float input[ONE_INPUT_COUNT], output[ONE_LAYER_COUNT];

int main(void) {
  one_inputs inputs = {input};
  one_outputs outputs = {output};
  int prepared = one_prepare();
  int first = one_run(&inputs, &outputs, NULL);
  int second = one_run(&inputs, &outputs, NULL);
  one_release();
  int third = one_run(&inputs, &outputs, NULL);
  one_release();
  printf("%d %d %d %d\n", prepared, first, second, third);
  return one_status_string((one_status)first) == NULL;
}
