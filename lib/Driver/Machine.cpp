//===- Machine.cpp - What this processor can reach ------------------------===//
//
// The anchors of every roofline. A multiply-add loop holds its operands in
// registers, so the only limits are the units and their latency; a bandwidth
// loop does nothing but move vectors. Several forms of each are tried, because
// a form that is not the best makes every kernel look better than it is.
//
//===----------------------------------------------------------------------===//

#include "upconv/Driver/Machine.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <fstream>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

namespace upconv {

using Clock = std::chrono::steady_clock;

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

//===----------------------------------------------------------------------===//
// Multiply-add peak
//===----------------------------------------------------------------------===//

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
      asm volatile("" : "+" CONSTRAINT(acc[i]));                               \
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

namespace {
struct PeakLoop {
  void (*run)(int64_t rounds);
  int accumulators;
};
} // namespace

/// The loop forms for a width; none if this processor lacks the instructions.
static std::vector<PeakLoop> peakLoops(int64_t vectorFloats, bool fma) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool hasFma = __builtin_cpu_supports("fma");
  if (vectorFloats == 4 && fma && hasFma)
    return {{fused4x8, 8}, {fused4x12, 12}, {fused4x14, 14}};
  if (vectorFloats == 4 && !fma)
    return {{separate4x8, 8}, {separate4x12, 12}, {separate4x14, 14}};
  if (vectorFloats == 8 && fma && hasFma && __builtin_cpu_supports("avx2"))
    return {{fused8x8, 8}, {fused8x10, 10}, {fused8x12, 12}, {fused8x14, 14}};
  if (vectorFloats == 8 && !fma && __builtin_cpu_supports("avx"))
    return {{separate8x8, 8}, {separate8x12, 12}, {separate8x14, 14}};
  if (vectorFloats == 16 && __builtin_cpu_supports("avx512vl")) {
    if (!fma)
      return {{separate16x16, 16}, {separate16x24, 24}};
    return {{fused16x8, 8},
            {fused16x10, 10},
            {fused16x12, 12},
            {fused16x16, 16},
            {fused16x24, 24}};
  }
#elif defined(__aarch64__)
  if (vectorFloats == 4 && fma)
    return {{fused4x8, 8}, {fused4x16, 16}, {fused4x24, 24}};
  if (vectorFloats == 4)
    return {{separate4x16, 16}, {separate4x24, 24}};
#endif
  return {};
}

static double timeLoop(const PeakLoop &loop, int64_t rounds) {
  Clock::time_point start = Clock::now();
  loop.run(rounds);
  return secondsSince(start);
}

namespace {
/// The best form for a width and its speed, found once per process.
struct PeakForm {
  PeakLoop loop{};
  double roundsPerSecond = 0;
};
} // namespace

static PeakForm calibratePeak(int64_t vectorFloats, bool fma) {
  PeakForm best;
  std::vector<PeakLoop> loops = peakLoops(vectorFloats, fma);
  if (loops.empty())
    return best;
  // Wide units are powered up after some tens of microseconds, and the clock
  // settles after that: a few milliseconds of work first.
  const int64_t rounds = 20000;
  for (Clock::time_point start = Clock::now(); secondsSince(start) < 4e-3;)
    loops.back().run(rounds);
  for (int repeat = 0; repeat < 12; ++repeat)
    for (const PeakLoop &loop : loops) {
      double speed = rounds / timeLoop(loop, rounds);
      if (speed * loop.accumulators >
          best.roundsPerSecond * best.loop.accumulators)
        best = {loop, speed};
    }
  return best;
}

double measurePeakGflops(int64_t vectorFloats, bool fma, double seconds) {
  static std::mutex mutex;
  static std::map<std::pair<int64_t, bool>, PeakForm> forms;
  PeakForm form;
  {
    std::lock_guard<std::mutex> lock(mutex);
    auto [it, isNew] = forms.try_emplace({vectorFloats, fma});
    if (isNew)
      it->second = calibratePeak(vectorFloats, fma);
    form = it->second;
  }
  if (!form.loop.run)
    return 0;
  // Pieces, of which the best counts: one interruption of a microsecond must
  // not lower the anchor, a clock that drifts over milliseconds must.
  const int pieces = 4;
  int64_t rounds =
      std::max<int64_t>(1000, int64_t(form.roundsPerSecond * seconds / pieces));
  double shortest = timeLoop(form.loop, rounds);
  for (int piece = 1; piece < pieces; ++piece)
    shortest = std::min(shortest, timeLoop(form.loop, rounds));
  return 2e-9 * vectorFloats * form.loop.accumulators * rounds / shortest;
}

//===----------------------------------------------------------------------===//
// Bandwidth
//===----------------------------------------------------------------------===//

