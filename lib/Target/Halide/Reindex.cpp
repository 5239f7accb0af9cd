//===- Reindex.cpp - Padding, cropping, slicing, reversing, repeating -----===//
//
// Each dimension maps on its own. A dimension that is taken as it is joins the
// one in front of it, so that rows of pixels are one long vector loop; along
// the innermost one what lies outside the input is stored by loops of its own,
// which leaves plain loads inside.
//
//===----------------------------------------------------------------------===//

#include "Builder.h"

using Halide::Expr;
using Halide::Internal::simplify;

namespace upconv {

namespace {

/// One dimension of the output and what it reads.
struct Dimension {
  Expr begin = 0; ///< of the task's window
  Expr extent;    ///< of the window
  IndexMap map;
  Size in;             ///< the input's size
  Expr stride, source; ///< of the output and of the input
  bool inside = false; ///< no position is outside
  bool whole = false;  ///< same positions, same size, known
};

/// A part of the innermost dimension.
struct Part {
  Expr first, count;
  bool outside = false; ///< entirely
  bool guarded = false; ///< partly
};

} // namespace

static bool staysInside(const KernelSpec &spec, size_t d) {
  const IndexMap &map = spec.indices[d];
  const Size &in = spec.input.shape[d], &out = spec.output.shape[d];
  if (spec.border == Border::None)
    return true;
  bool identity =
      map.start == Size::of(0) && map.step == 1 && map.repeat == 1 && in == out;
  if (identity)
    return true;
  if (!map.start.isConstant() || !in.isConstant() || !out.isConstant())
    return false;
  int64_t first = map.start.constant,
          last = first + (out.constant - 1) * map.step;
  return std::min(first, last) >= 0 &&
         std::max(first, last) < in.constant * map.repeat;
}

static std::vector<Dimension> dimensionsOf(const Builder &builder) {
  const KernelSpec &spec = builder.spec;
  std::vector<Dimension> dimensions;
  for (size_t d = 0; d < spec.output.rank(); ++d) {
    Dimension dimension;
    dimension.begin = builder.rangeBegin(d);
    dimension.extent = simplify(builder.rangeEnd(d) - dimension.begin);
    dimension.map = spec.indices[d];
    dimension.in = spec.input.shape[d];
    dimension.stride = builder.size(spec.output.strides[d]);
    dimension.source = builder.size(spec.input.strides[d]);
    dimension.inside = staysInside(spec, d);
    dimension.whole =
        dimension.inside && dimension.map.step == 1 &&
        dimension.map.repeat == 1 && dimension.map.start == Size::of(0) &&
        dimension.in.isConstant() && dimension.in == spec.output.shape[d] &&
        Halide::Internal::is_const_zero(dimension.begin);
    dimensions.push_back(dimension);
  }
  return dimensions;
}

/// Joins trailing dimensions that are taken whole to the one before them.
static void joinInner(const KernelSpec &spec,
                      std::vector<Dimension> &dimensions) {
  while (dimensions.size() > 2 && spec.operands.empty()) {
    Dimension &inner = dimensions.back();
    Dimension &outer = dimensions[dimensions.size() - 2];
    Expr size = static_cast<int>(inner.in.constant);
    bool joins =
        inner.whole && outer.map.step == 1 && outer.map.repeat == 1 &&
        outer.map.start.isConstant() && outer.in.isConstant() &&
        Halide::Internal::is_const_zero(outer.begin) &&
        (outer.inside || spec.border == Border::Fill) &&
        Halide::Internal::can_prove(outer.stride == inner.stride * size) &&
        Halide::Internal::can_prove(outer.source == inner.source * size);
    if (!joins)
      return;
    outer.extent = simplify(outer.extent * size);
    outer.map.start = Size::of(outer.map.start.constant * inner.in.constant);
    outer.in = Size::of(outer.in.constant * inner.in.constant);
    outer.stride = inner.stride;
    outer.source = inner.source;
    outer.whole &= inner.whole;
    dimensions.pop_back();
  }
}

/// The input position of output position `o`, and whether it is inside.
static Expr positionOf(const Builder &builder, const Dimension &dimension,
                       const Expr &o, bool guarded, Expr &inside) {
  const IndexMap &map = dimension.map;
  Expr p = o * static_cast<int>(map.step) + builder.size(map.start);
  if (map.repeat != 1)
    p = p / static_cast<int>(map.repeat);
  if (!guarded)
    return p;
  Expr size = builder.size(dimension.in), last = size - 1;
  switch (builder.spec.border) {
  case Border::Fill:
    inside = inside && p >= 0 && p < size;
    break;
  case Border::Reflect:
    p = last - Halide::abs(last - Halide::abs(p));
    break;
  case Border::Symmetric:
    p = Halide::select(p < 0, -1 - p, p);
    p = Halide::select(p >= size, 2 * size - 1 - p, p);
    break;
  default:
    break;
  }
  return Halide::clamp(Halide::cast<int32_t>(p), 0, last);
}

/// Before the input, in it, and behind it.
static std::vector<Part> partsOf(const Builder &builder,
                                 const Dimension &inner) {
  const IndexMap &map = inner.map;
  bool splits = builder.spec.border == Border::Fill && map.step == 1 &&
                map.repeat == 1 && map.start.isConstant() &&
                inner.in.isConstant() &&
                Halide::Internal::is_const_zero(inner.begin);
  auto extent = Halide::Internal::as_const_int(inner.extent);
  if (inner.inside || !splits || !extent)
    return {{0, inner.extent, false, !inner.inside}};
  int64_t first = std::clamp<int64_t>(-map.start.constant, 0, *extent);
  int64_t last = std::clamp<int64_t>(inner.in.constant - map.start.constant,
                                     first, *extent);
  auto number = [](int64_t value) { return Expr(static_cast<int>(value)); };
  return {{0, number(first), true, false},
          {number(first), number(last - first), false, false},
          {number(last), number(*extent - last), true, false}};
}

static void emitPart(Builder &builder, const std::vector<Dimension> &dimensions,
                     const Part &part) {
  const KernelSpec &spec = builder.spec;
  int64_t lanes = spec.schedule.knob("lanes", spec.target.vectorFloats);
  auto known = Halide::Internal::as_const_int(part.count);
  while (known && lanes > 1 && lanes / 2 >= *known)
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
    Expr step = (first + nest.at("vector")) * width + nest.at("lane");
    if (masked)
      nest.where(step < part.count);
    std::vector<Expr> coordinates;
    Expr target = 0, source = 0, inside = Halide::Internal::const_true();
    for (size_t d = 0; d < dimensions.size(); ++d) {
      const Dimension &dimension = dimensions[d];
      bool last = d + 1 == dimensions.size();
      Expr o = last ? part.first + step : nest.at("d" + std::to_string(d));
      o += dimension.begin;
      coordinates.push_back(o);
      target += o * dimension.stride;
      bool guarded = last ? part.guarded : !dimension.inside;
      source +=
          positionOf(builder, dimension, o, guarded, inside) * dimension.source;
    }
    Expr fill = static_cast<float>(spec.fill);
    Expr value = part.outside
                     ? fill
                     : Halide::select(inside, builder.loadInput(source), fill);
    builder.define(nest, target, builder.finish(value, coordinates));
  };
  Expr whole = simplify(part.count / width);
  emit(0, whole, false);
  if (!Halide::Internal::can_prove(part.count % width == 0))
    emit(whole, 1, true);
}

void buildReindex(Builder &builder) {
  std::vector<Dimension> dimensions = dimensionsOf(builder);
  joinInner(builder.spec, dimensions);
  for (const Part &part : partsOf(builder, dimensions.back()))
    emitPart(builder, dimensions, part);
}

} // namespace upconv
