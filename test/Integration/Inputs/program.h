/* For C programs that run any library. The model is told by macros:
 *
 *   HEADER   "generator.h"     NAME    generator     UPPER   GENERATOR
 *   INPUT    z                 OUTPUT  image
 *   EXTENTS  inputs.z_batch = 2;      where the model has run-time extents
 *
 * Data comes from files of raw float32. */

#ifndef UPCONV_TEST_PROGRAM_H
#define UPCONV_TEST_PROGRAM_H

#include HEADER

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define F(suffix) JOIN(NAME, suffix)

#ifndef EXTENTS
#define EXTENTS
#define WORKSPACE_BYTES(inputs) ((void)(inputs), JOIN(UPPER, _WORKSPACE_SIZE))
#else
#define WORKSPACE_BYTES(inputs) ((size_t)F(_workspace_size)((inputs), 1))
#endif

static inline float *read_floats(const char *path, size_t *count) {
  FILE *file = fopen(path, "rb");
  long size;
  float *values;
  if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) <= 0) {
    fprintf(stderr, "cannot read %s\n", path);
    exit(2);
  }
  rewind(file);
  *count = (size_t)size / sizeof(float);
  values = (float *)malloc((size_t)size);
  if (!values || fread(values, sizeof(float), *count, file) != *count)
    exit(2);
  fclose(file);
  return values;
}

static inline double relative_error(const float *actual, const float *expected,
                                    size_t count) {
  double difference = 0, norm = 0;
  size_t i;
  for (i = 0; i < count; ++i) {
    double e = expected[i], d = actual[i] - e;
    difference += d * d;
    norm += e * e;
  }
  return sqrt(difference / norm);
}

/* A block of `size` bytes, aligned as a workspace has to be; never freed. */
static inline void *workspace_of(size_t size) {
  char *memory = (char *)malloc(size + 64);
  if (!memory)
    exit(2);
  return memory + (64 - (size_t)memory % 64) % 64;
}

#endif
