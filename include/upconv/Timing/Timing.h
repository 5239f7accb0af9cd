//===- Timing.h - What stands beside a timed run ------------------------===//
//
// The anchors of every roofline and the taking of turns, in C: compiled into
// the tool, and into the program that times candidates on another machine
// (lib/Programs), where nothing but a C library can be counted on.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_TIMING_TIMING_H
#define UPCONV_TIMING_TIMING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Seconds since some moment in the past.
double upconv_timing_now(void);

/// The register-only multiply-add loop that is fastest on this processor.
typedef struct {
  void (*run)(int64_t rounds); ///< null: the processor lacks the instructions
  int64_t flops;               ///< of one round
  double rounds_per_second;
} upconv_timing_peak;

/// Multiply-adds of one instruction of AMX, tdpbf16ps.
enum { UPCONV_TIMING_TILES = 16 * 16 * 32 };

/// Takes some milliseconds. `vector_floats`: 4 for SSE or NEON, 8 for AVX2, 16
/// for AVX-512, UPCONV_TIMING_TILES for AMX; `fma` 0 means multiplications and
/// additions in pairs.
upconv_timing_peak upconv_timing_find_peak(int64_t vector_floats, int fma);
/// GFLOP/s of one thread, from a run of about `seconds`; 0 without a loop.
double upconv_timing_peak_gflops(const upconv_timing_peak *peak,
                                 double seconds);

typedef struct {
  double read_gbs, write_gbs;
} upconv_timing_bandwidth;
/// The best of plain, non-temporal and huge-page loops over `bytes`.
upconv_timing_bandwidth upconv_timing_measure_bandwidth(int64_t bytes);

/// Cores that this process may use.
int upconv_timing_cores(void);
/// CPU model, cores, caches on one line, of the first core that this process
/// may use: they differ on some machines.
void upconv_timing_describe_machine(char *text, size_t size);

/// Small integers, so that every order of summation gives the same bits.
void upconv_timing_fill_input(float *values, int64_t count);
/// Up to the sign of zero; a NaN equals a NaN.
int upconv_timing_same_values(const float *left, const float *right,
                              int64_t count);
/// Of subjects that share an output: keeps the first one's in `wanted`, and
/// says whether a later one's is the same. Leaves NaNs behind, for the next one
/// to write all of it.
int upconv_timing_check_output(float *wanted, float *output, int64_t count,
                               int is_first);

/// Most times that one subject is recorded.
#define UPCONV_TIMING_MOST_ROUNDS 10000
/// After so many it may be given up.
#define UPCONV_TIMING_EARLY_ROUNDS 3

/// What is timed by turns: all functions take `context` and the subject's
/// number. The first one is what the others are held against.
typedef struct {
  void *context;
  int64_t subjects;
  void (*begin)(void *context, int64_t subject); ///< of a turn; may be null
  void (*run)(void *context, int64_t subject);
  int (*agrees)(void *context, int64_t subject); ///< after its first runs
  /// Seconds of a run, and GFLOP/s of one thread in the peak loop beside it.
  void (*record)(void *context, int64_t subject, double seconds, double gflops);
  double seconds; ///< of measuring, per subject
  double give_up; ///< leave one alone that is so many times slower; 0: do not
  int64_t vector_floats;
  int fma;
  /// Of what runs elsewhere, whose time no clock around `run` tells; null: it
  /// does. Seconds of a run, other subjects' traces in the caches not counted,
  /// and GFLOP/s of the device.
  double (*time)(void *context, int64_t subject);
  double (*peak)(void *context);
} upconv_timing_turns;

typedef struct {
  int agrees;   ///< one that does not is not timed
  int given_up; ///< it was too slow in its early rounds
  int64_t runs; ///< how often it was recorded
  double early_ratios[UPCONV_TIMING_EARLY_ROUNDS]; ///< to the first subject
} upconv_timing_outcome;

/// Every timed run stands beside a run of the multiply-add peak, and beside a
/// run of the first subject: clocks drift by a fifth within seconds, ratios of
/// neighbours do not. What is recorded of a subject in round i belongs to what
/// is recorded of the first one in round i.
void upconv_timing_take_turns(const upconv_timing_turns *turns,
                              upconv_timing_outcome *outcomes);

#ifdef __cplusplus
}
#endif

#endif // UPCONV_TIMING_TIMING_H
