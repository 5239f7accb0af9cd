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
// Axes of size 1, blocks
//===----------------------------------------------------------------------===//

static Value lowerExpandDims(Lowering &lowering, keras::OpsExpandDimsOp op) {
  Value input = lowering.lowered(op.getInput());
  Extents extents = getExtents(input.getType());
  extents.insert(extents.begin() +
                     normalizeAxis(op.getAxis(), extents.size() + 1),
                 lowering.constant(1));
  return reshape(lowering, op.getLoc(), input, extents);
}

// Without `axes`, whose sizes must be 1.
static Value dropAxes(Lowering &lowering, Operation *layer, Value value,
                      ArrayRef<int64_t> axes) {
  Extents extents = getExtents(value.getType()), kept;
  SmallVector<int64_t> dropped;
  for (int64_t axis : axes)
    dropped.push_back(normalizeAxis(axis, extents.size()));
  for (auto [axis, extent] : llvm::enumerate(extents)) {
    if (!llvm::is_contained(dropped, axis)) {
      kept.push_back(extent);
      continue;
    }
    lowering.requireEqual(layer->getLoc(), extent, lowering.constant(1),
                          "layer '" + nameOf(layer) +
                              "' drops an axis that is longer than 1");
  }
  return reshape(lowering, layer->getLoc(), value, kept);
}

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
  for (auto [axis, index] : llvm::enumerate(indices)) {
    if (llvm::is_contained(op.getSqueeze(), static_cast<int64_t>(axis)))
      index = {lowering.constant(1),
               resolve(lowering, op, op.getBegin()[axis], index.extent, -1)};
    else
      index = sliceOf(lowering, op, index.extent, op.getBegin()[axis],
                      op.getEnd()[axis], op.getStrides()[axis]);
  }
  Value result = reindex(lowering, op.getLoc(), input, indices);
  return op.getSqueeze().empty()
             ? result
             : dropAxes(lowering, op, result, op.getSqueeze());
}

Value upconv::lowerSlicing(Lowering &lowering, Operation *layer) {
  return llvm::TypeSwitch<Operation *, Value>(layer)
      .Case([&](keras::ConcatenateOp op) {
        return lowerConcatenate(lowering, op);
      })
      .Case([&](keras::OpsExpandDimsOp op) {
        return lowerExpandDims(lowering, op);
      })
      .Case([&](keras::OpsSqueezeOp op) {
        return dropAxes(lowering, op, lowering.lowered(op.getInput()),
                        op.getAxis());
      })
      .Case([&](keras::OpsDepthToSpaceOp op) {
        return lowerDepthToSpace(lowering, op);
      })
      .Case([&](keras::OpsSpaceToDepthOp op) {
        return lowerSpaceToDepth(lowering, op);
      })
      .Case([&](keras::OpsPadOp op) { return lowerPad(lowering, op); })
      .Case([&](keras::OpsSliceOp op) { return lowerSlice(lowering, op); })
      .Default([](Operation *) { return Value(); });
}
