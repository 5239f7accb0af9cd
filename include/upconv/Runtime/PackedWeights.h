//===- PackedWeights.h - What stands before packed weights ----------------===//
//
// Shared by the tool, which writes files of packed weights, and by the
// libraries, which check and make them. Little-endian, as every target is.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_RUNTIME_PACKEDWEIGHTS_H
#define UPCONV_RUNTIME_PACKEDWEIGHTS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// "upconvW1", read as a number.
#define UPCONV_RT_WEIGHTS_MAGIC UINT64_C(0x3157766e6f637075)

/// The first 64 bytes; the values follow, as the kernels read them.
typedef struct {
  uint64_t magic;
  /// Hash of the recipe that packs a library's variables; 0 in a file of
  /// external weights, which is known by its content.
  uint64_t layout;
  /// Bytes, these 64 included.
  uint64_t size;
  /// upconv_rt_hash of everything behind the stamp.
  uint64_t content;
  uint64_t zero[4];
} upconv_rt_stamp;

/// A hash against mix-ups and damage, not against malice: FNV-1a on 64-bit
/// words (the last one filled up with zeros), with the upper half folded down
/// after each product. Never 0.
static inline uint64_t upconv_rt_hash(const void *data, size_t size) {
  const unsigned char *bytes = (const unsigned char *)data;
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t at = 0; at < size; at += 8) {
    uint64_t word = 0;
    if (size - at >= 8)
      __builtin_memcpy(&word, bytes + at, 8);
    else
      for (size_t i = 0; i < size - at; ++i)
        word |= (uint64_t)bytes[at + i] << 8 * i;
    hash = (hash ^ word) * UINT64_C(0x100000001b3);
    hash ^= hash >> 32;
  }
  return hash ? hash : 1;
}

/// A float32 as bfloat16, rounded to nearest, ties to even; a NaN stays one.
static inline uint16_t upconv_rt_bfloat16(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return (uint16_t)((bits | 0x00400000u) >> 16);
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/// Most loops of one block of the words that upconv_rt_pack follows:
///
///   used, VARIABLE * used         the variables that must be there
///   ranges, RANGE * ranges
///   RANGE:  offset                of its first float, behind the stamp
///           source                a variable, or -1
///           start                 without a source: every value at first
///           flags                 1: folds add their shift; 2: the values are
///                                 stored as bfloat16
///           folds, FOLD * folds   batch normalizations, in order
///           blocks, BLOCK * blocks
///   FOLD:   gamma, beta, mean, variance, the bits of epsilon (a double);
///           variables, or -1 for 1, 0, 0, 1
///   BLOCK:  to, from, channel     positions of the first element: in the
///                                 range (in values of 4 or 2 bytes), in the
///                                 source, among the channels
///           terms, distance * terms
///                                 what is summed: source[from + distance]
///           loops, LOOP * loops   outermost first
///   LOOP:   count, and the steps of to, from and channel
///
/// What no block writes is zero.
#define UPCONV_RT_PACK_RANK 6

#ifdef __cplusplus
}
#endif

#endif // UPCONV_RUNTIME_PACKEDWEIGHTS_H
