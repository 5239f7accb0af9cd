//===- Runtime.h - What is linked into a generated library ----------------===//
//
// The few functions that the emitted calling sequence leans on. They are C,
// compiled to bitcode once per triple when upconv is built (RuntimeBitcode.h),
// linked into each library's calling sequence and made internal there: a
// library shows none of these names and shares nothing with its neighbours.
//
// The C library is used for memset, memcpy, mmap, munmap, threads and the files
// that tell a container's limits; test/Integration/undefined-symbols.txt is the
// whole list.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_RUNTIME_RUNTIME_H
#define UPCONV_RUNTIME_RUNTIME_H

#include "upconv/Runtime/PackedWeights.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The values of `<name>_status`, in every library.
enum {
  UPCONV_RT_OK = 0,
  UPCONV_RT_INVALID_ARGUMENT = 1,
  UPCONV_RT_INVALID_EXTENT = 2,
  UPCONV_RT_OVERFLOW = 3,
  UPCONV_RT_WORKSPACE_TOO_SMALL = 4,
  UPCONV_RT_WORKSPACE_MISALIGNED = 5,
  UPCONV_RT_OUT_OF_MEMORY = 6,
  UPCONV_RT_UNSUPPORTED_CPU = 7,
  UPCONV_RT_INTERNAL = 8,
  UPCONV_RT_INVALID_WEIGHTS = 9
};

/// Most threads that one run uses, the caller's included.
#define UPCONV_RT_MAX_THREADS 256
/// Most arguments of a kernel: buffers, scalars and the task window.
#define UPCONV_RT_MAX_ARGUMENTS 64
/// Highest rank of a padded tensor.
#define UPCONV_RT_MAX_RANK 8
/// Alignment of a workspace, bytes.
#define UPCONV_RT_WORKSPACE_ALIGNMENT 64
/// A window is given at least this many multiply-adds: 2.6 us of one core at
/// 100 Gflop/s, to stay above the cost of waking a thread (estimated, not
/// measured).
#define UPCONV_RT_WORK_PER_WINDOW ((int64_t)1 << 17)

typedef void upconv_rt_body(void *context, int index);
typedef void upconv_rt_parallel_for(void *user, int count, upconv_rt_body *body,
                                    void *context);

/// `<name>_options`. Only a caller's first `struct_size` bytes are read. The
/// last field is there only where the weights are not inside the library.
typedef struct {
  size_t struct_size;
  void *workspace;
  size_t workspace_size;
  int threads;
  upconv_rt_parallel_for *parallel_for;
  void *user;
  const void *weights;
} upconv_rt_options;

/// `<name>_info`: what a host needs that has not seen the library's header. The
/// arrays are in the order of `json`'s ports and extents; with no run-time
/// extents `extents` may be null.
typedef struct {
  size_t struct_size;
  const char *upconv_version;
  const char *model;
  const char *json;
  int (*prepare)(void);
  int (*call)(const float *const *inputs, const int64_t *extents,
              float *const *outputs, const upconv_rt_options *options);
  int (*sizes)(const int64_t *extents, int threads, size_t *workspace_size,
               int64_t *output_shapes);
  const char *(*extents_error)(const int64_t *extents);
  const char *(*status_string)(int status);
  size_t packed_size; ///< bytes of packed weights; 0: they are inside
  int (*check_weights)(const void *packed, size_t size);    ///< null: inside
  int (*pack)(const float *const *variables, void *packed); ///< or null
} upconv_rt_info;

typedef struct upconv_rt_run upconv_rt_run;
/// The emitted steps of a model; returns a status.
typedef int upconv_rt_steps(void *context, void *workspace, upconv_rt_run *run);
/// `NAME_argv` of a kernel (KernelSpec.h).
typedef int upconv_rt_kernel(void **arguments);

/// Checks the options, finds a workspace of `workspace_size` bytes, calls
/// `steps` and gives everything back. `work`: multiply-adds of all windowed
/// launches, or negative if unknown; below `thread_work` the run makes no
/// threads of its own (the host's parallel_for is used all the same).
int upconv_rt_execute(const upconv_rt_options *options, int64_t workspace_size,
                      int64_t work, int64_t thread_work, upconv_rt_steps *steps,
                      void *context);

/// Calls `kernel` for all of [0, extent), in windows that are multiples of
/// `grain` but for the last, which takes the rest. A thread's window is cut
/// further into blocks of `block`, a multiple of `grain`, whose data stay in a
/// cache; 0: it is not. `arguments[window]` and `[window + 1]` are filled in
/// here with the bounds. `work`: multiply-adds, or negative if unknown, which
/// counts as plenty. Returns a status.
int upconv_rt_launch(upconv_rt_run *run, upconv_rt_kernel *kernel,
                     void **arguments, int count, int window, int64_t extent,
                     int64_t grain, int64_t block, int64_t work);

