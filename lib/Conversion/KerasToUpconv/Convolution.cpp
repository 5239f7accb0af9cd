//===- Convolution.cpp - Keras's convolutions and pools -------------------===//
//
// Where `same`, `causal`, `output_padding` and `data_format` end: from here on
// there are explicit crops, pads and channels-last tensors.
//
//===----------------------------------------------------------------------===//

#include "Lowering.h"

#include "upconv/Dialect/Keras/IR/Semantics.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace upconv;

namespace {

// What the rank variants of one family have in common.
struct Geometry {
  ArrayRef<int64_t> kernel, strides, dilations;
  StringRef padding, dataFormat;
  int64_t rank() const { return kernel.size(); }
  int64_t extent(int64_t axis) const {
    return (kernel[axis] - 1) * dilations[axis] + 1;
  }
  bool channelsFirst() const { return dataFormat == "channels_first"; }
};

} // namespace

// Zeros before the input, by TensorFlow's SAME rule: half of
// max((ceil(n/s) - 1) * s + Ke - n, 0), rounded down. With an unknown n the
// maximum is spelled as a sum of Ke - 1 steps, [total >= i] = (total - i + s)
// floordiv s, because affine expressions have no max; it is needed only for
// Ke < s, where total lies in [Ke - s, Ke - 1].
static AffineExpr samePad(AffineExpr n, int64_t windowExtent, int64_t stride) {
  AffineExpr total = (n.ceilDiv(stride) - 1) * stride + windowExtent - n;
  if (std::optional<int64_t> known = getConstant(total))
    return getAffineConstantExpr(std::max<int64_t>(*known, 0) / 2,
                                 n.getContext());
  if (windowExtent >= stride)
    return total.floorDiv(2);
  AffineExpr positive = getAffineConstantExpr(0, n.getContext());
  for (int64_t i = 1; i < windowExtent; ++i)
    positive = positive + (total - i + stride).floorDiv(stride);
  return positive.floorDiv(2);
}

// Output length and leading pad of a forward window (convolution or pool).
static std::pair<AffineExpr, AffineExpr> forwardAxis(AffineExpr n,
                                                     int64_t windowExtent,
                                                     int64_t stride,
                                                     StringRef padding) {
  AffineExpr zero = getAffineConstantExpr(0, n.getContext());
  if (padding == "same")
    return {n.ceilDiv(stride), samePad(n, windowExtent, stride)};
  if (padding == "causal")
    return {n.ceilDiv(stride), zero + (windowExtent - 1)};
  return {(n - windowExtent).floorDiv(stride) + 1, zero};
}

// Output length and leading crop of a transposed convolution; the table in
// KerasOps.td.
static std::pair<AffineExpr, int64_t>
transposedAxis(AffineExpr n, int64_t windowExtent, int64_t stride,
               StringRef padding, std::optional<int64_t> outputPadding,
               bool cropRoundsUp) {
  AffineExpr natural = (n - 1) * stride;
  bool same = padding == "same";
  auto half = [&](int64_t total) {
    return (std::max<int64_t>(total, 0) + cropRoundsUp) / 2;
  };
  if (!outputPadding)
    return same ? std::pair(n * stride, half(windowExtent - stride))
                : std::pair(natural + std::max(windowExtent, stride),
                            int64_t(0));
  int64_t parity = windowExtent % 2;
  if (same)
    return {natural + parity + *outputPadding,
            half(windowExtent - parity - *outputPadding)};
  return {natural + windowExtent + *outputPadding, 0};
}

static void requireOutput(Lowering &lowering, Operation *layer,
                          AffineExpr length) {
  Location loc = layer->getLoc();
  lowering.requirePositive(loc, length,
                           "the output of layer '" + keras::getLayerName(loc) +
                               "' would be empty");
}

// The activation belongs to Keras's layout: a softmax over the last axis of a
// channels_first layer is not over the channels.
static Value finish(Lowering &lowering, Location loc, Value value,
                    StringRef activation, bool channelsFirst) {
  bool late = activation.ends_with("softmax");
  if (!late)
    value = lowering.activation(loc, activation, value);
  if (channelsFirst)
    value = lowering.toChannelsFirst(loc, value);
  return late ? lowering.activation(loc, activation, value) : value;
}

template <typename OpTy> static Geometry geometryOf(OpTy op) {
  return {op.getKernelSize(), op.getStrides(), op.getDilationRate(),
          op.getPadding(), op.getDataFormat()};
}

// Null for a layer without bias.
template <typename OpTy>
static Value biasOf(Lowering &lowering, OpTy op, int64_t channels) {
  return op.getUseBias() ? lowering.weights(op, "bias", "bias", 0, {channels})
                         : Value();
}

