//===- Streams.h - A program's ends of both streams -----------------------===//
//
// FieldWriter and FieldReader (upconv/Support/Worker.h) in C: 64-bit integers,
// least significant byte first, and byte strings behind their length.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_PROGRAMS_STREAMS_H
#define UPCONV_LIB_PROGRAMS_STREAMS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void put_integer(int64_t value) {
  fwrite(&value, sizeof value, 1, stdout);
}

static inline void put_bytes(const void *data, size_t size) {
  put_integer((int64_t)size);
  fwrite(data, 1, size, stdout);
}

/// What every answer begins with; empty if all went well.
static inline void put_message(const char *message) {
  put_bytes(message, strlen(message));
}

static inline void give_up(const char *message) {
  put_message(message);
  fflush(stdout);
  exit(0);
}

static inline void *memory(size_t bytes) {
  void *result = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!result)
    give_up("out of memory");
  return result;
}

static inline int64_t integer(void) {
  int64_t value = 0;
  if (fread(&value, sizeof value, 1, stdin) != 1 || value < 0)
    give_up("the request ends early");
  return value;
}

static inline void *bytes(int64_t *size) {
  *size = integer();
  void *data = memory((size_t)*size);
  if (fread(data, 1, (size_t)*size, stdin) != (size_t)*size)
    give_up("the request ends early");
  return data;
}

/// A count, and as many integers.
static inline int64_t *integers(int64_t *count) {
  *count = integer();
  int64_t *values = memory(sizeof *values * (size_t)*count);
  for (int64_t i = 0; i < *count; ++i)
    values[i] = integer();
  return values;
}

#endif // UPCONV_LIB_PROGRAMS_STREAMS_H
