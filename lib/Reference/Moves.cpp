//===- Moves.cpp - Elements taken from other places -----------------------===//

#include "upconv/Reference/Layers.h"

#include <algorithm>
#include <limits>

using namespace llvm;

namespace upconv::reference {

/// A tensor of `shape` whose element at `index` is the input's at the place
/// that `source` makes of a copy of it, or `otherwise` where `source` returns
/// false.
static Expected<Tensor64>
gather(const Tensor64 &input, ArrayRef<int64_t> shape, double otherwise,
       function_ref<bool(std::vector<int64_t> &)> source) {
  Expected<Tensor64> output = zeros(shape);
  if (!output)
    return output.takeError();
  size_t next = 0;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    std::vector<int64_t> place = index.vec();
    double &y = output->values[next++];
    y = source(place) ? input.values[flatIndex(place, input.shape)] : otherwise;
  });
  return output;
}

Expected<Tensor64> expandDims(const Tensor64 &input, int64_t axis) {
  Expected<int64_t> front = axisFromFront(axis, input.shape.size() + 1);
  if (!front)
    return front.takeError();
  Tensor64 output = input;
  output.shape.insert(output.shape.begin() + *front, 1);
  return output;
}

Expected<Tensor64> squeeze(const Tensor64 &input, ArrayRef<int64_t> axes) {
  std::vector<int64_t> gone;
  for (int64_t axis : axes) {
    Expected<int64_t> front = axisFromFront(axis, input.shape.size());
    if (!front)
      return front.takeError();
    if (input.shape[*front] != 1)
      return failure("axis " + Twine(*front) + " of shape " +
                     shapeText(input.shape) + " does not have size 1");
    gone.push_back(*front);
  }
  Tensor64 output{{}, input.values};
  for (auto [axis, extent] : enumerate(input.shape))
    if (!is_contained(gone, int64_t(axis)))
      output.shape.push_back(extent);
  return output;
}

Expected<Tensor64> transpose(const Tensor64 &input,
                             ArrayRef<int64_t> permutation) {
  std::vector<int64_t> sorted = permutation.vec(), shape;
  sort(sorted);
  for (size_t axis = 0; axis < sorted.size(); ++axis)
    if (sorted.size() != input.shape.size() || sorted[axis] != int64_t(axis))
      return failure("not a permutation of the axes of " +
                     shapeText(input.shape));
  for (int64_t axis : permutation)
    shape.push_back(input.shape[axis]);
  return gather(input, shape, 0, [&](std::vector<int64_t> &place) {
    std::vector<int64_t> index = place;
    for (auto [axis, from] : enumerate(permutation))
      place[from] = index[axis];
    return true;
  });
}

Expected<Tensor64> pad(const Tensor64 &input, ArrayRef<int64_t> width,
                       StringRef mode, double value) {
  std::vector<int64_t> shape = input.shape;
  if (width.size() != 2 * shape.size())
    return failure("padding needs two entries per axis");
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    int64_t low = width[2 * axis], high = width[2 * axis + 1];
    int64_t longest = std::max(low, high);
    bool mirrors = mode == "reflect" || mode == "symmetric";
    if (low < 0 || high < 0 ||
        (mirrors && shape[axis] < longest + (mode == "reflect" && longest > 0)))
      return failure("axis " + Twine(axis) + " of shape " +
                     shapeText(input.shape) + " cannot be padded by " +
                     Twine(low) + " and " + Twine(high));
    shape[axis] += low + high;
  }
  return gather(input, shape, value, [&](std::vector<int64_t> &place) {
    for (size_t axis = 0; axis < place.size(); ++axis) {
      int64_t size = input.shape[axis], i = place[axis] - width[2 * axis];
      if (mode == "constant" && (i < 0 || i >= size))
        return false;
      int64_t border = mode == "reflect" ? 0 : 1; // repeated when mirrored
      if (mode == "edge")
        i = std::clamp<int64_t>(i, 0, size - 1);
      else if (i < 0)
        i = -i - border;
      else if (i >= size)
        i = 2 * size - 2 - i + border;
      place[axis] = i;
    }
    return true;
  });
}

