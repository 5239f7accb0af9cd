//===- AdaptivePooling.cpp - Lowering of pooling to a given size ----------===//
//
// Output o of m on an axis of n positions pools [floor(o n / m),
// ceil((o + 1) n / m)). Where m divides n, that is a pool of window and stride
// n / m. Otherwise a window has k = ceil(n / m) positions or k + 1, so that on
// every axis two pools of stride 1 hold all windows, and each output takes its
// own from them.
//
//===----------------------------------------------------------------------===//

#include "Movement.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace upconv;

namespace {

/// One spatial axis of a channels-last tensor.
struct PooledAxis {
  int64_t axis, inputs, outputs;

  int64_t first(int64_t output) const { return output * inputs / outputs; }
  int64_t behind(int64_t output) const {
    return llvm::divideCeilSigned((output + 1) * inputs, outputs);
  }
};

} // namespace

// Windows of `sizes`, one per spatial axis.
static Value pool(Lowering &lowering, Location loc, StringRef kind, Value value,
                  ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides) {
  Extents extents = getExtents(value.getType());
  for (size_t i = 0; i < sizes.size(); ++i)
    extents[i + 1] = (extents[i + 1] - sizes[i]).floorDiv(strides[i]) + 1;
  Extents pads(sizes.size(), lowering.constant(0));
  return PoolOp::create(lowering.builder, loc,
                        getTensorType(lowering.context(), extents), value, kind,
                        sizes, strides, getExtentMap(lowering.context(), pads));
}

// The windows of `size` positions along the axis, for every start.
static Value windows(Lowering &lowering, Location loc, StringRef kind,
                     Value value, const PooledAxis &axis, int64_t size) {
  SmallVector<int64_t> sizes(getExtents(value.getType()).size() - 2, 1);
  SmallVector<int64_t> strides = sizes;
  sizes[axis.axis - 1] = size;
  return pool(lowering, loc, kind, value, sizes, strides);
}

// Output o takes element floor((o * inputs + offset) / outputs).
static Value pick(Lowering &lowering, Location loc, Value value,
                  const PooledAxis &axis, int64_t offset) {
  SmallVector<AxisIndex> indices = identityIndices(value);
  indices[axis.axis] = {lowering.constant(axis.outputs),
                        lowering.constant(offset), axis.inputs, axis.outputs};
  return reindex(lowering, loc, value, indices, "edge");
}

static Value poolAxis(Lowering &lowering, Location loc, StringRef kind,
                      Value value, const PooledAxis &axis) {
  int64_t size = llvm::divideCeilSigned(axis.inputs, axis.outputs);
  Value small = windows(lowering, loc, kind, value, axis, size);
  Value atFirst = pick(lowering, loc, small, axis, 0);
  Extents extents = getExtents(atFirst.getType());
  // Together a window's first and last `size` positions are all of it.
  if (kind == "max")
    return lowering.map(
        loc,
        {atFirst, pick(lowering, loc, small, axis,
                       axis.inputs + axis.outputs - 1 - size * axis.outputs)},
        extents, [](OpBuilder &builder, Location loc, ValueRange in) {
          return Scalars(builder, loc).max(in[0], in[1]);
        });
  SmallVector<double> isLarge;
  for (int64_t o = 0; o < axis.outputs; ++o)
    isLarge.push_back(axis.behind(o) - axis.first(o) > size);
  if (!llvm::is_contained(isLarge, 1.0))
    return atFirst;
  Value large = windows(lowering, loc, kind, value, axis, size + 1);
  SmallVector<int64_t> shape(extents.size() - axis.axis, 1);
  shape.front() = axis.outputs;
  Value choice = lowering.constants(loc, "scale", isLarge, shape);
  return lowering.map(
      loc, {atFirst, pick(lowering, loc, large, axis, 0), choice}, extents,
      [](OpBuilder &builder, Location loc, ValueRange in) {
        Scalars s(builder, loc);
        return s.selectGreater(in[2], s(0.5), in[1], in[0]);
      });
}

template <typename Op>
static Value lowerAdaptive(Lowering &lowering, Op op, StringRef kind) {
  Location loc = op.getLoc();
  ArrayRef<int64_t> outputs = op.getOutputSize();
  // The windows depend on the sizes.
  unsigned first = op.getDataFormat() == "channels_first" ? 2 : 1;
  auto known = cast<RankedTensorType>(op.getInput().getType())
                   .getShape()
                   .slice(first, outputs.size());
  if (ShapedType::isDynamicShape(known))
    return {};
  return inChannelsLast(
      lowering, loc, lowering.lowered(op.getInput()), op.getDataFormat(),
      [&](Value value) {
        SmallVector<PooledAxis> axes;
        for (auto [axis, size] : llvm::enumerate(outputs))
          axes.push_back({static_cast<int64_t>(axis) + 1,
                          *getConstant(getExtents(value.getType())[axis + 1]),
                          size});
        SmallVector<int64_t> sizes(axes.size(), 1);
        for (auto [size, axis] : llvm::zip(sizes, axes))
          if (axis.inputs % axis.outputs == 0)
            size = axis.inputs / axis.outputs;
        if (llvm::any_of(sizes, [](int64_t size) { return size != 1; }))
          value = pool(lowering, loc, kind, value, sizes, sizes);
        for (const PooledAxis &axis : axes)
          if (axis.inputs % axis.outputs != 0)
            value = poolAxis(lowering, loc, kind, value, axis);
        return value;
      });
}

Value upconv::lowerAdaptivePooling(Lowering &lowering, Operation *layer) {
  return llvm::TypeSwitch<Operation *, Value>(layer)
      .Case<keras::AdaptiveMaxPooling1DOp, keras::AdaptiveMaxPooling2DOp,
            keras::AdaptiveMaxPooling3DOp>(
          [&](auto op) { return lowerAdaptive(lowering, op, "max"); })
      .Case<keras::AdaptiveAveragePooling1DOp,
            keras::AdaptiveAveragePooling2DOp,
            keras::AdaptiveAveragePooling3DOp>(
          [&](auto op) { return lowerAdaptive(lowering, op, "average"); })
      .Default([](Operation *) { return Value(); });
}
