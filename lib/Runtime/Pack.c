//===- Pack.c - Keras's variables to packed weights -----------------------===//
//
// Walks the words that the tool wrote (PackedWeights.h). The arithmetic is that
// of EvaluateWeights.cpp, double precision rounded once, operation by
// operation, so that the results are the same bits.
//
//===----------------------------------------------------------------------===//

#include "System.h"

#include "upconv/Runtime/Runtime.h"

/// What all elements of one range of packed weights have in common.
typedef struct {
  const float *const *variables;
  const float *source;
  double start;
  int64_t adds, rounds, fold_count;
  const int64_t *folds;
} range;

static int64_t next(const int64_t **words) { return *(*words)++; }

static double variable_or(const range *r, int64_t variable, int64_t channel,
                          double otherwise) {
  return variable < 0 ? otherwise : (double)r->variables[variable][channel];
}

static double fold(const range *r, double value, int64_t channel) {
  const int64_t *words = r->folds;
  for (int64_t i = 0; i < r->fold_count; ++i) {
    double gamma = variable_or(r, next(&words), channel, 1);
    double beta = variable_or(r, next(&words), channel, 0);
    double mean = variable_or(r, next(&words), channel, 0);
    double variance = variable_or(r, next(&words), channel, 1);
    double epsilon;
    memcpy(&epsilon, words++, sizeof epsilon);
    double scale = gamma / __builtin_sqrt(variance + epsilon);
    value *= scale;
    if (r->adds)
      value += beta - mean * scale;
  }
  return value;
}

/// Value number `index` behind `values`, of 4 bytes or, rounded, of 2.
static void store(const range *r, float *values, int64_t index, float value) {
  if (!r->rounds) {
    values[index] = value;
    return;
  }
  uint16_t rounded = upconv_rt_bfloat16(value);
  memcpy((char *)values + index * 2, &rounded, sizeof rounded);
}

static const int64_t *pack_block(const range *r, const int64_t *words,
                                 float *values) {
  int64_t to = next(&words), from = next(&words), channel = next(&words),
          terms = next(&words);
  const int64_t *distances = words;
  words += terms;
  int64_t rank = next(&words);
  const int64_t *loops = words;
  int64_t index[UPCONV_RT_PACK_RANK] = {0};
  for (;;) {
    double value = r->start;
    for (int64_t term = 0; term < terms; ++term)
      value += (double)r->source[from + distances[term]];
    store(r, values, to, (float)fold(r, value, channel));
    // The last loop is the innermost.
    int64_t depth = rank;
    for (; depth > 0; --depth) {
      const int64_t *loop = loops + 4 * (depth - 1);
      to += loop[1];
      from += loop[2];
      channel += loop[3];
      if (++index[depth - 1] < loop[0])
        break;
      to -= loop[0] * loop[1];
      from -= loop[0] * loop[2];
      channel -= loop[0] * loop[3];
      index[depth - 1] = 0;
    }
    if (depth == 0)
      return loops + 4 * rank;
  }
}

int upconv_rt_pack(const int64_t *words, const upconv_rt_stamp *expected,
                   const float *const *variables, void *packed) {
  if (!variables || !packed ||
      (uintptr_t)packed % UPCONV_RT_WORKSPACE_ALIGNMENT)
    return UPCONV_RT_INVALID_ARGUMENT;
  for (int64_t used = next(&words); used > 0; --used) {
    const float *variable = variables[next(&words)];
    if (!variable || (uintptr_t)variable % sizeof(float))
      return UPCONV_RT_INVALID_ARGUMENT;
  }
  memset(packed, 0, expected->size);
  upconv_rt_stamp *stamp = packed;
  float *values = (float *)(stamp + 1);
  for (int64_t ranges = next(&words); ranges > 0; --ranges) {
    float *to = values + next(&words);
    int64_t source = next(&words);
    range r = {.variables = variables};
    r.source = source < 0 ? NULL : variables[source];
    // Minus zero is what every number survives being added to.
    int64_t start = next(&words);
    r.start = source < 0 ? (double)start : -0.0;
    int64_t flags = next(&words);
    r.adds = flags & 1;
    r.rounds = flags & 2;
    r.fold_count = next(&words);
    r.folds = words;
    words += 5 * r.fold_count;
    for (int64_t blocks = next(&words); blocks > 0; --blocks)
      words = pack_block(&r, words, to);
  }
  *stamp = *expected;
  stamp->content = upconv_rt_hash(values, expected->size - sizeof *stamp);
  return UPCONV_RT_OK;
}