Expected<Tensor64> slice(const Tensor64 &input, ArrayRef<int64_t> begin,
                         ArrayRef<int64_t> end, ArrayRef<int64_t> strides,
                         ArrayRef<int64_t> squeezed) {
  constexpr int64_t none = std::numeric_limits<int64_t>::min();
  std::vector<int64_t> shape, first;
  for (auto [axis, size] : enumerate(input.shape)) {
    int64_t stride = strides[axis];
    if (is_contained(squeezed, int64_t(axis))) {
      int64_t index = begin[axis] < 0 ? begin[axis] + size : begin[axis];
      if (index < 0 || index >= size)
        return failure("index " + Twine(begin[axis]) + " is not in axis " +
                       Twine(axis) + " of " + shapeText(input.shape));
      first.push_back(index);
      shape.push_back(1);
      continue;
    }
    // The positions that Python's range visits, within the axis.
    int64_t lowest = stride > 0 ? 0 : -1,
            highest = stride > 0 ? size : size - 1;
    auto place = [&, size = size](int64_t position, int64_t byDefault) {
      if (position == none)
        return byDefault;
      return std::clamp(position < 0 ? position + size : position, lowest,
                        highest);
    };
    int64_t from = place(begin[axis], stride > 0 ? 0 : size - 1);
    int64_t to = place(end[axis], stride > 0 ? size : -1);
    int64_t count = 0;
    for (int64_t i = from; stride > 0 ? i < to : i > to; i += stride)
      ++count;
    if (count == 0)
      return failure("the slice of axis " + Twine(axis) + " of " +
                     shapeText(input.shape) + " is empty");
    first.push_back(from);
    shape.push_back(count);
  }
  auto output = gather(input, shape, 0, [&](std::vector<int64_t> &place) {
    for (size_t axis = 0; axis < place.size(); ++axis)
      place[axis] = first[axis] + place[axis] * strides[axis];
    return true;
  });
  if (!output)
    return output.takeError();
  return reference::squeeze(*output, squeezed);
}

/// `width` of the spatial axes with zeros for batch and channels.
static std::vector<int64_t> allAxes(ArrayRef<int64_t> width,
                                    DataFormat dataFormat) {
  std::vector<int64_t> all = width.vec();
  size_t front = dataFormat == DataFormat::ChannelsFirst ? 4 : 2;
  all.insert(all.begin(), front, 0);
  all.insert(all.end(), 4 - front, 0);
  return all;
}

Expected<Tensor64> zeroPadding(const Tensor64 &input, ArrayRef<int64_t> width,
                               DataFormat dataFormat) {
  return pad(input, allAxes(width, dataFormat), "constant", 0);
}

Expected<Tensor64> cropping(const Tensor64 &input, ArrayRef<int64_t> width,
                            DataFormat dataFormat) {
  std::vector<int64_t> all = allAxes(width, dataFormat), begin, end;
  if (all.size() != 2 * input.shape.size())
    return failure("cropping needs two entries per spatial axis");
  for (auto [axis, size] : enumerate(input.shape)) {
    begin.push_back(all[2 * axis]);
    end.push_back(size - all[2 * axis + 1]);
    if (begin.back() < 0 || end.back() > size || begin.back() >= end.back())
      return failure("axis " + Twine(axis) + " of shape " +
                     shapeText(input.shape) + " cannot be cropped by " +
                     Twine(all[2 * axis]) + " and " + Twine(all[2 * axis + 1]));
  }
  return slice(input, begin, end, std::vector<int64_t>(begin.size(), 1), {});
}

/// Runs a function of channels-last tensors.
static Expected<Tensor64>
inChannelsLast(const Tensor64 &input, DataFormat dataFormat,
               function_ref<Expected<Tensor64>(const Tensor64 &)> function) {
  if (dataFormat == DataFormat::ChannelsLast)
    return function(input);
  Expected<Tensor64> output = function(toChannelsLast(input));
  if (!output)
    return output.takeError();
  return toChannelsFirst(*output);
}

Expected<Tensor64> depthToSpace(const Tensor64 &input, int64_t block,
                                DataFormat dataFormat) {
  return inChannelsLast(
      input, dataFormat, [&](const Tensor64 &x) -> Expected<Tensor64> {
        int64_t channels = x.shape[3] / (block * block);
        if (x.shape[3] % (block * block) != 0)
          return failure("the block does not divide the channels");
        return gather(
            x, {x.shape[0], x.shape[1] * block, x.shape[2] * block, channels},
            0, [&](std::vector<int64_t> &p) {
              p[3] += (p[1] % block * block + p[2] % block) * channels;
              p[1] /= block;
              p[2] /= block;
              return true;
            });
      });
}

Expected<Tensor64> spaceToDepth(const Tensor64 &input, int64_t block,
                                DataFormat dataFormat) {
  return inChannelsLast(
      input, dataFormat, [&](const Tensor64 &x) -> Expected<Tensor64> {
        int64_t channels = x.shape[3];
        if (x.shape[1] % block != 0 || x.shape[2] % block != 0)
          return failure("the block does not divide the spatial axes");
        return gather(x,
                      {x.shape[0], x.shape[1] / block, x.shape[2] / block,
                       channels * block * block},
                      0, [&](std::vector<int64_t> &p) {
                        int64_t pixel = p[3] / channels;
                        p[3] %= channels;
                        p[1] = p[1] * block + pixel / block;
                        p[2] = p[2] * block + pixel % block;
                        return true;
                      });
      });
}

} // namespace upconv::reference