template <typename OpTy>
static Value lowerConvTransposeOp(Lowering &lowering, OpTy op) {
  Location loc = op.getLoc();
  Geometry geometry = geometryOf(op);
  Value input = lowering.lowered(op.getInput());
  if (geometry.channelsFirst())
    input = lowering.toChannelsLast(loc, input);
  Extents in = getExtents(input.getType()), out = {in.front()};
  int64_t channels = *getConstant(in.back()), filters = op.getFilters();

  SmallVector<int64_t> crop, kernelShape(geometry.kernel);
  for (int64_t axis = 0; axis < geometry.rank(); ++axis) {
    std::optional<int64_t> outputPadding;
    if (op.getOutputPadding())
      outputPadding = (*op.getOutputPadding())[axis];
    auto [length, low] = transposedAxis(
        in[axis + 1], geometry.extent(axis), geometry.strides[axis],
        geometry.padding, outputPadding, keras::cropsRoundUp(op));
    // Only an explicit output_padding can leave nothing of a non-empty input.
    if (outputPadding)
      requireOutput(lowering, op, length);
    out.push_back(length);
    crop.push_back(low);
  }
  out.push_back(lowering.constant(filters));
  kernelShape.append({filters, channels});

  Value kernel =
      lowering.weights(op, "kernel", "kernel", geometry.rank(), kernelShape);
  Value bias = biasOf(lowering, op, filters);
  Value result = ConvTransposeOp::create(
      lowering.builder, loc, getTensorType(lowering.context(), out), input,
      kernel, bias, geometry.strides, geometry.dilations, crop);
  return finish(lowering, loc, result, op.getActivation(),
                geometry.channelsFirst());
}

// Where a forward window goes: the lengths of its positions per spatial axis
// and the zeros in front.
struct ForwardWindow {
  Extents lengths, pads;

  // [batch, lengths..., channels]
  Extents output(AffineExpr batch, AffineExpr channels) const {
    Extents extents = {batch};
    extents.append(lengths);
    extents.push_back(channels);
    return extents;
  }
};

static ForwardWindow forwardWindow(Lowering &lowering, Operation *layer,
                                   ArrayRef<AffineExpr> in,
                                   const Geometry &geometry) {
  ForwardWindow window;
  for (int64_t axis = 0; axis < geometry.rank(); ++axis) {
    auto [length, low] = forwardAxis(in[axis + 1], geometry.extent(axis),
                                     geometry.strides[axis], geometry.padding);
    if (geometry.padding == "valid")
      requireOutput(lowering, layer, length);
    window.lengths.push_back(length);
    window.pads.push_back(low);
  }
  return window;
}

template <typename OpTy> static Value lowerConvOp(Lowering &lowering, OpTy op) {
  Location loc = op.getLoc();
  Geometry geometry = geometryOf(op);
  Value input = lowering.lowered(op.getInput());
  if (geometry.channelsFirst())
    input = lowering.toChannelsLast(loc, input);
  Extents in = getExtents(input.getType());
  int64_t channels = *getConstant(in.back()), filters = op.getFilters();
  int64_t groups = op.getGroups();
  ForwardWindow window = forwardWindow(lowering, op, in, geometry);
  SmallVector<int64_t> kernelShape(geometry.kernel);
  kernelShape.append({channels / groups, filters});
  Value kernel = lowering.weights(op, "kernel", "kernel", geometry.rank() + 1,
                                  kernelShape);
  Value result = ConvOp::create(
      lowering.builder, loc,
      getTensorType(lowering.context(),
                    window.output(in.front(), lowering.constant(filters))),
      input, kernel, biasOf(lowering, op, filters), geometry.strides,
      geometry.dilations, getExtentMap(lowering.context(), window.pads),
      groups);
  return finish(lowering, loc, result, op.getActivation(),
                geometry.channelsFirst());
}

// A convolution of every channel on its own is one with as many groups; Keras's
// kernel (k..., channels, multiplier) holds the outputs in their order. A null
// `bias` leaves it out.
template <typename OpTy>
static Value depthwise(Lowering &lowering, OpTy op, const Geometry &geometry,
                       Value input, StringRef kernelName, Value bias) {
  Extents in = getExtents(input.getType());
  int64_t channels = *getConstant(in.back());
  int64_t wide = channels * op.getDepthMultiplier();
  ForwardWindow window = forwardWindow(lowering, op, in, geometry);
  SmallVector<int64_t> kernelShape(geometry.kernel);
  kernelShape.append({1, wide});
  Value kernel = lowering.weights(op, kernelName, "kernel", geometry.rank() + 1,
                                  kernelShape);
  return ConvOp::create(
      lowering.builder, op.getLoc(),
      getTensorType(lowering.context(),
                    window.output(in.front(), lowering.constant(wide))),
      input, kernel, bias, geometry.strides, geometry.dilations,
      getExtentMap(lowering.context(), window.pads), channels);
}

