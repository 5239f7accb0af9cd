//===- Bandwidth.c - Bytes per second -------------------------------------===//
//
// A bandwidth loop does nothing but move vectors. Several forms are tried, as
// for the multiply-add peak.
//
//===----------------------------------------------------------------------===//

#include "upconv/Timing/Timing.h"

#include <string.h>
#include <sys/mman.h>

typedef float Vector4 __attribute__((vector_size(16)));
#if defined(__x86_64__)
typedef float Vector8 __attribute__((vector_size(32)));
typedef float Vector16 __attribute__((vector_size(64)));
#define WITH(FEATURES) __attribute__((target(FEATURES), noinline))
#endif

static volatile float written = 1.0f, sink;

/// Loops over whole blocks of 512 bytes. A read sums into eight vectors, one
/// stream or four at once (each stream has a hardware prefetcher of its own).
#define READ_LOOP(NAME, ATTRIBUTE, VECTOR, STREAMS, DISTANCE)                  \
  ATTRIBUTE static void NAME(char *memory, int64_t bytes) {                    \
    enum { vectors = 512 / sizeof(VECTOR), lanes = 8 };                        \
    VECTOR sum[lanes] = {};                                                    \
    int64_t part = bytes / STREAMS / 512 * 512;                                \
    for (int64_t offset = 0; offset < part; offset += 512)                     \
      _Pragma("unroll") for (int s = 0; s < STREAMS; ++s) {                    \
        const VECTOR *from = (const VECTOR *)(memory + s * part + offset);     \
        if (DISTANCE > 0)                                                      \
          _Pragma("unroll") for (int line = 0; line < 8; ++line)               \
              __builtin_prefetch((const char *)from + DISTANCE + line * 64);   \
        _Pragma("unroll") for (int i = 0; i < vectors; ++i) sum[i % lanes] +=  \
            from[i];                                                           \
      }                                                                        \
    _Pragma("unroll") for (int i = 1; i < lanes; ++i) sum[0] += sum[i];        \
    sink = sum[0][0];                                                          \
  }

#define WRITE_LOOP(NAME, ATTRIBUTE, VECTOR, STORE)                             \
  ATTRIBUTE static void NAME(char *memory, int64_t bytes) {                    \
    enum { vectors = 512 / sizeof(VECTOR) };                                   \
    VECTOR value = written - (VECTOR){};                                       \
    for (int64_t offset = 0; offset + 512 <= bytes; offset += 512) {           \
      VECTOR *to = (VECTOR *)(memory + offset);                                \
      _Pragma("unroll") for (int i = 0; i < vectors; ++i)                      \
          STORE(value, to + i);                                                \
    }                                                                          \
    __asm__ volatile("" ::"r"(memory) : "memory");                             \
  }
#define PLAIN_STORE(VALUE, TO) *(TO) = VALUE

#if defined(__x86_64__)
#define WIDTHS(FORM, NAME, ...)                                                \
  FORM(NAME##4, WITH("sse4.1"), Vector4, __VA_ARGS__)                          \
  FORM(NAME##8, WITH("avx"), Vector8, __VA_ARGS__)                             \
  FORM(NAME##16, WITH("avx512f"), Vector16, __VA_ARGS__)
#else
#define WIDTHS(FORM, NAME, ...)                                                \
  FORM(NAME##4, __attribute__((noinline)), Vector4, __VA_ARGS__)
#endif

WIDTHS(READ_LOOP, read, 1, 0)
WIDTHS(READ_LOOP, readAhead, 1, 1024)
WIDTHS(READ_LOOP, readStreams, 4, 0)
WIDTHS(WRITE_LOOP, write, PLAIN_STORE)
WIDTHS(WRITE_LOOP, stream, __builtin_nontemporal_store)

typedef void MemoryLoop(char *memory, int64_t bytes);

/// Bytes per second of the fastest of several passes. Small working sets are
/// passed over many times within one timing.
static double best_rate(MemoryLoop *loop, char *memory, int64_t bytes) {
  const int64_t per_timing = 4 << 20;
  int64_t passes = per_timing / bytes > 1 ? per_timing / bytes : 1;
  double best = 0, spent = 0;
  if (passes > 1)
    loop(memory, bytes);
  for (int timing = 0; timing < 2 || (timing < 20 && spent < 5e-3); ++timing) {
    double start = upconv_timing_now();
    for (int64_t pass = 0; pass < passes; ++pass)
      loop(memory, bytes);
    double seconds = upconv_timing_now() - start;
    spent += seconds;
    double rate = (double)bytes * (double)passes / seconds;
    best = rate > best ? rate : best;
  }
  return best;
}

static double best_of(MemoryLoop *const *loops, int count, char *memory,
                      int64_t bytes, double best) {
  for (int i = 0; i < count; ++i) {
    double gbs = 1e-9 * best_rate(loops[i], memory, bytes);
    best = gbs > best ? gbs : best;
  }
  return best;
}

upconv_timing_bandwidth upconv_timing_measure_bandwidth(int64_t bytes) {
  MemoryLoop *reads[] = {read4, readAhead4, readStreams4};
  MemoryLoop *writes[] = {write4, stream4};
#if defined(__x86_64__)
  MemoryLoop *reads8[] = {read8, readAhead8, readStreams8};
  MemoryLoop *writes8[] = {write8, stream8};
  MemoryLoop *reads16[] = {read16, readAhead16, readStreams16};
  MemoryLoop *writes16[] = {write16, stream16};
  __builtin_cpu_init();
  int wide = __builtin_cpu_supports("avx512f");
  if (wide || __builtin_cpu_supports("avx")) {
    memcpy(reads, wide ? reads16 : reads8, sizeof reads);
    memcpy(writes, wide ? writes16 : writes8, sizeof writes);
  }
#endif
  // Beyond the last-level cache the size no longer matters, and a test of a
  // large layer should not need twice its memory.
  const int64_t largest = 256 << 20, smallest = 4 << 10, huge_page = 2 << 20;
  int64_t measured = bytes < smallest  ? smallest
                     : bytes > largest ? largest
                                       : bytes / 2048 * 2048;
  upconv_timing_bandwidth result = {0, 0};
  for (int huge = 0; huge < 2; ++huge) {
    // A mapping of its own, so that the advice on pages concerns nothing else.
    size_t mapped = (size_t)(measured + huge_page);
    char *base = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
      continue;
    madvise(base, mapped, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    char *start =
        base + (huge_page - (int64_t)((uintptr_t)base % (uintptr_t)huge_page)) %
                   huge_page;
    memset(start, 0, (size_t)measured);
    result.read_gbs = best_of(reads, sizeof reads / sizeof reads[0], start,
                              measured, result.read_gbs);
    result.write_gbs = best_of(writes, sizeof writes / sizeof writes[0], start,
                               measured, result.write_gbs);
    munmap(base, mapped);
  }
  return result;
}
