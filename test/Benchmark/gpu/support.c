/* What would take Python too long: drawing numbers, and the layer in float64 at
 * some of its outputs, straight from the definition. */

#include <math.h>
#include <stdint.h>

enum { MOST_AXES = 3 };

/* One transposed convolution, outermost axis first. */
typedef struct {
  int64_t rank, batch, cin, cout, is_relu;
  int64_t in[MOST_AXES], out[MOST_AXES], kernel[MOST_AXES], stride[MOST_AXES],
      dilation[MOST_AXES], front[MOST_AXES]; /* crop in front */
} geometry;

/* splitmix64 of a counter. */
static uint64_t mix(uint64_t x) {
  x += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
  return x ^ x >> 31;
}

/* Multiples of scale / 2^23 in [-scale, scale). */
void draw(float *to, int64_t count, uint64_t seed, float scale) {
  for (int64_t i = 0; i < count; ++i) {
    int64_t bits = (int64_t)(mix(seed << 40 ^ (uint64_t)i) >> 40);
    to[i] = (float)(bits - (1 << 23)) * (scale / (1 << 23));
  }
}

/* One channel of one position: `at` is in the output. */
static double value_at(const geometry *g, const float *x, const float *kernel,
                       const float *bias, int64_t n, const int64_t *at,
                       int64_t channel) {
  int64_t taps = 1;
  double sum = 0;
  for (int64_t d = 0; d < g->rank; ++d)
    taps *= g->kernel[d];
  for (int64_t tap = 0; tap < taps; ++tap) {
    int64_t rest = tap, from = 0, below = 1, is_live = 1;
    for (int64_t d = g->rank - 1; d >= 0; --d) {
      int64_t k = rest % g->kernel[d];
      int64_t shifted = at[d] + g->front[d] - k * g->dilation[d];
      rest /= g->kernel[d];
      is_live &= shifted >= 0 && shifted % g->stride[d] == 0 &&
                 shifted / g->stride[d] < g->in[d];
      from += shifted / g->stride[d] * below;
      below *= g->in[d];
    }
    if (!is_live)
      continue;
    const float *pixel = x + (n * below + from) * g->cin;
    const float *weights = kernel + (tap * g->cout + channel) * g->cin;
    for (int64_t c = 0; c < g->cin; ++c)
      sum += (double)pixel[c] * weights[c];
  }
  sum += bias[channel];
  return g->is_relu && sum < 0 ? 0 : sum;
}

/* The index of an output: all of them where `samples` is as many, or else
 * drawn, every fourth coordinate from the first or last positions that a kernel
 * reaches over an edge. */
static int64_t pick(const geometry *g, int64_t sample, int64_t samples,
                    int64_t outputs, int64_t *n, int64_t *at,
                    int64_t *channel) {
  uint64_t bits = mix((uint64_t)sample);
  int64_t index = sample;
  if (samples < outputs) {
    index = (int64_t)(bits % (uint64_t)g->batch);
    for (int64_t d = 0; d < g->rank; ++d) {
      int64_t edge = (g->kernel[d] - 1) * g->dilation[d] + 1, where;
      bits = mix(bits);
      where = (int64_t)(bits >> 8) % g->out[d];
      if (bits % 4 == 0 && edge < g->out[d])
        where = where % edge;
      else if (bits % 4 == 1 && edge < g->out[d])
        where = g->out[d] - 1 - where % edge;
      index = index * g->out[d] + where;
    }
    index = index * g->cout + (int64_t)(mix(bits) % (uint64_t)g->cout);
  }
  int64_t whole = index / g->cout;
  *channel = index % g->cout;
  for (int64_t d = g->rank - 1; d >= 0; --d) {
    at[d] = whole % g->out[d];
    whole /= g->out[d];
  }
  *n = whole;
  return index;
}

/* The relative error norm over the samples; infinite if any value of all of `y`
 * is no number. */
double error_norm(const geometry *g, const float *x, const float *kernel,
                  const float *bias, const float *y, int64_t samples) {
  int64_t outputs = g->batch * g->cout;
  double difference = 0, norm = 0;
  for (int64_t d = 0; d < g->rank; ++d)
    outputs *= g->out[d];
  for (int64_t i = 0; i < outputs; ++i)
    if (!isfinite(y[i]))
      return INFINITY;
  if (samples > outputs)
    samples = outputs;
  for (int64_t i = 0; i < samples; ++i) {
    int64_t n, at[MOST_AXES], channel;
    int64_t index = pick(g, i, samples, outputs, &n, at, &channel);
    double wanted = value_at(g, x, kernel, bias, n, at, channel);
    difference += (y[index] - wanted) * (y[index] - wanted);
    norm += wanted * wanted;
  }
  return sqrt(difference) / sqrt(norm);
}
