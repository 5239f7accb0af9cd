//===- ConvolutionTranspose.cpp - Scatter ---------------------------------===//
//
// The definition, input position by input position: each adds its products to
// the output positions that its taps reach, and what the crop drops is dropped.
// No zero is inserted, so infinities meet only their own weights.
//
//===----------------------------------------------------------------------===//

#include "upconv/Reference/Layers.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace llvm;

namespace upconv::reference {

namespace {
/// One spatial axis: input i and tap k meet at output i*s + k*d - crop.
struct ScatterAxis {
  int64_t output = 0;
  int64_t crop = 0;
};
} // namespace

static Expected<ScatterAxis> scatterAxis(int64_t input, int64_t kernel,
                                         int64_t stride, int64_t dilation,
                                         Padding padding,
                                         std::optional<int64_t> outputPadding,
                                         bool cropRoundsUp) {
  if (kernel < 1 || stride < 1 || dilation < 1)
    return failure("kernel size, stride and dilation must be positive");
  if (outputPadding && (*outputPadding < 0 || *outputPadding >= stride))
    return failure("'output_padding' must be smaller than 'strides' and not "
                   "negative, got " +
                   Twine(*outputPadding) + " and " + Twine(stride));
  if (input < 1)
    return failure("the input is empty along a spatial axis");
  int64_t span, before, output; // Ke; (in - 1) * s
  if (MulOverflow(kernel - 1, dilation, span) ||
      AddOverflow(span, int64_t(1), span) ||
      MulOverflow(input - 1, stride, before))
    return failure("the output length does not fit in 64 bits");

  ScatterAxis axis;
  int64_t last; // positions that the last input position adds
  if (padding == Padding::Valid) {
    last = outputPadding ? span : std::max(span, stride);
  } else {
    last = outputPadding ? span % 2 : stride;
    int64_t total =
        outputPadding ? span - span % 2 - *outputPadding : span - stride;
    axis.crop = (std::max<int64_t>(total, 0) + cropRoundsUp) / 2;
  }
  if (AddOverflow(before, last, output) ||
      AddOverflow(output, outputPadding.value_or(0), output))
    return failure("the output length does not fit in 64 bits");
  if (output < 1)
    return failure("the output is empty along a spatial axis");
  axis.output = output;
  return axis;
}

static Error checkSizes(const Tensor64 &input, const Tensor64 &kernel,
                        const Tensor64 *bias,
                        const ConvolutionTransposeArguments &arguments) {
  size_t rank = arguments.strides.size();
  if (rank == 0 || arguments.dilationRate.size() != rank ||
      (arguments.outputPadding && arguments.outputPadding->size() != rank))
    return failure("strides, dilation rates and output padding must have one "
                   "entry per spatial axis");
  if (arguments.padding == Padding::Causal)
    return failure(
        "'padding' of a transposed convolution must be valid or same");
  if (input.shape.size() != rank + 2 || kernel.shape.size() != rank + 2)
    return failure("a transposed convolution over " + Twine(rank) +
                   " axes needs input and kernel of rank " + Twine(rank + 2) +
                   ", got " + shapeText(input.shape) + " and " +
                   shapeText(kernel.shape));
  if (kernel.shape[rank + 1] != input.shape.back())
    return failure("the kernel is for " + Twine(kernel.shape[rank + 1]) +
                   " channels, the input has " + Twine(input.shape.back()));
  if (bias && bias->shape != std::vector<int64_t>{kernel.shape[rank]})
    return failure("the bias must have shape " + Twine(kernel.shape[rank]) +
                   ", got " + shapeText(bias->shape));
  return Error::success();
}

static Expected<Tensor64>
channelsLast(const Tensor64 &input, const Tensor64 &kernel,
             const Tensor64 *bias,
             const ConvolutionTransposeArguments &arguments) {
  if (Error error = checkSizes(input, kernel, bias, arguments))
    return std::move(error);
  size_t rank = arguments.strides.size();
  int64_t channels = input.shape.back(), filters = kernel.shape[rank];

  std::vector<int64_t> outputShape = {input.shape.front()}, crop;
  for (size_t a = 0; a < rank; ++a) {
    std::optional<int64_t> outputPadding;
    if (arguments.outputPadding)
      outputPadding = (*arguments.outputPadding)[a];
    Expected<ScatterAxis> axis =
        scatterAxis(input.shape[a + 1], kernel.shape[a], arguments.strides[a],
                    arguments.dilationRate[a], arguments.padding, outputPadding,
                    arguments.cropRoundsUp);
    if (!axis)
      return axis.takeError();
    outputShape.push_back(axis->output);
    crop.push_back(axis->crop);
  }
  outputShape.push_back(filters);
  Expected<Tensor64> output = zeros(outputShape);
  if (!output)
    return output.takeError();

  ArrayRef<int64_t> taps = ArrayRef(kernel.shape).take_front(rank);
  std::vector<int64_t> target(rank + 1);
  forEachIndex(
      ArrayRef(input.shape).drop_back(), [&](ArrayRef<int64_t> position) {
        const double *x =
            input.values.data() + flatIndex(position, input.shape) * channels;
        forEachIndex(taps, [&](ArrayRef<int64_t> tap) {
          target[0] = position[0];
          for (size_t a = 0; a < rank; ++a) {
            target[a + 1] = position[a + 1] * arguments.strides[a] +
                            tap[a] * arguments.dilationRate[a] - crop[a];
            if (target[a + 1] < 0 || target[a + 1] >= outputShape[a + 1])
              return; // cropped
          }
          double *y =
              output->values.data() + flatIndex(target, outputShape) * filters;
          const double *w =
              kernel.values.data() + flatIndex(tap, taps) * filters * channels;
          for (int64_t f = 0; f < filters; ++f)
            for (int64_t c = 0; c < channels; ++c)
              y[f] += x[c] * w[f * channels + c];
        });
      });

  // Also where no tap reaches.
  for (size_t i = 0; bias && i < output->values.size(); ++i)
    output->values[i] += bias->values[i % filters];
  return output;
}

Expected<Tensor64>
convolutionTranspose(const Tensor64 &input, const Tensor64 &kernel,
                     const Tensor64 *bias,
                     const ConvolutionTransposeArguments &arguments) {
  if (arguments.dataFormat == DataFormat::ChannelsLast)
    return channelsLast(input, kernel, bias, arguments);
  Expected<Tensor64> output =
      channelsLast(toChannelsLast(input), kernel, bias, arguments);
  if (!output)
    return output.takeError();
  return toChannelsFirst(*output);
}

} // namespace upconv::reference
