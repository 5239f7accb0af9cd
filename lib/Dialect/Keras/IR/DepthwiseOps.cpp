//===- DepthwiseOps.cpp - Depthwise and separable convolutions ------------===//

#include "LayerFamily.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv::keras;

namespace {

template <int Rank> struct Depthwise : LayerFamily {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    // depthwise_c1
    bool valid = succeeded(verifyPositive(layer, "depth_multiplier",
                                          adaptor.getDepthMultiplier()));
    // depthwise_c2
    valid &= succeeded(verifyPositiveTuple(layer, "kernel_size",
                                           adaptor.getKernelSize(), Rank));
    ArrayRef<int64_t> strides = adaptor.getStrides(),
                      rates = adaptor.getDilationRate();
    bool steps =
        succeeded(verifyPositiveTuple(layer, "strides", strides, Rank));
    steps &=
        succeeded(verifyPositiveTuple(layer, "dilation_rate", rates, Rank));
    // depthwise_c3
    if (steps && !llvm::all_equal(strides)) {
      layer.error("strides") << "'strides' must be equal on all axes, got "
                             << formatTuple(strides);
      valid = false;
    }
    // depthwise_c4
    valid &= succeeded(verifyChoice(layer, "padding", adaptor.getPadding(),
                                    {"valid", "same"}));
    // depthwise_c5
    valid &= succeeded(verifyDataFormat(layer, adaptor.getDataFormat()));
    // depthwise_c6
    auto above = [](int64_t entry) { return entry > 1; };
    if (steps && llvm::any_of(strides, above) && llvm::any_of(rates, above)) {
      layer.error("dilation_rate")
          << "'strides' and 'dilation_rate' must not both be greater than "
             "one, got "
          << formatTuple(strides) << " and " << formatTuple(rates);
      valid = false;
    }
    valid &= succeeded(verifyActivation(layer, adaptor.getActivation()));
    return success(valid && steps);
  }

  /// The shape with `filters` channels, or channels * depth_multiplier if 0.
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  int64_t filters,
                                  SmallVectorImpl<Type> &results) {
    RankedTensorType input = typeOf(adaptor.getInput());
    // depthwise_c7
    if (failed(verifyRank(layer, input, Rank + 2)))
      return failure();
    AxisOrder axes = getAxisOrder(adaptor.getDataFormat(), Rank + 2);
    int64_t channels = input.getDimSize(axes.channel);
    if (ShapedType::isDynamic(channels))
      return layer.error() << "the number of input channels (axis "
                           << axes.channel << ") must be known, got shape "
                           << formatShape(input.getShape());
    // depthwise_c8
    SmallVector<int64_t> kernel(adaptor.getKernelSize());
    kernel.append({channels, int64_t(adaptor.getDepthMultiplier())});
    CheckedInt deep = CheckedInt(channels) * adaptor.getDepthMultiplier();
    if (!byteSizeOf(kernel) || deep.overflowed() ||
        !byteSizeOf({deep.get(), std::max<int64_t>(filters, 1)}))
      return layer.error("kernel_size")
             << "the kernel of shape " << formatShape(kernel)
             << " has a size that overflows 64 bits";
    SmallVector<int64_t> shape(input.getShape());
    shape[axes.channel] = filters ? filters : deep.get();
    bool valid = true;
    for (unsigned i = 0; i < Rank; ++i) {
      unsigned axis = axes.firstSpatial + i;
      Window window{adaptor.getKernelSize()[i], adaptor.getStrides()[i],
                    adaptor.getDilationRate()[i]};
      valid &= succeeded(
          inferWindowLength(layer, "kernel_size", adaptor.getPadding(), window,
                            axis, input.getDimSize(axis), shape[axis]));
    }
    return valid ? finishShape(layer, shape, input.getElementType(), results)
                 : failure();
  }
  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    return inferShape(layer, adaptor, 0, results);
  }

  template <typename Op> static int64_t channelsOf(Op op) {
    return shapeOf(
        op.getInput())[getAxisOrder(op.getDataFormat(), Rank + 2).channel];
  }
  /// (k..., channels, depth_multiplier)
  template <typename Op> static VariableSpec kernelOf(Op op, const char *name) {
    SmallVector<int64_t> shape(op.getKernelSize());
    shape.append({channelsOf(op), int64_t(op.getDepthMultiplier())});
    return {name, shape, true, "depthwise_initializer"};
  }

  template <typename Op> static SmallVector<VariableSpec> variables(Op op) {
    SmallVector<VariableSpec> specs{kernelOf(op, "kernel")};
    if (op.getUseBias())
      specs.push_back(
          {"bias", {channelsOf(op) * int64_t(op.getDepthMultiplier())}});
    return specs;
  }
};

template <int Rank> struct Separable : Depthwise<Rank> {
  using Base = Depthwise<Rank>;

  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    bool valid = succeeded(Base::verifyArguments(layer, adaptor));
    // separable_c9
    valid &= succeeded(verifyPositive(layer, "filters", adaptor.getFilters()));
    return success(valid);
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    return Base::inferShape(layer, adaptor, adaptor.getFilters(), results);
  }

  template <typename Op> static SmallVector<VariableSpec> variables(Op op) {
    int64_t filters = op.getFilters();
    SmallVector<VariableSpec> specs{Base::kernelOf(op, "depthwise_kernel")};
    SmallVector<int64_t> mixing(Rank, 1);
    mixing.append(
        {Base::channelsOf(op) * int64_t(op.getDepthMultiplier()), filters});
    specs.push_back(
        {"pointwise_kernel", mixing, true, "pointwise_initializer"});
    if (op.getUseBias())
      specs.push_back({"bias", {filters}});
    return specs;
  }
};

} // namespace

UPCONV_DEFINE_LAYER(DepthwiseConv1DOp, Depthwise<1>)
UPCONV_DEFINE_LAYER(DepthwiseConv2DOp, Depthwise<2>)
UPCONV_DEFINE_LAYER(SeparableConv1DOp, Separable<1>)
UPCONV_DEFINE_LAYER(SeparableConv2DOp, Separable<2>)
