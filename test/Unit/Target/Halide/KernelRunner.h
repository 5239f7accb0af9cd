//===- KernelRunner.h - Compile, load and run one kernel ------------------===//
//
// Test support. A Tensor holds its values densely and is laid out as its
// TensorArgument says only for the call: the halo is zero, everything beyond it
// NaN, so that a stray read shows; everything in the output that is no element
// is checked to be untouched. All fields of a halide_buffer_t but `host` are
// poisoned.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_TEST_UNIT_TARGET_HALIDE_KERNELRUNNER_H
#define UPCONV_TEST_UNIT_TARGET_HALIDE_KERNELRUNNER_H

#include "upconv/Target/Halide/CompileKernel.h"

#include <cstdint>
#include <string>
#include <vector>

namespace upconv::test {

struct Tensor {
  std::vector<int64_t> shape;
  std::vector<float> values; ///< dense

  explicit Tensor(std::vector<int64_t> shape = {});
  int64_t count() const;
};

/// Small integers, in [-3, 3]: sums of a few thousand products stay exact.
Tensor integers(std::vector<int64_t> shape, unsigned seed);

/// A spec whose sizes are constants, or all (batch and spatial extents, their
/// strides) scalars with `values` as their run-time values.
struct Problem {
  KernelSpec spec;
  std::vector<int32_t> scalars;
  bool dynamic = false;

  Size size(int64_t value);
  int64_t valueOf(const Size &size) const {
    return size.isConstant() ? size.constant : scalars.at(size.scalar);
  }
  /// Dense but for `halo` elements around the spatial dimensions and
  /// `channelGap` floats after each pixel.
  TensorArgument argument(const std::vector<int64_t> &shape,
                          const std::vector<int64_t> &haloLow,
                          const std::vector<int64_t> &haloHigh,
                          int64_t channelGap = 0);
};

/// A kernel of this anchor and strategy for this machine, without shapes yet.
Problem problemOf(Anchor anchor, const std::string &strategy, bool dynamic);

/// The targets of the project by name; "x86-64-v4" is what tests default to.
KernelTarget target(const std::string &level);
/// The best level that this processor runs.
std::string hostLevel();

/// The tensor with its channels rounded to bfloat16 and in pairs, as a
/// contraction of pairs reads them; behind an odd last channel is zero.
Tensor roundedPairs(const Tensor &tensor);

/// Compiles, links, loads and runs; fails the current test on any error. The
/// window is split into tasks of about `parts` equal pieces.
Tensor run(const Problem &problem, const Tensor &input, const Tensor &kernel,
           const Tensor &bias, const std::vector<Tensor> &operands,
           const std::vector<int64_t> &outputShape, int64_t parts = 1);

/// Naive scatter (ConvTranspose) or gather (Conv) in double precision, bias
/// included, no epilogue.
Tensor reference(const KernelSpec &spec, const Problem &problem,
                 const Tensor &input, const Tensor &kernel, const Tensor &bias,
                 const std::vector<int64_t> &outputShape);

} // namespace upconv::test

#endif // UPCONV_TEST_UNIT_TARGET_HALIDE_KERNELRUNNER_H
