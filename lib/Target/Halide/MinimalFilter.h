//===- MinimalFilter.h - Winograd's minimal filtering algorithms ----------===//
//
// F(m, r): m neighbouring outputs of a correlation with r taps by m + r - 1
// multiplications instead of m r. With d the m + r - 1 inputs and g the taps,
//   y = output ((filter g) * (input d)),   * element by element.
// S. Winograd, "Arithmetic Complexity of Computations", 1980; for
// convolutional networks A. Lavin and S. Gray, arXiv 1509.09308.
//
// Plain C++: no Halide here.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_MINIMALFILTER_H
#define UPCONV_LIB_TARGET_HALIDE_MINIMALFILTER_H

#include <cstdint>
#include <vector>

namespace upconv {

struct MinimalFilter {
  using Matrix = std::vector<std::vector<double>>;
  int64_t outputs = 1, taps = 1;
  Matrix input;  ///< points x points
  Matrix filter; ///< points x taps
  Matrix output; ///< outputs x points

  int64_t points() const { return outputs + taps - 1; }
};

/// The products with polynomials' values at 0, 1, -1 and infinity serve up to
/// four points; every entry of their matrices is 0, 1, -1 or 1/2. More points
/// would bring larger factors, and rounding errors with them.
constexpr int64_t kFilterPoints = 4;

/// The matrices by evaluation and interpolation of polynomials (Toom and Cook),
/// for outputs + taps - 1 in 1..kFilterPoints.
MinimalFilter minimalFilter(int64_t outputs, int64_t taps);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_MINIMALFILTER_H