/// The options of a run whose steps are timed, for libraries made to be timed
/// (LibraryPlan::tracesSteps). Behind what every run is told stands who wants
/// to know; `key` tells it from options of a later version, which are longer
/// too.
typedef struct {
  upconv_rt_options options; ///< `struct_size` is that of the whole
  uint64_t key;              ///< UPCONV_RT_TRACED
  /// Called on the caller's thread before each step, numbered from 0, and
  /// behind the last with their number.
  void (*at)(void *context, int64_t step);
  void *context;
} upconv_rt_traced_options;
#define UPCONV_RT_TRACED UINT64_C(0x3b9d27c1e85f604a)

/// Calls `at` if that is what the options are.
void upconv_rt_trace(const upconv_rt_options *options, int64_t step);

/// Whether `packed`, of `size` bytes, is what `expected` describes: its stamp
/// and the hash of all values. `expected->content` 0 means any content.
int upconv_rt_check_weights(const void *packed, size_t size,
                            const upconv_rt_stamp *expected);
/// The values behind `options->weights`, after a look at their stamp.
int upconv_rt_find_weights(const upconv_rt_options *options,
                           const upconv_rt_stamp *expected,
                           const void **values);

/// Packs variables by the words of PackedWeights.h and stamps the result, which
/// is aligned to 64 bytes and of `expected->size`. Allocates nothing.
int upconv_rt_pack(const int64_t *words, const upconv_rt_stamp *expected,
                   const float *const *variables, void *packed);

/// Writes zero to every element of [-low, shape + high) outside [0, shape).
/// `tensor` addresses element (0, ..., 0); strides in elements.
void upconv_rt_zero_margins(float *tensor, int rank, const int64_t *shape,
                            const int64_t *strides, const int64_t *low,
                            const int64_t *high);

/// Bits of the processor features that a library may require.
enum {
  UPCONV_RT_SSE41 = 1 << 0,
  UPCONV_RT_AVX = 1 << 1,
  UPCONV_RT_AVX2 = 1 << 2,
  UPCONV_RT_FMA = 1 << 3,
  UPCONV_RT_F16C = 1 << 4,
  UPCONV_RT_AVX512F = 1 << 5,
  UPCONV_RT_AVX512DQ = 1 << 6,
  UPCONV_RT_AVX512BW = 1 << 7,
  UPCONV_RT_AVX512VL = 1 << 8,
  UPCONV_RT_AVX512CD = 1 << 9,
  UPCONV_RT_POPCNT = 1 << 10,
  UPCONV_RT_BMI = 1 << 11,
  UPCONV_RT_BMI2 = 1 << 12,
  UPCONV_RT_LZCNT = 1 << 13,
  UPCONV_RT_MOVBE = 1 << 14,
  UPCONV_RT_AVX512IFMA = 1 << 15,
  UPCONV_RT_AVX512VBMI = 1 << 16,
  UPCONV_RT_AVX512VBMI2 = 1 << 17,
  UPCONV_RT_AVX512BITALG = 1 << 18,
  UPCONV_RT_AVX512VPOPCNTDQ = 1 << 19,
  UPCONV_RT_AVX512VNNI = 1 << 20,
  UPCONV_RT_AVX512BF16 = 1 << 21,
  UPCONV_RT_AVX512FP16 = 1 << 22,
  UPCONV_RT_AVXVNNI = 1 << 23,
  UPCONV_RT_GFNI = 1 << 24,
  UPCONV_RT_VAES = 1 << 25,
  UPCONV_RT_VPCLMULQDQ = 1 << 26,
  UPCONV_RT_AMX_TILE = 1 << 27,
  UPCONV_RT_AMX_BF16 = 1 << 28
};

/// What this processor has and the system saves: an OR of the bits above; zero
/// on anything but x86-64.
uint32_t upconv_rt_cpu_features(void);
/// Whether all of `required` are there. Asks the processor once: cpuid traps in
/// a virtual machine. If they are and AMX is among them, asks the system for
/// its tile registers, once too. Any number of threads may ask at once.
int upconv_rt_cpu_supports(uint32_t required);
/// Asks the system to let this process use AMX's tile registers, all its
/// threads, from now on. Zero where it does not, or not yet existed.
int upconv_rt_permit_tiles(void);

/// `<name>_prepare`: the processor check, and a first look at the limits of the
/// container, so that no run has to open a file.
int upconv_rt_prepare(uint32_t required);

/// Cores that this thread may run on, after the container's limit; at least 1.
int upconv_rt_available_cores(void);
/// Whole cores that the cgroup's quota pays for, rounded up; 0 without a limit.
/// The arguments are "/proc/self/cgroup" and "/sys/fs/cgroup", but for tests.
int upconv_rt_cpu_quota(const char *membership, const char *mount);

/// A sentence for a status; never null.
const char *upconv_rt_status_string(int status);

#ifdef __cplusplus
}
#endif

#endif // UPCONV_RUNTIME_RUNTIME_H