// The channels of `input` mixed at every position.
template <typename OpTy>
static Value pointwise(Lowering &lowering, OpTy op, Value input,
                       int64_t filters) {
  Extents extents = getExtents(input.getType());
  int64_t rank = extents.size() - 2, channels = *getConstant(extents.back());
  SmallVector<int64_t> ones(rank, 1), kernelShape(ones);
  kernelShape.append({channels, filters});
  Extents zeros(rank, lowering.constant(0));
  extents.back() = lowering.constant(filters);
  return ConvOp::create(
      lowering.builder, op.getLoc(), getTensorType(lowering.context(), extents),
      input,
      lowering.weights(op, "pointwise_kernel", "kernel", rank + 1, kernelShape),
      biasOf(lowering, op, filters), ones, ones,
      getExtentMap(lowering.context(), zeros), 1);
}

template <typename OpTy>
static Value lowerDepthwiseOp(Lowering &lowering, OpTy op) {
  Location loc = op.getLoc();
  Geometry geometry = geometryOf(op);
  Value input = lowering.lowered(op.getInput());
  if (geometry.channelsFirst())
    input = lowering.toChannelsLast(loc, input);
  Value result;
  if constexpr (llvm::is_one_of<OpTy, keras::SeparableConv1DOp,
                                keras::SeparableConv2DOp>::value) {
    result = depthwise(lowering, op, geometry, input, "depthwise_kernel",
                       /*bias=*/Value());
    result = pointwise(lowering, op, result, op.getFilters());
  } else {
    int64_t channels = *getConstant(getExtents(input.getType()).back());
    result =
        depthwise(lowering, op, geometry, input, "kernel",
                  biasOf(lowering, op, channels * op.getDepthMultiplier()));
  }
  return finish(lowering, loc, result, op.getActivation(),
                geometry.channelsFirst());
}

template <typename OpTy>
static Value lowerPoolingOp(Lowering &lowering, OpTy op, StringRef kind) {
  Location loc = op.getLoc();
  SmallVector<int64_t> ones(op.getPoolSize().size(), 1);
  Geometry geometry = {op.getPoolSize(), op.getStrides(), ones, op.getPadding(),
                       op.getDataFormat()};
  Value input = lowering.lowered(op.getInput());
  if (geometry.channelsFirst())
    input = lowering.toChannelsLast(loc, input);
  Extents in = getExtents(input.getType());
  ForwardWindow window = forwardWindow(lowering, op, in, geometry);
  Value result = PoolOp::create(
      lowering.builder, loc,
      getTensorType(lowering.context(), window.output(in.front(), in.back())),
      input, kind, op.getPoolSize(), op.getStrides(),
      getExtentMap(lowering.context(), window.pads));
  return geometry.channelsFirst() ? lowering.toChannelsFirst(loc, result)
                                  : result;
}

Value upconv::lowerConvTranspose(Lowering &lowering, Operation *layer) {
  return llvm::TypeSwitch<Operation *, Value>(layer)
      .Case<keras::Conv1DTransposeOp, keras::Conv2DTransposeOp,
            keras::Conv3DTransposeOp>(
          [&](auto op) { return lowerConvTransposeOp(lowering, op); });
}

Value upconv::lowerConv(Lowering &lowering, Operation *layer) {
  return llvm::TypeSwitch<Operation *, Value>(layer)
      .Case<keras::Conv1DOp, keras::Conv2DOp, keras::Conv3DOp>(
          [&](auto op) { return lowerConvOp(lowering, op); });
}

Value upconv::lowerDepthwise(Lowering &lowering, Operation *layer) {
  return llvm::TypeSwitch<Operation *, Value>(layer)
      .Case<keras::DepthwiseConv1DOp, keras::DepthwiseConv2DOp,
            keras::SeparableConv1DOp, keras::SeparableConv2DOp>(
          [&](auto op) { return lowerDepthwiseOp(lowering, op); })
      .Default([](Operation *) { return Value(); });
}

Value upconv::lowerPooling(Lowering &lowering, Operation *layer, bool isMax) {
  return llvm::TypeSwitch<Operation *, Value>(layer)
      .Case<keras::MaxPooling1DOp, keras::MaxPooling2DOp, keras::MaxPooling3DOp,
            keras::AveragePooling1DOp, keras::AveragePooling2DOp,
            keras::AveragePooling3DOp>([&](auto op) {
        return lowerPoolingOp(lowering, op, isMax ? "max" : "average");
      });
}

Value upconv::lowerDense(Lowering &lowering, keras::DenseOp op) {
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  Extents extents = getExtents(input.getType());
  int64_t channels = *getConstant(extents.back()), units = op.getUnits();
  int64_t spatial = extents.size() - 2;
  extents.back() = lowering.constant(units);

  // The axes between batch and channels are positions of a 1x...x1 window.
  SmallVector<int64_t> ones(spatial, 1), kernelShape(spatial, 1);
  kernelShape.append({channels, units});
  Extents pads(spatial, lowering.constant(0));
  Value kernel =
      lowering.weights(op, "kernel", "kernel", spatial + 1, kernelShape);
  Value bias = biasOf(lowering, op, units);
  Value result = ConvOp::create(
      lowering.builder, loc, getTensorType(lowering.context(), extents), input,
      kernel, bias, ones, ones, getExtentMap(lowering.context(), pads), 1);
  return lowering.activation(loc, op.getActivation(), result);
}
