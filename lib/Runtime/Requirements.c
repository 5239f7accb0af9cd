//===- Requirements.c - Does this processor run these kernels? ------------===//
//
// What the processor has, and of AMX what the system lets this process have, as
// one word that is found out once.
//
//===----------------------------------------------------------------------===//

#include "upconv/Runtime/Runtime.h"

#include <stdatomic.h>

// Beside the features. Every thread that asks finds the same; one that stores
// the word without what another asked has that asked again.
enum { ASKED_FOR_TILES = 1 << 29 };
static const uint32_t ASKED = 1u << 31;

static _Atomic uint32_t known_features;

int upconv_rt_cpu_supports(uint32_t required) {
  uint32_t have = atomic_load_explicit(&known_features, memory_order_relaxed);
  uint32_t before = have;
  if (!have)
    have = upconv_rt_cpu_features() | ASKED;
  if ((have & required) == required && (required & UPCONV_RT_AMX_TILE) &&
      !(have & ASKED_FOR_TILES)) {
    have |= ASKED_FOR_TILES;
    if (!upconv_rt_permit_tiles())
      have &= ~(uint32_t)UPCONV_RT_AMX_TILE;
  }
  if (have != before)
    atomic_store_explicit(&known_features, have, memory_order_relaxed);
  return (have & required) == required;
}

int upconv_rt_prepare(uint32_t required) {
  if (required && !upconv_rt_cpu_supports(required))
    return UPCONV_RT_UNSUPPORTED_CPU;
  upconv_rt_available_cores();
  return UPCONV_RT_OK;
}