/// Loops over whole blocks of 512 bytes. A read sums into eight vectors, one
/// stream or four at once (each stream has a hardware prefetcher of its own).
#define READ_LOOP(NAME, ATTRIBUTE, VECTOR, STREAMS, DISTANCE)                  \
  ATTRIBUTE static void NAME(char *memory, int64_t bytes) {                    \
    constexpr int vectors = 512 / sizeof(VECTOR), lanes = 8;                   \
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
    constexpr int vectors = 512 / sizeof(VECTOR);                              \
    VECTOR value = addend - (VECTOR){};                                        \
    for (int64_t offset = 0; offset + 512 <= bytes; offset += 512) {           \
      VECTOR *to = (VECTOR *)(memory + offset);                                \
      _Pragma("unroll") for (int i = 0; i < vectors; ++i)                      \
          STORE(value, to + i);                                                \
    }                                                                          \
    asm volatile("" ::"r"(memory) : "memory");                                 \
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

namespace {
using MemoryLoop = void (*)(char *memory, int64_t bytes);

struct MemoryLoops {
  std::vector<MemoryLoop> reads, writes;
};

/// A mapping of its own, so that the advice on pages concerns nothing else.
class Mapping {
public:
  Mapping(int64_t bytes, bool huge) : bytes(bytes + hugePage) {
    void *mapped = mmap(nullptr, this->bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
      return;
    base = static_cast<char *>(mapped);
    madvise(base, this->bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    uintptr_t address = reinterpret_cast<uintptr_t>(base);
    start = base + ((hugePage - address % hugePage) % hugePage);
    std::memset(start, 0, bytes);
  }
  ~Mapping() {
    if (base)
      munmap(base, bytes);
  }
  Mapping(const Mapping &) = delete;
  Mapping &operator=(const Mapping &) = delete;

  char *data() const { return start; }

private:
  static constexpr int64_t hugePage = 2 << 20;
  int64_t bytes;
  char *base = nullptr, *start = nullptr;
};
} // namespace

static MemoryLoops memoryLoops() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f"))
    return {{read16, readAhead16, readStreams16}, {write16, stream16}};
  if (__builtin_cpu_supports("avx"))
    return {{read8, readAhead8, readStreams8}, {write8, stream8}};
#endif
  return {{read4, readAhead4, readStreams4}, {write4, stream4}};
}

/// Bytes per second of the fastest of several passes. Small working sets are
/// passed over many times within one timing.
static double bestRate(MemoryLoop loop, char *memory, int64_t bytes) {
  const int64_t perTiming = 4 << 20;
  int64_t passes = std::max<int64_t>(1, perTiming / bytes);
  double best = 0, spent = 0;
  if (passes > 1)
    loop(memory, bytes);
  for (int timing = 0; timing < 2 || (timing < 20 && spent < 5e-3); ++timing) {
    Clock::time_point start = Clock::now();
    for (int64_t pass = 0; pass < passes; ++pass)
      loop(memory, bytes);
    double seconds = secondsSince(start);
    spent += seconds;
    best = std::max(best, double(bytes) * passes / seconds);
  }
  return best;
}

Bandwidth measureBandwidth(int64_t bytes) {
  // Beyond the last-level cache the size no longer matters, and a test of a
  // large layer should not need twice its memory.
  const int64_t largest = 256 << 20, smallest = 4 << 10;
  int64_t measured = std::clamp(bytes, smallest, largest) / 2048 * 2048;
  MemoryLoops loops = memoryLoops();
  Bandwidth result{bytes, 0, 0};
  for (bool huge : {false, true}) {
    Mapping mapping(measured, huge);
    if (!mapping.data())
      continue;
    for (MemoryLoop loop : loops.reads)
      result.readGbs = std::max(
          result.readGbs, 1e-9 * bestRate(loop, mapping.data(), measured));
    for (MemoryLoop loop : loops.writes)
      result.writeGbs = std::max(
          result.writeGbs, 1e-9 * bestRate(loop, mapping.data(), measured));
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Description
//===----------------------------------------------------------------------===//

static std::string firstLine(const std::string &path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// "Intel(R) Xeon(R) Processor", or the implementer and part on AArch64, where
/// the kernel knows no name.
static std::string processorName() {
  std::ifstream file("/proc/cpuinfo");
  std::string implementer, part;
  for (std::string line; std::getline(file, line);) {
    size_t colon = line.find(": ");
    if (colon == std::string::npos)
      continue;
    std::string value = line.substr(colon + 2);
    if (line.compare(0, 10, "model name") == 0)
      return value;
    if (line.compare(0, 15, "CPU implementer") == 0)
      implementer = value;
    if (line.compare(0, 8, "CPU part") == 0)
      part = value;
  }
  if (!part.empty())
    return "processor " + implementer + "/" + part;
  return "unknown processor";
}

/// "L1 32 KiB, L2 1024 KiB, L3 33 MiB" of the first core.
static std::string cacheSizes() {
  std::string result;
  for (int index = 0; index < 8; ++index) {
    std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" +
                         std::to_string(index) + "/";
    std::string type = firstLine(folder + "type");
    std::string size = firstLine(folder + "size"); // "32K"
    if (type.empty() || type == "Instruction" || size.empty())
      continue;
    long kib = std::strtol(size.c_str(), nullptr, 10);
    bool mib = kib >= 1024 && kib % 1024 == 0;
    result += ", L" + firstLine(folder + "level") + " " +
              std::to_string(mib ? kib / 1024 : kib) + (mib ? " MiB" : " KiB");
  }
  return result;
}

std::string describeMachine() {
  cpu_set_t set;
  int cores = sched_getaffinity(0, sizeof(set), &set) == 0
                  ? CPU_COUNT(&set)
                  : int(sysconf(_SC_NPROCESSORS_ONLN));
  return processorName() + ", " + std::to_string(cores) +
         (cores == 1 ? " core" : " cores") + cacheSizes();
}

} // namespace upconv
