//===- Convolution.cpp - Cross-correlation and contraction ----------------===//

#include "upconv/Reference/Layers.h"

#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace upconv::reference {

static Error checkSizes(const Tensor64 &input, const Tensor64 &kernel,
                        const Tensor64 *bias,
                        const ConvolutionArguments &arguments) {
  size_t rank = arguments.strides.size();
  if (rank == 0 || arguments.dilationRate.size() != rank)
    return failure(
        "strides and dilation rates must have one entry per spatial axis");
  if (input.shape.size() != rank + 2 || kernel.shape.size() != rank + 2)
    return failure("a convolution over " + Twine(rank) +
                   " axes needs input and kernel of rank " + Twine(rank + 2) +
                   ", got " + shapeText(input.shape) + " and " +
                   shapeText(kernel.shape));
  int64_t channels = input.shape.back(), filters = kernel.shape.back();
  if (arguments.groups < 1 || channels % arguments.groups != 0 ||
      filters % arguments.groups != 0)
    return failure(
        "'groups' must be positive and divide channels and filters, got " +
        Twine(arguments.groups) + " for " + Twine(channels) + " and " +
        Twine(filters));
  if (kernel.shape[rank] != channels / arguments.groups)
    return failure("the kernel is for " + Twine(kernel.shape[rank]) +
                   " channels per group, the input has " +
                   Twine(channels / arguments.groups));
  if (bias && bias->shape != std::vector<int64_t>{filters})
    return failure("the bias must have shape " + Twine(filters) + ", got " +
                   shapeText(bias->shape));
  return Error::success();
}

/// Input channels-last. y[n, o, f] = b[f] + sum over k, c of
/// x[n, o*s - low + k*d, g*Cg + c] * w[k, c, f], g the group of filter f.
static Expected<Tensor64> channelsLast(const Tensor64 &input,
                                       const Tensor64 &kernel,
                                       const Tensor64 *bias,
                                       const ConvolutionArguments &arguments) {
  if (Error error = checkSizes(input, kernel, bias, arguments))
    return std::move(error);
  size_t rank = arguments.strides.size();
  int64_t batch = input.shape.front(), channels = input.shape.back();
  int64_t filters = kernel.shape.back(), groups = arguments.groups;
  int64_t channelsPerGroup = channels / groups,
          filtersPerGroup = filters / groups;

  std::vector<int64_t> outputShape = {batch}, low;
  for (size_t a = 0; a < rank; ++a) {
    Expected<WindowAxis> axis =
        slideWindow(input.shape[a + 1], kernel.shape[a], arguments.strides[a],
                    arguments.dilationRate[a], arguments.padding);
    if (!axis)
      return axis.takeError();
    outputShape.push_back(axis->output);
    low.push_back(axis->low);
  }
  outputShape.push_back(filters);
  Expected<Tensor64> output = zeros(outputShape);
  if (!output)
    return output.takeError();

  ArrayRef<int64_t> taps = ArrayRef(kernel.shape).take_front(rank);
  std::vector<int64_t> source(rank + 1);
  forEachIndex(
      ArrayRef(outputShape).drop_back(), [&](ArrayRef<int64_t> position) {
        double *y =
            output->values.data() + flatIndex(position, outputShape) * filters;
        forEachIndex(taps, [&](ArrayRef<int64_t> tap) {
          source[0] = position[0];
          for (size_t a = 0; a < rank; ++a) {
            source[a + 1] = position[a + 1] * arguments.strides[a] - low[a] +
                            tap[a] * arguments.dilationRate[a];
            if (source[a + 1] < 0 || source[a + 1] >= input.shape[a + 1])
              return; // padding: not there, rather than a product with zero
          }
          const double *x =
              input.values.data() + flatIndex(source, input.shape) * channels;
          const double *w = kernel.values.data() +
                            flatIndex(tap, taps) * channelsPerGroup * filters;
          for (int64_t c = 0; c < channelsPerGroup; ++c)
            for (int64_t f = 0; f < filters; ++f)
              y[f] += x[f / filtersPerGroup * channelsPerGroup + c] *
                      w[c * filters + f];
        });
        for (int64_t f = 0; bias && f < filters; ++f)
          y[f] += bias->values[f];
      });
  return output;
}

Expected<Tensor64> convolution(const Tensor64 &input, const Tensor64 &kernel,
                               const Tensor64 *bias,
                               const ConvolutionArguments &arguments) {
  if (arguments.dataFormat == DataFormat::ChannelsLast)
    return channelsLast(input, kernel, bias, arguments);
  Expected<Tensor64> output =
      channelsLast(toChannelsLast(input), kernel, bias, arguments);
  if (!output)
    return output.takeError();
  return toChannelsFirst(*output);
}

// A grouped convolution with one group per channel, whose kernel is
// (k..., 1, channels * multiplier): the same numbers in the same order.
Expected<Tensor64> depthwiseConvolution(const Tensor64 &input,
                                        const Tensor64 &kernel,
                                        const Tensor64 *bias,
                                        const ConvolutionArguments &arguments) {
  size_t rank = arguments.strides.size();
  bool first = arguments.dataFormat == DataFormat::ChannelsFirst;
  if (input.shape.size() != rank + 2 || kernel.shape.size() != rank + 2 ||
      kernel.shape[rank] != (first ? input.shape[1] : input.shape.back()))
    return failure("a kernel of shape " + shapeText(kernel.shape) +
                   " does not fit an input of shape " + shapeText(input.shape));
  Tensor64 grouped = kernel;
  grouped.shape[rank] = 1;
  grouped.shape[rank + 1] *= kernel.shape[rank];
  ConvolutionArguments perChannel = arguments;
  perChannel.groups = kernel.shape[rank];
  return convolution(input, grouped, bias, perChannel);
}

Expected<Tensor64> dense(const Tensor64 &input, const Tensor64 &kernel,
                         const Tensor64 *bias) {
  if (input.shape.size() < 2 || kernel.shape.size() != 2 ||
      kernel.shape[0] != input.shape.back())
    return failure("a kernel of shape " + shapeText(kernel.shape) +
                   " does not contract the last axis of " +
                   shapeText(input.shape));
  int64_t channels = kernel.shape[0], units = kernel.shape[1];
  if (bias && bias->shape != std::vector<int64_t>{units})
    return failure("the bias must have shape " + Twine(units) + ", got " +
                   shapeText(bias->shape));
  std::vector<int64_t> outputShape = input.shape;
  outputShape.back() = units;
  Expected<Tensor64> output = zeros(outputShape);
  if (!output)
    return output.takeError();
  forEachIndex(
      ArrayRef(outputShape).drop_back(), [&](ArrayRef<int64_t> position) {
        const double *x =
            input.values.data() + flatIndex(position, input.shape) * channels;
        double *y =
            output->values.data() + flatIndex(position, outputShape) * units;
        for (int64_t c = 0; c < channels; ++c)
          for (int64_t u = 0; u < units; ++u)
            y[u] += x[c] * kernel.values[c * units + u];
        for (int64_t u = 0; bias && u < units; ++u)
          y[u] += bias->values[u];
      });
  return output;
}

} // namespace upconv::reference
