//===- Elementwise.cpp - Epilogue-only kernels, copies, transposes --------===//
//
// One value per output element, of a rounding one from two input elements.
// Dimensions that lie behind one another in every tensor are merged, so that a
// dense kernel is one long vector loop; what is left over of the innermost one
// is a masked vector, which runs the same vector code and so yields the same
// bits.
//
//===----------------------------------------------------------------------===//

#include "Builder.h"
#include "Pairs.h"

#include <algorithm>

using Halide::Expr;
using Halide::Internal::can_prove;
using Halide::Internal::simplify;

namespace upconv {

namespace {

/// One merged dimension: its extent and its stride in every tensor.
struct Dimension {
  Expr extent;
  std::vector<Expr> strides; ///< output, input, operands...
};

} // namespace

/// Stride of output dimension `d` in a tensor of equal or lower rank, 0 where
/// it is broadcast.
static Expr strideOf(const Builder &builder, const TensorArgument &tensor,
                     size_t d, size_t rank) {
  size_t skipped = rank - tensor.rank();
  if (d < skipped || tensor.shape[d - skipped] == Size::of(1))
    return 0;
  return builder.size(tensor.strides[d - skipped]);
}

static std::vector<Dimension> mergedDimensions(const Builder &builder,
                                               std::vector<Expr> &offsets) {
  const KernelSpec &spec = builder.spec;
  size_t rank = spec.output.rank();
  std::vector<Dimension> dimensions;
  offsets.assign(2 + spec.operands.size(), 0);
  for (size_t d = 0; d < rank; ++d) {
    Dimension dimension;
    Expr begin = builder.rangeBegin(d);
    dimension.extent = simplify(builder.rangeEnd(d) - begin);
    dimension.strides.push_back(strideOf(builder, spec.output, d, rank));
    size_t source = d;
    if (spec.anchor == Anchor::Transpose)
      source = spec.permutation[d];
    dimension.strides.push_back(strideOf(builder, spec.input, source, rank));
    if (spec.anchor == Anchor::Round && d + 1 == rank)
      dimension.strides.back() = 2 * builder.size(spec.input.strides.back());
    for (const TensorArgument &operand : spec.operands)
      dimension.strides.push_back(strideOf(builder, operand, d, rank));
    for (size_t t = 0; t < offsets.size(); ++t)
      offsets[t] = simplify(offsets[t] + begin * dimension.strides[t]);
    bool whole = Halide::Internal::is_const_zero(begin) &&
                 spec.output.shape[d].isConstant();
    if (whole && spec.output.shape[d].constant == 1 && rank > 1 &&
        !(d + 1 == rank && dimensions.empty()))
      continue;
    if (whole && !dimensions.empty()) {
      Dimension &outer = dimensions.back();
      bool follows = true;
      for (size_t t = 0; t < outer.strides.size(); ++t)
        follows &= can_prove(outer.strides[t] ==
                             dimension.strides[t] * dimension.extent);
      if (follows) {
        outer.extent = simplify(outer.extent * dimension.extent);
        outer.strides = dimension.strides;
        continue;
      }
    }
    dimensions.push_back(dimension);
  }
  return dimensions;
}

static int64_t constantOr(const Expr &e, int64_t otherwise) {
  auto value = Halide::Internal::as_const_int(e);
  return value ? *value : otherwise;
}

/// Element number `position` of the innermost dimension, at `index`. Pixels of
/// an odd number of channels do not merge, so the position is a pair's there.
static Expr inputValue(const Builder &builder, const Expr &index,
                       const Expr &position) {
  const KernelSpec &spec = builder.spec;
  Expr value = builder.loadInput(index);
  if (spec.anchor != Anchor::Round)
    return value;
  Expr next = index + builder.size(spec.input.strides.back());
  int channels = static_cast<int>(spec.inputChannels());
  if (channels % 2 == 0)
    return roundedPair(value, builder.loadInput(next));
  Expr exists = position * 2 + 1 < channels;
  Expr odd = Halide::select(
      exists, builder.loadInput(Halide::select(exists, next, 0)), 0.0f);
  return roundedPair(value, odd);
}

void buildElementwise(Builder &builder) {
  const KernelSpec &spec = builder.spec;
  std::vector<Expr> offsets;
  std::vector<Dimension> dimensions = mergedDimensions(builder, offsets);
  const Dimension &inner = dimensions.back();

  int64_t lanes = spec.schedule.knob("lanes", spec.target.vectorFloats);
  int64_t extent = constantOr(inner.extent, -1);
  while (extent >= 0 && lanes > 1 && lanes / 2 >= extent)
    lanes /= 2;
  Expr width = static_cast<int>(lanes);

  auto emit = [&](Expr first, Expr vectors, bool masked) {
    if (Halide::Internal::is_const_zero(simplify(vectors)))
      return;
    std::vector<Loop> loops = {{"lane", width, Loop::Vectorized},
                               {"vector", vectors}};
    for (size_t d = dimensions.size() - 1; d-- > 0;)
      loops.push_back({"d" + std::to_string(d), dimensions[d].extent});
    Nest nest = builder.outputNest(loops);
    std::vector<Expr> indices = offsets;
    Expr position = (first + nest.at("vector")) * width + nest.at("lane");
    if (masked)
      nest.where(position < inner.extent);
    for (size_t t = 0; t < indices.size(); ++t) {
      for (size_t d = 0; d + 1 < dimensions.size(); ++d)
        indices[t] +=
            nest.at("d" + std::to_string(d)) * dimensions[d].strides[t];
      indices[t] += position * inner.strides[t];
    }
    std::vector<Expr> operandIndices(indices.begin() + 2, indices.end());
    builder.define(nest, indices[0],
                   builder.finishAt(inputValue(builder, indices[1], position),
                                    operandIndices));
  };
  Expr whole = simplify(inner.extent / width);
  emit(0, whole, false);
  if (!can_prove(inner.extent % width == 0))
    emit(whole, 1, true);
}

} // namespace upconv
