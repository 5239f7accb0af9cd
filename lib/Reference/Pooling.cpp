//===- Pooling.cpp - Maximum and average over windows ---------------------===//

#include "upconv/Reference/Layers.h"

#include <cmath>

using namespace llvm;

namespace upconv::reference {

static Expected<Tensor64> channelsLast(Pool pool, const Tensor64 &input,
                                       const PoolingArguments &arguments) {
  size_t rank = arguments.poolSize.size();
  if (rank == 0 || arguments.strides.size() != rank)
    return failure(
        "pool size and strides must have one entry per spatial axis");
  if (arguments.padding == Padding::Causal)
    return failure("'padding' of a pooling layer must be valid or same");
  if (input.shape.size() != rank + 2)
    return failure("pooling over " + Twine(rank) +
                   " axes needs an input of rank " + Twine(rank + 2) +
                   ", got " + shapeText(input.shape));

  int64_t channels = input.shape.back();
  std::vector<int64_t> outputShape = {input.shape.front()}, low;
  for (size_t a = 0; a < rank; ++a) {
    Expected<WindowAxis> axis =
        slideWindow(input.shape[a + 1], arguments.poolSize[a],
                    arguments.strides[a], /*dilation=*/1, arguments.padding);
    if (!axis)
      return axis.takeError();
    outputShape.push_back(axis->output);
    low.push_back(axis->low);
  }
  outputShape.push_back(channels);
  Expected<Tensor64> output = zeros(outputShape);
  if (!output)
    return output.takeError();

  std::vector<int64_t> source(rank + 1);
  forEachIndex(
      ArrayRef(outputShape).drop_back(), [&](ArrayRef<int64_t> position) {
        double *y =
            output->values.data() + flatIndex(position, outputShape) * channels;
        int64_t real = 0; // elements of this window that are not padding
        forEachIndex(arguments.poolSize, [&](ArrayRef<int64_t> tap) {
          source[0] = position[0];
          for (size_t a = 0; a < rank; ++a) {
            source[a + 1] =
                position[a + 1] * arguments.strides[a] - low[a] + tap[a];
            if (source[a + 1] < 0 || source[a + 1] >= input.shape[a + 1])
              return;
          }
          const double *x =
              input.values.data() + flatIndex(source, input.shape) * channels;
          for (int64_t c = 0; c < channels; ++c) {
            if (pool == Pool::Average)
              y[c] += x[c];
            else if (real == 0 || x[c] > y[c] || std::isnan(x[c]))
              y[c] = x[c]; // a NaN stays: nothing compares greater
          }
          ++real;
        });
        for (int64_t c = 0; pool == Pool::Average && c < channels; ++c)
          y[c] /= real; // at least one: a window never lies in padding alone
      });
  return output;
}

Expected<Tensor64> pooling(Pool pool, const Tensor64 &input,
                           const PoolingArguments &arguments) {
  if (arguments.dataFormat == DataFormat::ChannelsLast)
    return channelsLast(pool, input, arguments);
  Expected<Tensor64> output =
      channelsLast(pool, toChannelsLast(input), arguments);
  if (!output)
    return output.takeError();
  return toChannelsFirst(*output);
}

Expected<Tensor64> adaptivePooling(Pool pool, const Tensor64 &input,
                                   ArrayRef<int64_t> outputSize,
                                   DataFormat dataFormat) {
  size_t rank = outputSize.size();
  if (input.shape.size() != rank + 2)
    return failure("pooling over " + Twine(rank) +
                   " axes needs an input of rank " + Twine(rank + 2) +
                   ", got " + shapeText(input.shape));
  size_t first = dataFormat == DataFormat::ChannelsFirst ? 2 : 1;
  std::vector<int64_t> shape = input.shape;
  for (auto [axis, size] : enumerate(outputSize))
    shape[first + axis] = size;
  Expected<Tensor64> output = zeros(shape);
  if (!output)
    return output.takeError();

  size_t next = 0;
  forEachIndex(shape, [&](ArrayRef<int64_t> position) {
    std::vector<int64_t> low = position.vec(), window(shape.size(), 1);
    for (size_t axis = first; axis < first + rank; ++axis) {
      int64_t n = input.shape[axis], m = shape[axis], o = position[axis];
      low[axis] = o * n / m;
      window[axis] = ((o + 1) * n + m - 1) / m - low[axis];
    }
    double &y = output->values[next++];
    int64_t count = 0;
    forEachIndex(window, [&](ArrayRef<int64_t> tap) {
      std::vector<int64_t> source = low;
      for (size_t axis = 0; axis < source.size(); ++axis)
        source[axis] += tap[axis];
      double x = input.values[flatIndex(source, input.shape)];
      if (pool == Pool::Average)
        y += x;
      else if (count == 0 || x > y || std::isnan(x))
        y = x; // a NaN stays: nothing compares greater
      ++count;
    });
    if (pool == Pool::Average)
      y /= count;
  });
  return output;
}

} // namespace upconv::reference
