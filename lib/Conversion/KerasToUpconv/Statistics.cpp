//===- Statistics.cpp - Layers that look at a whole sample ----------------===//
//
// Global pools, and normalizations whose mean and variance are the sample's
// own.
//
//===----------------------------------------------------------------------===//

#include "Movement.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace upconv;

static SmallVector<int64_t> sortedAxes(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes)
    result.push_back(normalizeAxis(axis, rank));
  llvm::sort(result);
  return result;
}

template <typename Op>
static Value lowerGlobalPooling(Lowering &lowering, Op op, StringRef kind) {
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  bool channelsFirst = op.getDataFormat() == "channels_first";
  if (channelsFirst)
    input = lowering.toChannelsLast(loc, input);
  Extents extents = getExtents(input.getType());
  Value result =
      reduce(lowering, loc, kind, input,
             llvm::to_vector(llvm::seq<int64_t>(1, extents.size() - 1)));
  if (op.getKeepdims())
    return channelsFirst ? lowering.toChannelsFirst(loc, result) : result;
  return reshape(lowering, loc, result, {extents.front(), extents.back()});
}

//===----------------------------------------------------------------------===//
// Normalizations
//===----------------------------------------------------------------------===//

// `kind` of the squares of `value`, less `mean` where that is given.
static Value squares(Lowering &lowering, Location loc, StringRef kind,
                     Value value, Value mean, ArrayRef<int64_t> axes) {
  SmallVector<Value> inputs = {value};
  if (mean)
    inputs.push_back(mean);
  Extents extents = getExtents(value.getType());
  Value first = reduce(lowering, loc, kind, inputs, extents, axes.back(),
                       [](OpBuilder &builder, Location loc, ValueRange in) {
                         Scalars scalars(builder, loc);
                         Value x =
                             in.size() > 1 ? scalars.sub(in[0], in[1]) : in[0];
                         return scalars.mul(x, x);
                       });
  return reduce(lowering, loc, kind, first, axes.drop_back());
}

// (value - mean) / sqrt(variance + epsilon) * gamma + beta; any of mean, gamma
// and beta may be null.
static Value normalize(Lowering &lowering, Location loc, Value value,
                       Value mean, Value variance, double epsilon, Value gamma,
                       Value beta) {
  SmallVector<Value> inputs = {value, variance};
  for (Value optional : {mean, gamma, beta})
    if (optional)
      inputs.push_back(optional);
  return lowering.map(loc, inputs, getExtents(value.getType()),
                      [&](OpBuilder &builder, Location loc, ValueRange in) {
                        Scalars s(builder, loc);
                        unsigned next = 2;
                        Value x = mean ? s.sub(in[0], in[next++]) : in[0];
                        x = s.div(x, s.unary("sqrt", s.add(in[1], s(epsilon))));
                        if (gamma)
                          x = s.mul(x, in[next++]);
                        if (beta)
                          x = s.add(x, in[next++]);
                        return x;
                      });
}

// A variable over `axes`, broadcast over the others; null where it is not used.
static Value along(Lowering &lowering, Operation *layer, bool isUsed,
                   StringRef variable, StringRef role, Value value,
                   ArrayRef<int64_t> axes) {
  if (!isUsed)
    return {};
  Extents extents = getExtents(value.getType());
  SmallVector<int64_t> shape(extents.size(), 1);
  for (int64_t axis : axes)
    shape[axis] = *getConstant(extents[axis]);
  return lowering.weights(layer, variable, role, axes.back(), shape);
}

static Value lowerLayerNormalization(Lowering &lowering,
                                     keras::LayerNormalizationOp op) {
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  SmallVector<int64_t> axes =
      sortedAxes(op.getAxis(), getExtents(input.getType()).size());
  Value mean = reduce(lowering, loc, "mean", input, axes);
  Value variance = squares(lowering, loc, "mean", input, mean, axes);
  bool rms = op.getRmsScaling();
  return normalize(
      lowering, loc, input, rms ? Value() : mean, variance,
      op.getEpsilon().convertToDouble(),
      along(lowering, op, op.getScale() || rms, "gamma", "scale", input, axes),
      along(lowering, op, op.getCenter() && !rms, "beta", "shift", input,
            axes));
}

static Value lowerRMSNormalization(Lowering &lowering,
                                   keras::RMSNormalizationOp op) {
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  SmallVector<int64_t> axes =
      sortedAxes(op.getAxis(), getExtents(input.getType()).size());
  Value square = squares(lowering, loc, "mean", input, Value(), axes);
  return normalize(
      lowering, loc, input, Value(), square, op.getEpsilon().convertToDouble(),
      along(lowering, op, true, "scale", "scale", input, axes), Value());
}

static Value lowerUnitNormalization(Lowering &lowering,
                                    keras::UnitNormalizationOp op) {
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  Extents extents = getExtents(input.getType());
  Value sum = squares(lowering, loc, "sum", input, Value(),
                      sortedAxes(op.getAxis(), extents.size()));
  return lowering.map(loc, {input, sum}, extents,
                      [](OpBuilder &builder, Location loc, ValueRange in) {
                        Scalars s(builder, loc);
                        return s.div(in[0],
                                     s.unary("sqrt", s.max(in[1], s(1e-12))));
                      });
}

