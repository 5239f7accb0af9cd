//===- MinimalFilter.cpp - Winograd's minimal filtering algorithms --------===//

#include "MinimalFilter.h"

#include <cassert>
#include <cmath>

namespace upconv {

/// Coefficients, lowest first, of the product of (x - a) over all but `without`
/// of the first `count` points a.
static std::vector<double> productOf(const double *points, int64_t count,
                                     int64_t without) {
  std::vector<double> product = {1};
  for (int64_t p = 0; p < count; ++p) {
    if (p == without)
      continue;
    std::vector<double> next(product.size() + 1);
    for (size_t i = 0; i < product.size(); ++i) {
      next[i + 1] += product[i];
      next[i] -= points[p] * product[i];
    }
    product = next;
  }
  return product;
}

MinimalFilter minimalFilter(int64_t outputs, int64_t taps) {
  static const double points[kFilterPoints - 1] = {0, 1, -1};
  MinimalFilter result;
  result.outputs = outputs;
  result.taps = taps;
  int64_t count = result.points(), finite = count - 1;
  assert(count >= 1 && count <= kFilterPoints && "no such algorithm");
  result.input.assign(count, std::vector<double>(count));
  result.filter.assign(count, std::vector<double>(taps));
  result.output.assign(outputs, std::vector<double>(count));
  auto power = [](double base, int64_t exponent) {
    return exponent == 0 ? 1.0 : std::pow(base, double(exponent));
  };
  for (int64_t p = 0; p < finite; ++p) {
    // The inverse of the values at the points, by Lagrange's polynomials; their
    // denominators go to the filter, which is transformed once. Signs are free:
    // the first entry that is not zero is made positive.
    std::vector<double> row = productOf(points, finite, p);
    double denominator = 1, sign = 0;
    for (int64_t other = 0; other < finite; ++other)
      if (other != p)
        denominator *= points[p] - points[other];
    for (size_t i = 0; i < row.size(); ++i) {
      if (sign == 0)
        sign = row[i] < 0 ? -1 : row[i] > 0 ? 1 : 0;
      result.input[p][i] = sign * row[i] + 0.0;
    }
    for (int64_t tap = 0; tap < taps; ++tap)
      result.filter[p][tap] = sign * power(points[p], tap) / denominator;
    for (int64_t o = 0; o < outputs; ++o)
      result.output[o][p] = power(points[p], o);
  }
  // At infinity: the highest coefficients.
  std::vector<double> last = productOf(points, finite, -1);
  for (size_t i = 0; i < last.size(); ++i)
    result.input[finite][i] = last[i] + 0.0;
  result.filter[finite][taps - 1] = 1;
  result.output[outputs - 1][finite] = 1;
  return result;
}

} // namespace upconv
