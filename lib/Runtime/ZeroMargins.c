//===- ZeroMargins.c - The zeros around a padded tensor -------------------===//
//
// A consumer that pads reads its producer's margins instead of testing bounds;
// they are zeroed before each run's first reader, and nothing else is touched.
//
//===----------------------------------------------------------------------===//

#include "System.h"

#include "upconv/Runtime/Runtime.h"

typedef struct {
  int rank;
  const int64_t *shape, *strides, *low, *high;
  int64_t padded[UPCONV_RT_MAX_RANK]; // low + shape + high
  // The padded box of dimensions d, d + 1, ... is one range of memory of so
  // many elements; 0 if it is not.
  int64_t dense[UPCONV_RT_MAX_RANK + 1];
} margins;

// Zeroes the whole padded box of dimensions `dim` and inward; `at` addresses
// its element (0, ..., 0).
static void fill(const margins *m, int dim, float *at) {
  if (dim == m->rank) {
    *at = 0.0f;
    return;
  }
  if (m->dense[dim]) {
    for (int d = dim; d < m->rank; ++d)
      at -= m->low[d] * m->strides[d];
    memset(at, 0, (size_t)m->dense[dim] * sizeof(float));
    return;
  }
  for (int64_t i = -m->low[dim]; i < m->shape[dim] + m->high[dim]; ++i)
    fill(m, dim + 1, at + i * m->strides[dim]);
}

// Positions [from, to) of dimension `dim`, full boxes.
static void fill_slab(const margins *m, int dim, float *at, int64_t from,
                      int64_t to) {
  if (from >= to)
    return;
  if (m->dense[dim + 1] && m->strides[dim] == m->dense[dim + 1]) {
    at += from * m->strides[dim];
    for (int d = dim + 1; d < m->rank; ++d)
      at -= m->low[d] * m->strides[d];
    memset(at, 0, (size_t)((to - from) * m->strides[dim]) * sizeof(float));
    return;
  }
  for (int64_t i = from; i < to; ++i)
    fill(m, dim + 1, at + i * m->strides[dim]);
}

static int has_margin(const margins *m, int dim) {
  for (; dim < m->rank; ++dim)
    if (m->low[dim] || m->high[dim])
      return 1;
  return 0;
}

static void visit(const margins *m, int dim, float *at) {
  if (!has_margin(m, dim))
    return;
  fill_slab(m, dim, at, -m->low[dim], 0);
  fill_slab(m, dim, at, m->shape[dim], m->shape[dim] + m->high[dim]);
  if (!has_margin(m, dim + 1))
    return;
  for (int64_t i = 0; i < m->shape[dim]; ++i)
    visit(m, dim + 1, at + i * m->strides[dim]);
}

void upconv_rt_zero_margins(float *tensor, int rank, const int64_t *shape,
                            const int64_t *strides, const int64_t *low,
                            const int64_t *high) {
  margins m = {.rank = rank,
               .shape = shape,
               .strides = strides,
               .low = low,
               .high = high};
  m.dense[rank] = 1;
  for (int d = rank - 1; d >= 0; --d) {
    m.padded[d] = low[d] + shape[d] + high[d];
    int dense = m.dense[d + 1] && (strides[d] == m.dense[d + 1]);
    m.dense[d] = dense ? m.padded[d] * strides[d] : 0;
  }
  visit(&m, 0, tensor);
}
