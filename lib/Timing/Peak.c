//===- Peak.c - Multiply-adds per second ----------------------------------===//
//
// A multiply-add loop holds its operands in registers, so the only limits are
// the units and their latency. Several forms are tried, because one that is not
// the best makes every kernel look better than it is.
//
//===----------------------------------------------------------------------===//

#include "upconv/Timing/Timing.h"

#include <time.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

double upconv_timing_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef float Vector4 __attribute__((vector_size(16)));
typedef float Vector8 __attribute__((vector_size(32)));
typedef float Vector16 __attribute__((vector_size(64)));

/// Values that the optimiser cannot see. x -> x * 0.5 + 1 stays in [1, 2].
static volatile float factor = 0.5f, addend = 1.0f;
static volatile float sink;

/// One loop form: runs `rounds` rounds of ACCUMULATORS independent
/// multiply-adds on vectors. The empty asm makes the starting values unknown,
/// and so the chains distinct; without fast-math the compiler must then keep
/// each as it is written.
#define PEAK_LOOP(NAME, ATTRIBUTE, VECTOR, ACCUMULATORS, CONSTRAINT, STEP)     \
  ATTRIBUTE static void NAME(int64_t rounds) {                                 \
    _Pragma("clang fp contract(off)") VECTOR m = factor - (VECTOR){};          \
    VECTOR b = addend - (VECTOR){}, acc[ACCUMULATORS];                         \
    _Pragma("unroll") for (int i = 0; i < ACCUMULATORS; ++i) {                 \
      acc[i] = b;                                                              \
      __asm__ volatile("" : "+" CONSTRAINT(acc[i]));                           \
    }                                                                          \
    for (int64_t round = 0; round < rounds; ++round) {                         \
      _Pragma("unroll") for (int i = 0; i < ACCUMULATORS; ++i) {               \
        acc[i] = STEP;                                                         \
      }                                                                        \
    }                                                                          \
    _Pragma("unroll") for (int i = 1; i < ACCUMULATORS; ++i) acc[0] += acc[i]; \
    sink = acc[0][0];                                                          \
  }

#define FUSED __builtin_elementwise_fma(acc[i], m, b)
#define SEPARATE acc[i] * m + b

#if defined(__x86_64__)
#define WITH(FEATURES) __attribute__((target(FEATURES), noinline))
// AVX512VL only for the sum at the end, which would otherwise keep the compiler
// from using zmm16 to zmm31. 16 registers: m and b take two. Two units of
// latency 4 want 8; the others cover longer latencies (mul, then add: twice as
// long).
PEAK_LOOP(separate4x8, WITH("sse4.1"), Vector4, 8, "x", SEPARATE)
PEAK_LOOP(separate4x12, WITH("sse4.1"), Vector4, 12, "x", SEPARATE)
PEAK_LOOP(separate4x14, WITH("sse4.1"), Vector4, 14, "x", SEPARATE)
PEAK_LOOP(separate8x8, WITH("avx"), Vector8, 8, "x", SEPARATE)
PEAK_LOOP(separate8x12, WITH("avx"), Vector8, 12, "x", SEPARATE)
PEAK_LOOP(separate8x14, WITH("avx"), Vector8, 14, "x", SEPARATE)
PEAK_LOOP(separate16x16, WITH("avx512f,avx512vl"), Vector16, 16, "v", SEPARATE)
PEAK_LOOP(separate16x24, WITH("avx512f,avx512vl"), Vector16, 24, "v", SEPARATE)
PEAK_LOOP(fused4x8, WITH("fma"), Vector4, 8, "x", FUSED)
PEAK_LOOP(fused4x12, WITH("fma"), Vector4, 12, "x", FUSED)
PEAK_LOOP(fused4x14, WITH("fma"), Vector4, 14, "x", FUSED)
PEAK_LOOP(fused8x8, WITH("avx2,fma"), Vector8, 8, "x", FUSED)
PEAK_LOOP(fused8x10, WITH("avx2,fma"), Vector8, 10, "x", FUSED)
PEAK_LOOP(fused8x12, WITH("avx2,fma"), Vector8, 12, "x", FUSED)
PEAK_LOOP(fused8x14, WITH("avx2,fma"), Vector8, 14, "x", FUSED)
PEAK_LOOP(fused16x8, WITH("avx512f,avx512vl"), Vector16, 8, "v", FUSED)
PEAK_LOOP(fused16x10, WITH("avx512f,avx512vl"), Vector16, 10, "v", FUSED)
PEAK_LOOP(fused16x12, WITH("avx512f,avx512vl"), Vector16, 12, "v", FUSED)
PEAK_LOOP(fused16x16, WITH("avx512f,avx512vl"), Vector16, 16, "v", FUSED)
PEAK_LOOP(fused16x24, WITH("avx512f,avx512vl"), Vector16, 24, "v", FUSED)
#elif defined(__aarch64__)
#define WITH(FEATURES) __attribute__((noinline))
// Up to four units of latency 4.
PEAK_LOOP(separate4x16, WITH(""), Vector4, 16, "w", SEPARATE)
PEAK_LOOP(separate4x24, WITH(""), Vector4, 24, "w", SEPARATE)
PEAK_LOOP(fused4x8, WITH(""), Vector4, 8, "w", FUSED)
PEAK_LOOP(fused4x16, WITH(""), Vector4, 16, "w", FUSED)
PEAK_LOOP(fused4x24, WITH(""), Vector4, 24, "w", FUSED)
#endif

