//===- Processor.c - What this processor has ------------------------------===//
//
// cpuid says what the processor has, xgetbv whether the system saves the wide
// registers; both are needed. Written out here because libgcc's helper would be
// one more thing to link, with a constructor of its own.
//
//===----------------------------------------------------------------------===//

#include "upconv/Runtime/Runtime.h"

#if defined(__x86_64__)

typedef struct {
  uint32_t a, b, c, d;
} registers;

static registers cpuid(uint32_t leaf, uint32_t subleaf) {
  registers r;
  __asm__ volatile("cpuid"
                   : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
                   : "a"(leaf), "c"(subleaf));
  return r;
}

static uint32_t saved_registers(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static uint32_t bit(uint32_t word, int index, uint32_t feature) {
  return word >> index & 1 ? feature : 0;
}

static uint32_t avx512_features(registers seven, registers more) {
  return bit(seven.b, 16, UPCONV_RT_AVX512F) |
         bit(seven.b, 17, UPCONV_RT_AVX512DQ) |
         bit(seven.b, 21, UPCONV_RT_AVX512IFMA) |
         bit(seven.b, 28, UPCONV_RT_AVX512CD) |
         bit(seven.b, 30, UPCONV_RT_AVX512BW) |
         bit(seven.b, 31, UPCONV_RT_AVX512VL) |
         bit(seven.c, 1, UPCONV_RT_AVX512VBMI) |
         bit(seven.c, 6, UPCONV_RT_AVX512VBMI2) |
         bit(seven.c, 11, UPCONV_RT_AVX512VNNI) |
         bit(seven.c, 12, UPCONV_RT_AVX512BITALG) |
         bit(seven.c, 14, UPCONV_RT_AVX512VPOPCNTDQ) |
         bit(seven.d, 23, UPCONV_RT_AVX512FP16) |
         bit(more.a, 5, UPCONV_RT_AVX512BF16);
}

uint32_t upconv_rt_cpu_features(void) {
  uint32_t highest = cpuid(0, 0).a;
  registers one = cpuid(1, 0);
  uint32_t have = bit(one.c, 19, UPCONV_RT_SSE41) |
                  bit(one.c, 22, UPCONV_RT_MOVBE) |
                  bit(one.c, 23, UPCONV_RT_POPCNT);
  if (cpuid(0x80000000u, 0).a >= 0x80000001u)
    have |= bit(cpuid(0x80000001u, 0).c, 5, UPCONV_RT_LZCNT);

  // XCR0: bits 1 and 2 are xmm and ymm; 5, 6 and 7 masks and zmm.
  int has_xgetbv = one.c >> 27 & 1;
  uint32_t saved = has_xgetbv ? saved_registers() : 0;
  int ymm = (saved & 0x6) == 0x6, zmm = (saved & 0xe6) == 0xe6;
  if (ymm)
    have |= bit(one.c, 28, UPCONV_RT_AVX) | bit(one.c, 12, UPCONV_RT_FMA) |
            bit(one.c, 29, UPCONV_RT_F16C);
  if (highest < 7)
    return have;
  registers seven = cpuid(7, 0);
  registers more = seven.a >= 1 ? cpuid(7, 1) : (registers){0, 0, 0, 0};
  have |= bit(seven.b, 3, UPCONV_RT_BMI) | bit(seven.b, 8, UPCONV_RT_BMI2) |
          bit(seven.c, 8, UPCONV_RT_GFNI);
  if (ymm)
    have |= bit(seven.b, 5, UPCONV_RT_AVX2) | bit(seven.c, 9, UPCONV_RT_VAES) |
            bit(seven.c, 10, UPCONV_RT_VPCLMULQDQ) |
            bit(more.a, 4, UPCONV_RT_AVXVNNI);
  if (zmm)
    have |= avx512_features(seven, more);
  // Bits 17 and 18: the tiles' shapes and the tiles.
  if ((saved & 0x60000) == 0x60000)
    have |= bit(seven.d, 24, UPCONV_RT_AMX_TILE) |
            bit(seven.d, 22, UPCONV_RT_AMX_BF16);
  return have;
}

#else

uint32_t upconv_rt_cpu_features(void) { return 0; }

#endif