// The mean of each group of channels, for every channel of it. The channels are
// last, so that all sums but this short one run along vectors of them.
static Value groupMean(Lowering &lowering, Location loc, Value perChannel,
                       int64_t groups) {
  Extents extents = getExtents(perChannel.getType());
  int64_t channels = *getConstant(extents.back());
  if (groups == channels)
    return perChannel;
  Extents split = extents;
  split.back() = lowering.constant(groups);
  Extents narrow = split;
  split.push_back(lowering.constant(channels / groups));
  Value mean =
      reduce(lowering, loc, "mean", reshape(lowering, loc, perChannel, split),
             {static_cast<int64_t>(extents.size())});
  Value joined = reshape(lowering, loc, mean, narrow);
  SmallVector<AxisIndex> indices = identityIndices(joined);
  indices.back().extent = extents.back();
  indices.back().repeat = channels / groups;
  return reindex(lowering, loc, joined, indices);
}

static Value lowerGroupNormalization(Lowering &lowering,
                                     keras::GroupNormalizationOp op) {
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  int64_t rank = getExtents(input.getType()).size();
  int64_t axis = normalizeAxis(op.getAxis(), rank);
  SmallVector<int64_t> swap = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(swap[axis], swap[rank - 1]);
  // As for a batch normalization: channels_first means the whole rotation.
  bool rotate = axis == 1 && rank > 2, moved = axis != rank - 1;
  Value value = rotate  ? lowering.toChannelsLast(loc, input)
                : moved ? lowering.transpose(loc, input, swap)
                        : input;
  int64_t channels = *getConstant(getExtents(value.getType()).back());
  auto groups = static_cast<int64_t>(op.getGroups());
  if (groups == -1)
    groups = channels;
  SmallVector<int64_t> positions =
      llvm::to_vector(llvm::seq<int64_t>(1, rank - 1));

  Value mean = groupMean(
      lowering, loc, reduce(lowering, loc, "mean", value, positions), groups);
  // Without positions each channel's square is its own mean.
  Value variance;
  if (positions.empty())
    variance =
        lowering.map(loc, {value, mean}, getExtents(value.getType()),
                     [](OpBuilder &builder, Location loc, ValueRange in) {
                       Scalars s(builder, loc);
                       Value x = s.sub(in[0], in[1]);
                       return s.mul(x, x);
                     });
  else
    variance = squares(lowering, loc, "mean", value, mean, positions);
  variance = groupMean(lowering, loc, variance, groups);
  Value result = normalize(
      lowering, loc, value, mean, variance, op.getEpsilon().convertToDouble(),
      along(lowering, op, op.getScale(), "gamma", "scale", value, {rank - 1}),
      along(lowering, op, op.getCenter(), "beta", "shift", value, {rank - 1}));
  return rotate  ? lowering.toChannelsFirst(loc, result)
         : moved ? lowering.transpose(loc, result, swap)
                 : result;
}

//===----------------------------------------------------------------------===//
// Masking, embedding
//===----------------------------------------------------------------------===//

// A step is kept if any feature differs from the value.
static Value lowerMasking(Lowering &lowering, keras::MaskingOp op) {
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  Extents extents = getExtents(input.getType());
  double masked = op.getMaskValue().convertToDouble();
  Value kept =
      reduce(lowering, loc, "max", input, extents, extents.size() - 1,
             [&](OpBuilder &builder, Location loc, ValueRange in) -> Value {
               Scalars s(builder, loc);
               // Not equal, for a NaN too.
               auto atMost = [&](Value x, Value y) -> Value {
                 return arith::CmpFOp::create(builder, loc,
                                              arith::CmpFPredicate::OLE, x, y);
               };
               Value value = s(masked), one = s(1), zero = s(0);
               Value above = arith::SelectOp::create(
                   builder, loc, atMost(value, in[0]), zero, one);
               return arith::SelectOp::create(builder, loc,
                                              atMost(in[0], value), above, one);
             });
  return lowering.map(loc, {input, kept}, extents,
                      [](OpBuilder &builder, Location loc, ValueRange in) {
                        return Scalars(builder, loc).mul(in[0], in[1]);
                      });
}

static Value lowerEmbedding(Lowering &lowering, keras::EmbeddingOp op) {
  Value input = lowering.lowered(op.getInput());
  int64_t rows = op.getInputDim(), width = op.getOutputDim();
  Extents extents = getExtents(input.getType());
  extents.push_back(lowering.constant(width));
  Value table = lowering.weights(op, "embeddings", "kernel", 1, {rows, width});
  return LookupOp::create(lowering.builder, op.getLoc(),
                          getTensorType(lowering.context(), extents), input,
                          table);
}

Value upconv::lowerStatistics(Lowering &lowering, Operation *layer) {
  return llvm::TypeSwitch<Operation *, Value>(layer)
      .Case<keras::GlobalMaxPooling1DOp, keras::GlobalMaxPooling2DOp,
            keras::GlobalMaxPooling3DOp>(
          [&](auto op) { return lowerGlobalPooling(lowering, op, "max"); })
      .Case<keras::GlobalAveragePooling1DOp, keras::GlobalAveragePooling2DOp,
            keras::GlobalAveragePooling3DOp>(
          [&](auto op) { return lowerGlobalPooling(lowering, op, "mean"); })
      .Case([&](keras::LayerNormalizationOp op) {
        return lowerLayerNormalization(lowering, op);
      })
      .Case([&](keras::RMSNormalizationOp op) {
        return lowerRMSNormalization(lowering, op);
      })
      .Case([&](keras::UnitNormalizationOp op) {
        return lowerUnitNormalization(lowering, op);
      })
      .Case([&](keras::GroupNormalizationOp op) {
        return lowerGroupNormalization(lowering, op);
      })
      .Case([&](keras::MaskingOp op) { return lowerMasking(lowering, op); })
      .Case([&](keras::EmbeddingOp op) { return lowerEmbedding(lowering, op); })
      .Default([](Operation *) { return Value(); });
}
