//===- Merging.cpp - Functions of several tensors -------------------------===//

#include "upconv/Reference/Layers.h"

#include <algorithm>
#include <cmath>

using namespace llvm;

namespace upconv::reference {

/// The operand's shape at `rank`.
static std::vector<int64_t> atRank(ArrayRef<int64_t> shape, size_t rank,
                                   Alignment alignment) {
  std::vector<int64_t> result = shape.vec();
  auto place = result.begin() + (alignment == Alignment::BehindBatch ? 1 : 0);
  result.insert(place, rank - shape.size(), 1);
  return result;
}

/// The common shape of all operands.
static Expected<std::vector<int64_t>> broadcast(ArrayRef<Tensor64> inputs,
                                                Alignment alignment) {
  size_t rank = 0;
  for (const Tensor64 &input : inputs) {
    if (input.shape.empty())
      return failure("a tensor to merge needs a batch axis");
    rank = std::max(rank, input.shape.size());
  }
  std::vector<int64_t> shape(rank, 1);
  bool keepsBatch = alignment == Alignment::BehindBatch;
  if (keepsBatch)
    shape.front() = inputs.front().shape.front();
  for (const Tensor64 &input : inputs)
    for (auto [axis, extent] :
         enumerate(atRank(input.shape, rank, alignment))) {
      bool fixed = axis == 0 && keepsBatch;
      if (!fixed && shape[axis] == 1)
        shape[axis] = extent;
      if (extent != shape[axis] && (fixed || extent != 1))
        return failure("shapes " + shapeText(inputs.front().shape) + " and " +
                       shapeText(input.shape) + " do not broadcast");
    }
  return shape;
}

/// The element of a tensor of shape `own` that broadcasting puts at `index`.
static int64_t broadcastIndex(ArrayRef<int64_t> index, ArrayRef<int64_t> own) {
  std::vector<int64_t> source(own.size());
  for (size_t axis = 0; axis < own.size(); ++axis)
    source[axis] = own[axis] == 1 ? 0 : index[axis];
  return flatIndex(source, own);
}

Expected<Tensor64> combine(ArrayRef<Tensor64> inputs, Alignment alignment,
                           function_ref<double(double, double)> function) {
  if (inputs.empty())
    return failure("there is nothing to merge");
  Expected<std::vector<int64_t>> shape = broadcast(inputs, alignment);
  if (!shape)
    return shape.takeError();
  Expected<Tensor64> output = zeros(*shape);
  if (!output)
    return output.takeError();
  for (const auto &[number, input] : enumerate(inputs)) {
    std::vector<int64_t> own = atRank(input.shape, shape->size(), alignment);
    size_t next = 0;
    forEachIndex(*shape, [&, &input = input,
                          first = number == 0](ArrayRef<int64_t> index) {
      double &y = output->values[next++];
      double x = input.values[broadcastIndex(index, own)];
      y = first ? x : function(y, x);
    });
  }
  return output;
}

Expected<Tensor64> add(ArrayRef<Tensor64> inputs) {
  return combine(inputs, Alignment::BehindBatch, binaryFunction("add"));
}

Expected<Tensor64> concatenate(ArrayRef<Tensor64> inputs, int64_t axis) {
  if (inputs.empty())
    return failure("there is nothing to concatenate");
  std::vector<int64_t> shape = inputs.front().shape;
  Expected<int64_t> front = axisFromFront(axis, shape.size());
  if (!front)
    return front.takeError();
  shape[*front] = 0;
  for (const Tensor64 &input : inputs) {
    std::vector<int64_t> others = input.shape, wanted = inputs.front().shape;
    if (others.size() == wanted.size())
      others[*front] = wanted[*front] = 0;
    if (others != wanted)
      return failure("shapes " + shapeText(inputs.front().shape) + " and " +
                     shapeText(input.shape) + " differ beside axis " +
                     Twine(*front));
    shape[*front] += input.shape[*front];
  }
  Expected<Tensor64> output = zeros(shape);
  if (!output)
    return output.takeError();
  int64_t offset = 0;
  for (const Tensor64 &input : inputs) {
    size_t next = 0;
    forEachIndex(input.shape, [&](ArrayRef<int64_t> index) {
      std::vector<int64_t> target = index.vec();
      target[*front] += offset;
      output->values[flatIndex(target, shape)] = input.values[next++];
    });
    offset += input.shape[*front];
  }
  return output;
}

/// x / sqrt(max(sum(x^2), 1e-12)), the sum along `axis`.
static Expected<Tensor64> unitAlong(const Tensor64 &input, int64_t axis) {
  auto squares = reduce(mapElements(input, [](double x) { return x * x; }),
                        "sum", {axis}, /*keepdims=*/true);
  if (!squares)
    return squares.takeError();
  return combine({input, *squares}, Alignment::Front, [](double x, double sum) {
    return x / std::sqrt(std::max(sum, 1e-12));
  });
}

Expected<Tensor64> dot(const Tensor64 &left, const Tensor64 &right,
                       ArrayRef<int64_t> axes, bool normalize) {
  const Tensor64 *operands[] = {&left, &right};
  Expected<Tensor64> matrices[] = {Tensor64(), Tensor64()};
  std::vector<int64_t> shape = {left.shape.front()};
  // Each becomes (batch, others, contracted).
  for (int i = 0; i < 2; ++i) {
    Expected<int64_t> axis = axisFromFront(axes[i], operands[i]->shape.size());
    if (!axis)
      return axis.takeError();
    Expected<Tensor64> unit =
        normalize ? unitAlong(*operands[i], *axis) : *operands[i];
    if (!unit)
      return unit.takeError();
    std::vector<int64_t> permutation;
    for (int64_t a = 0, rank = unit->shape.size(); a < rank; ++a)
      if (a != *axis)
        permutation.push_back(a);
    for (int64_t a : ArrayRef(permutation).drop_front())
      shape.push_back(unit->shape[a]);
    permutation.push_back(*axis);
    auto moved = transpose(*unit, permutation);
    if (!moved)
      return moved.takeError();
    matrices[i] = reshape(*moved, {-1, unit->shape[*axis]});
    if (!matrices[i])
      return matrices[i].takeError();
  }
  auto turned = transpose(*matrices[1], {0, 2, 1});
  if (!turned)
    return turned.takeError();
  auto product = matmul(*matrices[0], *turned);
  if (!product)
    return product.takeError();
  if (shape.size() == 1)
    shape.push_back(1);
  return reshape(*product, ArrayRef(shape).drop_front());
}

Expected<Tensor64> matmul(const Tensor64 &left, const Tensor64 &right) {
  size_t rank = left.shape.size();
  if (rank < 3 || right.shape.size() != rank ||
      left.shape[rank - 1] != right.shape[rank - 2])
    return failure("shapes " + shapeText(left.shape) + " and " +
                   shapeText(right.shape) + " cannot be multiplied");
  std::vector<int64_t> shape = left.shape;
  for (size_t axis = 0; axis + 2 < rank; ++axis) {
    int64_t other = right.shape[axis];
    if (shape[axis] == 1)
      shape[axis] = other;
    if (other != 1 && other != shape[axis])
      return failure("shapes " + shapeText(left.shape) + " and " +
                     shapeText(right.shape) + " do not broadcast");
  }
  shape.back() = right.shape.back();
  Expected<Tensor64> output = zeros(shape);
  if (!output)
    return output.takeError();
  size_t next = 0;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    std::vector<int64_t> a = index.vec(), b = index.vec();
    double &y = output->values[next++];
    for (int64_t k = 0; k < left.shape.back(); ++k) {
      a[rank - 1] = b[rank - 2] = k;
      y += left.values[broadcastIndex(a, left.shape)] *
           right.values[broadcastIndex(b, right.shape)];
    }
  });
  return output;
}

