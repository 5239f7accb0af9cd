/* Runs the compiled generator on one latent vector after another, holds its
 * pictures against those that Keras computed, and times it.
 *
 *   demo Z.npy IMAGES.npy      float32 arrays: (n, 32) and (n, 32, 32, 3)
 *
 * Nothing but libgenerator.a is linked. See run_demo.sh for the commands. */

#define _POSIX_C_SOURCE 200112L

#include "generator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 2000 };

/* The values of a .npy file, version 1, float32, little endian. */
static float *read_npy(const char *path, size_t *count) {
  unsigned char head[10];
  FILE *file = fopen(path, "rb");
  float *values = malloc(1 << 20);
  if (!file || !values || fread(head, 1, 10, file) != 10 ||
      memcmp(head, "\x93NUMPY\x01", 7) != 0 ||
      fseek(file, 10 + head[8] + 256 * head[9], SEEK_SET) != 0) {
    fprintf(stderr, "demo: cannot read '%s'\n", path);
    exit(2);
  }
  *count = fread(values, sizeof(float), (1 << 20) / sizeof(float), file);
  fclose(file);
  return values;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void check(generator_status status) {
  if (status == 0)
    return;
  fprintf(stderr, "demo: %s\n", generator_status_string(status));
  exit(1);
}

int main(int argc, char **argv) {
  enum { LATENT = 32, PICTURE = 32 * 32 * 3 };
  static float picture[PICTURE];
  static double times[RUNS];
  size_t latents, expected_count, n, i;
  double difference = 0, norm = 0, error;
  if (argc != 3) {
    fprintf(stderr, "usage: demo Z.npy IMAGES.npy\n");
    return 2;
  }
  float *z = read_npy(argv[1], &latents);
  float *expected = read_npy(argv[2], &expected_count);
  latents /= LATENT;
  if (latents == 0 || expected_count != latents * PICTURE) {
    fprintf(stderr, "demo: the two files do not belong together\n");
    return 2;
  }

  generator_inputs inputs = {0};
  generator_outputs outputs = {0};
  generator_options options = {0};
  inputs.z_batch = 1;
  outputs.image = picture;

  /* One workspace, reused by every run: no allocation after this. */
  size_t size = (size_t)generator_workspace_size(&inputs, 1);
  char *memory = malloc(size + 64);
  if (!memory)
    return 2;
  options.struct_size = sizeof options;
  options.workspace = memory + (64 - (size_t)memory % 64) % 64;
  options.workspace_size = size;
  options.threads = 1;

  check(generator_prepare());
  for (n = 0; n < latents; ++n) {
    inputs.z = z + n * LATENT;
    check(generator_run(&inputs, &outputs, &options));
    for (i = 0; i < PICTURE; ++i) {
      double e = expected[n * PICTURE + i], d = picture[i] - e;
      difference += d * d;
      norm += e * e;
    }
  }
  error = sqrt(difference / norm);

  for (i = 0; i < RUNS; ++i) {
    double start = seconds();
    check(generator_run(&inputs, &outputs, &options));
    times[i] = seconds() - start;
  }
  qsort(times, RUNS, sizeof times[0], ascending);

  printf("relative error norm against Keras: %.2e (at most 1e-5)\n", error);
  printf("median time of %d runs, one thread: %.1f us\n", RUNS,
         1e6 * times[RUNS / 2]);
  free(memory);
  free(expected);
  free(z);
  return error <= 1e-5 ? 0 : 1;
}
