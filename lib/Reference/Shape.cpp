//===- Shape.cpp - Sizes, indices and layers that only move elements ------===//

#include "upconv/Reference/Layers.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace llvm;

namespace upconv::reference {

/// 16 GiB of float64: enough for any layer that a person waits for.
static constexpr int64_t maximumElements = int64_t(1) << 31;

Error failure(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

std::string shapeText(ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t extent : shape)
    text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text.empty() ? "scalar" : text;
}

Expected<Padding> parsePadding(StringRef text) {
  auto padding = StringSwitch<std::optional<Padding>>(text)
                     .Case("valid", Padding::Valid)
                     .Case("same", Padding::Same)
                     .Case("causal", Padding::Causal)
                     .Default(std::nullopt);
  if (!padding)
    return failure("unknown padding '" + text + "'");
  return *padding;
}

Expected<DataFormat> parseDataFormat(StringRef text) {
  if (text == "channels_last")
    return DataFormat::ChannelsLast;
  if (text == "channels_first")
    return DataFormat::ChannelsFirst;
  return failure("unknown data format '" + text + "'");
}

Expected<int64_t> elementCount(ArrayRef<int64_t> shape) {
  int64_t size = 1;
  for (int64_t extent : shape) {
    if (extent < 0)
      return failure("negative extent in shape " + shapeText(shape));
    if (MulOverflow(size, extent, size) || size > maximumElements)
      return failure("shape " + shapeText(shape) +
                     " has more elements than the reference holds");
  }
  return size;
}

Expected<Tensor64> zeros(ArrayRef<int64_t> shape) {
  Expected<int64_t> size = elementCount(shape);
  if (!size)
    return size.takeError();
  return Tensor64{shape.vec(), std::vector<double>(*size, 0.0)};
}

Expected<int64_t> axisFromFront(int64_t axis, size_t rank) {
  int64_t signedRank = rank;
  if (axis < -signedRank || axis >= signedRank)
    return failure("axis " + Twine(axis) +
                   " is not an axis of a tensor of rank " + Twine(signedRank));
  return axis < 0 ? axis + signedRank : axis;
}

void forEachIndex(ArrayRef<int64_t> shape,
                  function_ref<void(ArrayRef<int64_t>)> visit) {
  if (is_contained(shape, 0))
    return;
  std::vector<int64_t> index(shape.size(), 0);
  while (true) {
    visit(index);
    int64_t axis = int64_t(shape.size()) - 1;
    while (axis >= 0 && ++index[axis] == shape[axis])
      index[axis--] = 0;
    if (axis < 0)
      return;
  }
}

int64_t flatIndex(ArrayRef<int64_t> index, ArrayRef<int64_t> shape) {
  int64_t flat = 0;
  for (auto [axis, position] : enumerate(index))
    flat = flat * shape[axis] + position;
  return flat;
}

/// The axis at place `from` moved to place `to`.
static Tensor64 moveAxis(const Tensor64 &input, size_t from, size_t to) {
  auto moved = [&](ArrayRef<int64_t> sequence) {
    std::vector<int64_t> result = sequence.vec();
    result.erase(result.begin() + from);
    result.insert(result.begin() + to, sequence[from]);
    return result;
  };
  Tensor64 output{moved(input.shape), std::vector<double>(input.values.size())};
  size_t next = 0;
  forEachIndex(input.shape, [&](ArrayRef<int64_t> index) {
    output.values[flatIndex(moved(index), output.shape)] = input.values[next++];
  });
  return output;
}

Tensor64 toChannelsLast(const Tensor64 &input) {
  return input.shape.size() < 3 ? input
                                : moveAxis(input, 1, input.shape.size() - 1);
}

Tensor64 toChannelsFirst(const Tensor64 &input) {
  return input.shape.size() < 3 ? input
                                : moveAxis(input, input.shape.size() - 1, 1);
}

Expected<Tensor64> reshape(const Tensor64 &input, ArrayRef<int64_t> target) {
  if (input.shape.empty())
    return failure("a tensor to reshape needs a batch axis");
  std::vector<int64_t> shape = {input.shape.front()};
  int64_t known = 1, available = 1;
  for (int64_t extent : ArrayRef(input.shape).drop_front())
    available *= extent; // no overflow: the elements exist
  for (int64_t extent : target) {
    if (extent < -1 ||
        (extent == -1 && is_contained(ArrayRef(shape).drop_front(), -1)))
      return failure(
          "a target shape holds at most one -1 and nothing below it");
    if (extent != -1 && MulOverflow(known, extent, known))
      return failure("the target shape's size does not fit in 64 bits");
    shape.push_back(extent);
  }
  auto open = std::find(shape.begin() + 1, shape.end(), -1);
  if (open != shape.end()) {
    if (known == 0 || available % known != 0)
      return failure("shape " + shapeText(input.shape) +
                     " does not divide evenly into the target shape");
    *open = available / known;
  } else if (known != available) {
    return failure("shape " + shapeText(input.shape) + " has " +
                   Twine(available) +
                   " elements per sample, the target shape " + Twine(known));
  }
  return Tensor64{std::move(shape), input.values};
}

Expected<Tensor64> flatten(const Tensor64 &input, DataFormat dataFormat) {
  bool move = dataFormat == DataFormat::ChannelsFirst && input.shape.size() > 2;
  int64_t perSample = 1;
  for (int64_t extent : ArrayRef(input.shape).drop_front())
    perSample *= extent;
  return reshape(move ? toChannelsLast(input) : input, {perSample});
}

} // namespace upconv::reference