Expected<Tensor64> reduce(const Tensor64 &input, StringRef name,
                          ArrayRef<int64_t> axes, bool keepdims) {
  auto function = binaryFunction(name == "max"    ? "maximum"
                                 : name == "min"  ? "minimum"
                                 : name == "prod" ? "multiply"
                                                  : "add");
  std::vector<int64_t> kept = input.shape, front;
  int64_t count = 1;
  for (int64_t entry : axes) {
    Expected<int64_t> axis = axisFromFront(entry, input.shape.size());
    if (!axis)
      return axis.takeError();
    front.push_back(*axis);
    count *= input.shape[*axis];
    kept[*axis] = 1;
  }
  if (count == 0)
    return failure("there is nothing to reduce in shape " +
                   shapeText(input.shape));
  Expected<Tensor64> output = zeros(kept);
  if (!output)
    return output.takeError();
  std::vector<char> seen(output->values.size());
  size_t next = 0;
  forEachIndex(input.shape, [&](ArrayRef<int64_t> index) {
    int64_t place = broadcastIndex(index, kept);
    double x = input.values[next++];
    double &y = output->values[place];
    y = seen[place] ? function(y, x) : x;
    seen[place] = 1;
  });
  if (name == "mean")
    for (double &y : output->values)
      y /= count;
  if (keepdims)
    return output;
  return squeeze(*output, front);
}

} // namespace upconv::reference