#if defined(__x86_64__)
/// One loop form of AMX: products into four registers of sums, or six, with
/// operands in two others. Zeros take as long as any numbers.
#define TILE(NUMBER) "tdpbf16ps %%tmm7, %%tmm6, %%tmm" #NUMBER "\n"
#define TILE_LOOP(NAME, PRODUCTS)                                              \
  static void NAME(int64_t rounds) {                                           \
    configure_tiles();                                                         \
    for (int64_t round = 0; round < rounds; ++round)                           \
      __asm__ volatile(PRODUCTS : :);                                          \
    __asm__ volatile("tilerelease");                                           \
  }

/// Eight registers of 16 rows of 64 bytes, which are zeros then.
static void configure_tiles(void) {
  uint8_t setting[64] __attribute__((aligned(64))) = {1};
  for (int tile = 0; tile < 8; ++tile) {
    setting[16 + 2 * tile] = 64;
    setting[48 + tile] = 16;
  }
  __asm__ volatile("ldtilecfg %0" : : "m"(setting));
}

TILE_LOOP(tiles4, TILE(0) TILE(1) TILE(2) TILE(3))
TILE_LOOP(tiles6, TILE(0) TILE(1) TILE(2) TILE(3) TILE(4) TILE(5))

/// The system has to be asked, once and for the whole process.
static int has_tiles(void) {
  const long request_permission = 0x1023, tile_data = 18;
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d >> 22 & d >> 24 & 1))
    return 0;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}
#endif

/// A loop form for vectors of so many floats.
typedef struct {
  int64_t vector_floats;
  int fma;
  int accumulators;
  void (*run)(int64_t rounds);
} Form;

static const Form forms[] = {
#if defined(__x86_64__)
    {4, 1, 8, fused4x8},
    {4, 1, 12, fused4x12},
    {4, 1, 14, fused4x14},
    {4, 0, 8, separate4x8},
    {4, 0, 12, separate4x12},
    {4, 0, 14, separate4x14},
    {8, 1, 8, fused8x8},
    {8, 1, 10, fused8x10},
    {8, 1, 12, fused8x12},
    {8, 1, 14, fused8x14},
    {8, 0, 8, separate8x8},
    {8, 0, 12, separate8x12},
    {8, 0, 14, separate8x14},
    {16, 1, 8, fused16x8},
    {16, 1, 10, fused16x10},
    {16, 1, 12, fused16x12},
    {16, 1, 16, fused16x16},
    {16, 1, 24, fused16x24},
    {16, 0, 16, separate16x16},
    {16, 0, 24, separate16x24},
    {UPCONV_TIMING_TILES, 1, 4, tiles4},
    {UPCONV_TIMING_TILES, 1, 6, tiles6},
#elif defined(__aarch64__)
    {4, 1, 8, fused4x8},      {4, 1, 16, fused4x16},    {4, 1, 24, fused4x24},
    {4, 0, 16, separate4x16}, {4, 0, 24, separate4x24},
#endif
};
enum { formCount = sizeof forms / sizeof forms[0] };

static int fits(const Form *form, int64_t vector_floats, int fma) {
  if (form->vector_floats != vector_floats || form->fma != (fma != 0))
    return 0;
#if defined(__x86_64__)
  if (vector_floats == UPCONV_TIMING_TILES)
    return has_tiles();
  __builtin_cpu_init();
  if (vector_floats == 4)
    return !fma || __builtin_cpu_supports("fma");
  if (vector_floats == 8)
    return fma ? __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2")
               : __builtin_cpu_supports("avx");
  return __builtin_cpu_supports("avx512vl");
#else
  return 1;
#endif
}

static double seconds_of(const Form *form, int64_t rounds) {
  double start = upconv_timing_now();
  form->run(rounds);
  return upconv_timing_now() - start;
}

upconv_timing_peak upconv_timing_find_peak(int64_t vector_floats, int fma) {
  upconv_timing_peak best = {NULL, 0, 0};
  const Form *widest = NULL;
  for (int i = 0; i < formCount; ++i)
    if (fits(&forms[i], vector_floats, fma))
      widest = &forms[i];
  if (!widest)
    return best;
  // Wide units are powered up after some tens of microseconds, and the clock
  // settles after that: a few milliseconds of work first.
  const int64_t rounds = 20000;
  for (double start = upconv_timing_now(); upconv_timing_now() - start < 4e-3;)
    widest->run(rounds);
  for (int repeat = 0; repeat < 12; ++repeat)
    for (int i = 0; i < formCount; ++i) {
      const Form *form = &forms[i];
      if (!fits(form, vector_floats, fma))
        continue;
      double speed = (double)rounds / seconds_of(form, rounds);
      int64_t flops = 2 * vector_floats * form->accumulators;
      if (speed * (double)flops > best.rounds_per_second * (double)best.flops) {
        best.run = form->run;
        best.flops = flops;
        best.rounds_per_second = speed;
      }
    }
  return best;
}

double upconv_timing_peak_gflops(const upconv_timing_peak *peak,
                                 double seconds) {
  if (!peak->run)
    return 0;
  // Pieces, of which the best counts: one interruption of a microsecond must
  // not lower the anchor, a clock that drifts over milliseconds must.
  const int pieces = 4;
  int64_t rounds = (int64_t)(peak->rounds_per_second * seconds / pieces);
  if (rounds < 1000)
    rounds = 1000;
  double shortest = 0;
  for (int piece = 0; piece < pieces; ++piece) {
    double start = upconv_timing_now();
    peak->run(rounds);
    double spent = upconv_timing_now() - start;
    if (piece == 0 || spent < shortest)
      shortest = spent;
  }
  return 1e-9 * (double)peak->flops * (double)rounds / shortest;
}
