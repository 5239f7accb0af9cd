//===- Slicing.cpp - Lowering of padding, slicing and joining -------------===//

#include "Movement.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace upconv;

static Twine nameOf(Operation *layer) {
  return Twine(keras::getLayerName(layer->getLoc()));
}

//===----------------------------------------------------------------------===//
// Joining
//===----------------------------------------------------------------------===//

static Value lowerConcatenate(Lowering &lowering, keras::ConcatenateOp op) {
  Location loc = op.getLoc();
  SmallVector<Value> parts;
  for (Value input : op.getInputs())
    parts.push_back(lowering.lowered(input));
  Extents first = getExtents(parts.front().getType());
  int64_t axis = normalizeAxis(op.getAxis(), first.size());
  for (auto [number, part] : llvm::enumerate(ArrayRef(parts).drop_front()))
    for (auto [d, extent] : llvm::enumerate(getExtents(part.getType())))
      if (static_cast<int64_t>(d) != axis)
        lowering.requireEqual(
            loc, first[d], extent,
            "layer '" + nameOf(op) + "' joins layer '" +
                keras::getLayerName(op.getInputs()[0].getLoc()) +
                "' and layer '" +
                keras::getLayerName(op.getInputs()[number + 1].getLoc()) +
                "', which differ in size on axis " + Twine(d));
  return concat(lowering, loc, parts, axis);
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

// (n, b*y, b*x, c) and (n, y, x, b*b*c) are permutations of (n, y, b, x, b, c).
static Value lowerDepthToSpace(Lowering &lowering,
                               keras::OpsDepthToSpaceOp op) {
  Location loc = op.getLoc();
  int64_t block = op.getBlockSize();
  return inChannelsLast(
      lowering, loc, lowering.lowered(op.getInput()), op.getDataFormat(),
      [&](Value value) {
        Extents e = getExtents(value.getType());
        AffineExpr b = lowering.constant(block);
        AffineExpr depth = e[3].floorDiv(block * block);
        value = reshape(lowering, loc, value, {e[0], e[1], e[2], b, b, depth});
        value = lowering.transpose(loc, value, {0, 1, 3, 2, 4, 5});
        return reshape(lowering, loc, value,
                       {e[0], e[1] * block, e[2] * block, depth});
      });
}

static Value lowerSpaceToDepth(Lowering &lowering,
                               keras::OpsSpaceToDepthOp op) {
  Location loc = op.getLoc();
  int64_t block = op.getBlockSize();
  return inChannelsLast(
      lowering, loc, lowering.lowered(op.getInput()), op.getDataFormat(),
      [&](Value value) {
        Extents e = getExtents(value.getType());
        AffineExpr b = lowering.constant(block);
        AffineExpr y = e[1].floorDiv(block), x = e[2].floorDiv(block);
        for (auto [fine, coarse] : {std::pair(e[1], y), std::pair(e[2], x)})
          lowering.requireEqual(loc, fine, coarse * block,
                                "the input of layer '" + nameOf(op) +
                                    "' is not whole blocks");
        value = reshape(lowering, loc, value, {e[0], y, b, x, b, e[3]});
        value = lowering.transpose(loc, value, {0, 1, 3, 2, 4, 5});
        return reshape(lowering, loc, value,
                       {e[0], y, x, e[3] * (block * block)});
      });
}

//===----------------------------------------------------------------------===//
// Padding and slicing
//===----------------------------------------------------------------------===//

static Value lowerPad(Lowering &lowering, keras::OpsPadOp op) {
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  SmallVector<AxisIndex> indices = identityIndices(input);
  StringRef mode = op.getMode();
  for (auto [axis, index] : llvm::enumerate(indices)) {
    int64_t low = op.getPadWidth()[2 * axis];
    int64_t high = op.getPadWidth()[2 * axis + 1];
    // A mirror needs elements to show.
    int64_t shown = std::max(low, high) + (mode == "reflect");
    if (shown > (mode == "reflect") &&
        (mode == "reflect" || mode == "symmetric"))
      lowering.requirePositive(loc, index.extent - (shown - 1),
                               "the input of layer '" + nameOf(op) +
                                   "' is too short to be mirrored");
    index.start = lowering.constant(-low);
    index.extent = index.extent + (low + high);
  }
  return reindex(lowering, loc, input, indices,
                 mode == "constant" ? StringRef("fill") : mode,
                 op.getValue().convertToDouble());
}

// `sides` are (low, high) per spatial axis, added where positive and taken away
// where negative.
template <typename Op>
static Value lowerBorders(Lowering &lowering, Op op, ArrayRef<int64_t> sides) {
  Location loc = op.getLoc();
  return inChannelsLast(
      lowering, loc, lowering.lowered(op.getInput()), op.getDataFormat(),
      [&](Value value) {
        SmallVector<AxisIndex> indices = identityIndices(value);
        for (size_t axis = 0; 2 * axis < sides.size(); ++axis) {
          AxisIndex &index = indices[axis + 1];
          index.start = lowering.constant(-sides[2 * axis]);
          index.extent = index.extent + (sides[2 * axis] + sides[2 * axis + 1]);
          lowering.requirePositive(loc, index.extent,
                                   "the output of layer '" + nameOf(op) +
                                       "' would be empty");
        }
        return reindex(lowering, loc, value, indices, "fill");
      });
}

static SmallVector<int64_t> negated(ArrayRef<int64_t> sides) {
  return llvm::map_to_vector(sides, [](int64_t side) { return -side; });
}

static Value lowerCenterCrop(Lowering &lowering, keras::CenterCropOp op) {
  Extents extents = getExtents(lowering.lowered(op.getInput()).getType());
  int64_t first = op.getDataFormat() == "channels_first" ? 2 : 1;
  SmallVector<int64_t> sides;
  for (auto [axis, wanted] : {std::pair(first, op.getHeight()),
                              std::pair(first + 1, op.getWidth())}) {
    std::optional<int64_t> size = getConstant(extents[axis]);
    // What is too small Keras enlarges instead.
    if (!size || *size < static_cast<int64_t>(wanted))
      return {};
    int64_t excess = *size - static_cast<int64_t>(wanted);
    sides.append({-(excess / 2), -(excess - excess / 2)});
  }
  return lowerBorders(lowering, op, sides);
}

static constexpr int64_t kNone = std::numeric_limits<int64_t>::min();

// A place that Python counts from the front or from the end, limited to
// [lowest, size - 1 + (step > 0)] where the size is known.
static AffineExpr resolve(Lowering &lowering, Operation *layer, int64_t place,
                          AffineExpr size, int64_t step) {
  if (std::optional<int64_t> known = getConstant(size)) {
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? *known : *known - 1;
    int64_t from = place < 0 ? place + *known : place;
    return lowering.constant(std::clamp(from, low, high));
  }
  // Where Python would shorten the slice of a short input, the input is
  // refused.
  int64_t needed = place < 0 ? -place : place + (step < 0);
  lowering.requirePositive(layer->getLoc(), size - (needed - 1),
                           "the input of layer '" + nameOf(layer) +
                               "' is shorter than its slice");
  return place < 0 ? size + place : lowering.constant(place);
}

static AxisIndex sliceOf(Lowering &lowering, Operation *layer, AffineExpr size,
                         int64_t begin, int64_t end, int64_t step) {
  AffineExpr first = step > 0 ? lowering.constant(0) : size - 1;
  AffineExpr behind = step > 0 ? size : lowering.constant(-1);
  if (begin != kNone)
    first = resolve(lowering, layer, begin, size, step);
  if (end != kNone)
    behind = resolve(lowering, layer, end, size, step);
  AffineExpr length = step > 0 ? (behind - first).ceilDiv(step)
                               : (first - behind).ceilDiv(-step);
  lowering.requirePositive(layer->getLoc(), length,
                           "the slice of layer '" + nameOf(layer) +
                               "' would be empty");
  return {length, first, step};
}

static Value lowerSlice(Lowering &lowering, keras::OpsSliceOp op) {
  Value input = lowering.lowered(op.getInput());
  SmallVector<AxisIndex> indices = identityIndices(input);
  Extents kept;
  for (auto [axis, index] : llvm::enumerate(indices)) {
    int64_t begin = op.getBegin()[axis];
    if (llvm::is_contained(op.getSqueeze(), static_cast<int64_t>(axis))) {
      index = {lowering.constant(1),
               resolve(lowering, op, begin, index.extent, -1)};
      continue;
    }
    index = sliceOf(lowering, op, index.extent, begin, op.getEnd()[axis],
                    op.getStrides()[axis]);
    kept.push_back(index.extent);
  }
  Value result = reindex(lowering, op.getLoc(), input, indices);
  return kept.size() == indices.size()
             ? result
             : reshape(lowering, op.getLoc(), result, kept);
}

Value upconv::lowerSlicing(Lowering &lowering, Operation *layer) {
  return llvm::TypeSwitch<Operation *, Value>(layer)
      .Case([&](keras::ConcatenateOp op) {
        return lowerConcatenate(lowering, op);
      })
      .Case([&](keras::OpsDepthToSpaceOp op) {
        return lowerDepthToSpace(lowering, op);
      })
      .Case([&](keras::OpsSpaceToDepthOp op) {
        return lowerSpaceToDepth(lowering, op);
      })
      .Case([&](keras::OpsPadOp op) { return lowerPad(lowering, op); })
      .Case([&](keras::OpsSliceOp op) { return lowerSlice(lowering, op); })
      .Case<keras::ZeroPadding1DOp, keras::ZeroPadding2DOp,
            keras::ZeroPadding3DOp>(
          [&](auto op) { return lowerBorders(lowering, op, op.getPadding()); })
      .Case<keras::Cropping1DOp, keras::Cropping2DOp, keras::Cropping3DOp>(
          [&](auto op) {
            return lowerBorders(lowering, op, negated(op.getCropping()));
          })
      .Case(
          [&](keras::CenterCropOp op) { return lowerCenterCrop(lowering, op); })
      .Default([](Operation *) { return Value(); });
}
