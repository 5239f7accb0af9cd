/* Runs a library whose model has one input and one output on IN and compares
 * with OUT (both in DATA_HEADER), on two threads; the status is 0 if they agree.
 * Needs no C library: it is linked for systems whose own is not at hand. */

#include HEADER
#include DATA_HEADER

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define F(name) JOIN(NAME, name)

enum { COUNT = sizeof expected / sizeof *expected };

static float output[COUNT];

/* A compiler for Windows wants it of every program with floating point. */
int _fltused = 0;

int main(void) {
  F(_inputs) inputs = {0};
  F(_outputs) outputs = {0};
  F(_options) options = {0};
  double error = 0, norm = 0;
  int i;
  if (F(_prepare)() || F(_describe)()->struct_size == 0 || !F(_status_string)(F(_run)(0, 0, 0)))
    return 2;
  inputs.INPUT = input;
  outputs.OUTPUT = output;
  options.struct_size = sizeof options;
  options.threads = 2;
  if (F(_run)(&inputs, &outputs, &options))
    return 3;
  for (i = 0; i < COUNT; ++i) {
    double difference = (double)output[i] - (double)expected[i];
    error += difference * difference;
    norm += (double)expected[i] * (double)expected[i];
  }
  return error <= 1e-10 * norm && norm > 0 ? 0 : 1;
}
