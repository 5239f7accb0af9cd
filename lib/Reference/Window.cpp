//===- Window.cpp - Where a sliding window stands -------------------------===//

#include "upconv/Reference/Layers.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace llvm;

namespace upconv::reference {

Expected<WindowAxis> slideWindow(int64_t input, int64_t size, int64_t stride,
                                 int64_t dilation, Padding padding) {
  if (size < 1 || stride < 1 || dilation < 1)
    return failure("window size, stride and dilation must be positive");
  if (input < 1)
    return failure("the input is empty along a spatial axis");
  int64_t reach, span; // positions from the first tap to the last; with both
  if (MulOverflow(size - 1, dilation, reach) ||
      AddOverflow(reach, int64_t(1), span))
    return failure("the window's reach does not fit in 64 bits");

  WindowAxis axis;
  if (padding == Padding::Valid) {
    if (span > input)
      return failure("a window of " + Twine(span) +
                     " positions does not fit into an input of " +
                     Twine(input));
    axis.output = (input - span) / stride + 1;
    return axis;
  }
  axis.output = (input - 1) / stride + 1; // ceil(input / stride)
  if (padding == Padding::Causal) {
    axis.low = reach;
  } else {
    // The last window starts at (output - 1) * stride <= input - 1.
    int64_t beyond;
    if (AddOverflow((axis.output - 1) * stride - input, span, beyond))
      return failure("the padding does not fit in 64 bits");
    axis.low = std::max<int64_t>(beyond, 0) / 2;
  }
  return axis;
}

} // namespace upconv::reference
