//===- ConvOps.cpp - Convolutions and transposed convolutions -------------===//
//
// One template per family; the ops of rank 1, 2 and 3 are its instances. The
// labels (C1), (C2), ... are those of ConvOps.td.
//
//===----------------------------------------------------------------------===//

#include "LayerFamily.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace upconv::keras;

namespace {

bool exceedsOne(ArrayRef<int64_t> entries) {
  return llvm::any_of(entries, [](int64_t entry) { return entry > 1; });
}

/// What convolutions of both directions have in common.
template <int Rank, typename Adaptor>
LogicalResult verifyConvArguments(const LayerContext &layer, Adaptor adaptor) {
  bool valid = true;
  // conv_c1
  if (int64_t filters = adaptor.getFilters(); filters <= 0) {
    layer.error("filters") << "'filters' must be positive, got " << filters;
    valid = false;
  }
  // conv_c2
  valid &= succeeded(
      verifyPositiveTuple(layer, "kernel_size", adaptor.getKernelSize(), Rank));
  bool stepsValid = succeeded(
      verifyPositiveTuple(layer, "strides", adaptor.getStrides(), Rank));
  stepsValid &= succeeded(verifyPositiveTuple(layer, "dilation_rate",
                                              adaptor.getDilationRate(), Rank));
  // conv_c5
  valid &= succeeded(verifyDataFormat(layer, adaptor.getDataFormat()));
  // conv_c6
  if (stepsValid && exceedsOne(adaptor.getStrides()) &&
      exceedsOne(adaptor.getDilationRate())) {
    InFlightDiagnostic diagnostic = layer.error("dilation_rate");
    diagnostic << "'strides' and 'dilation_rate' must not both be greater "
                  "than one, got "
               << formatTuple(adaptor.getStrides()) << " and "
               << formatTuple(adaptor.getDilationRate());
    if (hasArgumentLocation(layer.location, "strides"))
      diagnostic.attachNote(getArgumentLocation(layer.location, "strides"))
          << "'strides' given here";
    valid = false;
  }
  valid &= succeeded(verifyActivation(layer, adaptor.getActivation()));
  return success(valid && stepsValid);
}

/// conv_c7: rank and known channels.
LogicalResult verifyConvInput(const LayerContext &layer, RankedTensorType input,
                              int64_t rank, StringRef dataFormat) {
  if (failed(verifyRank(layer, input, rank + 2)))
    return failure();
  unsigned channel = getAxisOrder(dataFormat, rank + 2).channel;
  if (input.isDynamicDim(channel) || input.getDimSize(channel) <= 0)
    return layer.error() << "the number of input channels (axis " << channel
                         << ", 'data_format' '" << dataFormat
                         << "') must be known and positive, got shape "
                         << formatShape(input.getShape());
  return success();
}

/// conv_c8 for the kernel.
LogicalResult verifyKernelSize(const LayerContext &layer,
                               ArrayRef<int64_t> shape) {
  if (byteSizeOf(shape))
    return success();
  return layer.error("kernel_size")
         << "the kernel of shape " << formatShape(shape)
         << " has a size that overflows 64 bits";
}

/// conv_transpose_c3
LogicalResult verifyOutputPadding(const LayerContext &layer,
                                  ArrayRef<int64_t> outputPadding,
                                  ArrayRef<int64_t> strides, size_t rank) {
  if (outputPadding.size() != rank)
    return layer.error("output_padding")
           << "'output_padding' must have " << rank
           << (rank == 1 ? " entry" : " entries")
           << ", one per spatial axis, got " << outputPadding.size();
  if (llvm::any_of(outputPadding, [](int64_t entry) { return entry < 0; }))
    return layer.error("output_padding")
           << "'output_padding' must not be negative, got "
           << formatTuple(outputPadding);
  if (strides.size() != rank ||
      llvm::all_of(llvm::zip(outputPadding, strides), [](auto pair) {
        return std::get<0>(pair) < std::get<1>(pair);
      }))
    return success();
  InFlightDiagnostic diagnostic = layer.error("output_padding");
  diagnostic << "'output_padding' must be smaller than 'strides', got "
             << formatTuple(outputPadding) << " and " << formatTuple(strides);
  if (hasArgumentLocation(layer.location, "strides"))
    diagnostic.attachNote(getArgumentLocation(layer.location, "strides"))
        << "'strides' given here";
  return diagnostic;
}

/// Output length of one axis of a transposed convolution; see KerasOps.td.
CheckedInt transposedLength(int64_t input, Window window, StringRef padding,
                            std::optional<int64_t> outputPadding) {
  CheckedInt effective = CheckedInt(window.size - 1) * window.dilation + 1;
  if (effective.overflowed())
    return effective;
  CheckedInt steps = CheckedInt(input - 1) * window.stride;
  if (padding == "same")
    return outputPadding ? steps + effective.get() % 2 + *outputPadding
                         : CheckedInt(input) * window.stride;
  return steps + (outputPadding ? effective + *outputPadding
                                : std::max(effective.get(), window.stride));
}

template <int Rank> struct ConvTranspose {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    bool valid = succeeded(verifyConvArguments<Rank>(layer, adaptor));
    // conv_transpose_c3
    if (auto outputPadding = adaptor.getOutputPadding())
      valid &= succeeded(verifyOutputPadding(layer, *outputPadding,
                                             adaptor.getStrides(), Rank));
    // conv_transpose_c4
    valid &= succeeded(verifyChoice(layer, "padding", adaptor.getPadding(),
                                    {"valid", "same"}));
    return success(valid);
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    auto input = cast<RankedTensorType>(adaptor.getInput().getType());
    // conv_transpose_c7
    if (failed(verifyConvInput(layer, input, Rank, adaptor.getDataFormat())))
      return failure();
    AxisOrder axes = getAxisOrder(adaptor.getDataFormat(), Rank + 2);
    SmallVector<int64_t> shape(input.getShape());
    shape[axes.channel] = adaptor.getFilters();
    auto outputPadding = adaptor.getOutputPadding();
    bool valid =
        succeeded(verifyKernelSize(layer, kernelShape(adaptor, input)));
    // conv_transpose_c8
    for (unsigned i = 0; i < Rank; ++i) {
      unsigned axis = axes.firstSpatial + i;
      Window window{adaptor.getKernelSize()[i], adaptor.getStrides()[i],
                    adaptor.getDilationRate()[i]};
      int64_t extent = input.getDimSize(axis);
      // An unknown length must be possible at least for one position.
      CheckedInt length = transposedLength(
          input.isDynamicDim(axis) ? 1 : extent, window, adaptor.getPadding(),
          outputPadding ? std::optional((*outputPadding)[i]) : std::nullopt);
      if (input.isDynamicDim(axis)) {
        if (length.overflowed())
          valid &= succeeded(
              verifyLength(layer, "kernel_size", window, axis, 1, length));
        continue;
      }
      if (failed(
              verifyLength(layer, "kernel_size", window, axis, extent, length)))
        valid = false;
      else
        shape[axis] = length.get();
    }
    return valid ? finishShape(layer, shape, input.getElementType(), results)
                 : failure();
  }

  /// (k..., filters, input channels)
  template <typename OpOrAdaptor>
  static SmallVector<int64_t> kernelShape(OpOrAdaptor op,
                                          RankedTensorType input) {
    SmallVector<int64_t> shape(op.getKernelSize());
    shape.push_back(op.getFilters());
    shape.push_back(
        input.getDimSize(getAxisOrder(op.getDataFormat(), Rank + 2).channel));
    return shape;
  }
};

template <int Rank> struct Conv {
  template <typename Adaptor>
  static LogicalResult verifyArguments(const LayerContext &layer,
                                       Adaptor adaptor) {
    bool valid = succeeded(verifyConvArguments<Rank>(layer, adaptor));
    // conv_c4
    static constexpr StringRef paddings[] = {"valid", "same", "causal"};
    valid &= succeeded(verifyChoice(layer, "padding", adaptor.getPadding(),
                                    ArrayRef(paddings, Rank == 1 ? 3 : 2)));
    // conv_c9
    int64_t groups = adaptor.getGroups(), filters = adaptor.getFilters();
    if (groups <= 0) {
      layer.error("groups") << "'groups' must be positive, got " << groups;
      valid = false;
    } else if (filters > 0 && filters % groups != 0) {
      InFlightDiagnostic diagnostic = layer.error("groups");
      diagnostic << "'groups' must divide 'filters', got " << groups << " and "
                 << filters;
      if (hasArgumentLocation(layer.location, "filters"))
        diagnostic.attachNote(getArgumentLocation(layer.location, "filters"))
            << "'filters' given here";
      valid = false;
    }
    return success(valid);
  }

  template <typename Adaptor>
  static LogicalResult inferShape(const LayerContext &layer, Adaptor adaptor,
                                  SmallVectorImpl<Type> &results) {
    auto input = cast<RankedTensorType>(adaptor.getInput().getType());
    // conv_c7
    if (failed(verifyConvInput(layer, input, Rank, adaptor.getDataFormat())))
      return failure();
    AxisOrder axes = getAxisOrder(adaptor.getDataFormat(), Rank + 2);
    // conv_c9
    int64_t channels = input.getDimSize(axes.channel);
    int64_t groups = adaptor.getGroups();
    bool valid = true;
    if (channels % groups != 0) {
      layer.error("groups") << "'groups' must divide the input channels, got "
                            << groups << " and " << channels;
      valid = false;
    }
    valid &= succeeded(verifyKernelSize(layer, kernelShape(adaptor, input)));
    // conv_c8
    SmallVector<int64_t> shape(input.getShape());
    shape[axes.channel] = adaptor.getFilters();
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

  /// (k..., input channels / groups, filters)
  template <typename OpOrAdaptor>
  static SmallVector<int64_t> kernelShape(OpOrAdaptor op,
                                          RankedTensorType input) {
    SmallVector<int64_t> shape(op.getKernelSize());
    shape.push_back(
        input.getDimSize(getAxisOrder(op.getDataFormat(), Rank + 2).channel) /
        int64_t(op.getGroups()));
    shape.push_back(op.getFilters());
    return shape;
  }
};

/// A family with its kernel and bias.
template <typename Family> struct WithVariables : Family {
  template <typename Op> static SmallVector<VariableSpec> variables(Op op) {
    SmallVector<VariableSpec> specs;
    specs.push_back({"kernel", Family::kernelShape(op, typeOf(op.getInput()))});
    if (op.getUseBias())
      specs.push_back({"bias", {int64_t(op.getFilters())}});
    return specs;
  }
};

} // namespace

UPCONV_DEFINE_LAYER(Conv1DTransposeOp, WithVariables<ConvTranspose<1>>)
UPCONV_DEFINE_LAYER(Conv2DTransposeOp, WithVariables<ConvTranspose<2>>)
UPCONV_DEFINE_LAYER(Conv3DTransposeOp, WithVariables<ConvTranspose<3>>)
UPCONV_DEFINE_LAYER(Conv1DOp, WithVariables<Conv<1>>)
UPCONV_DEFINE_LAYER(Conv2DOp, WithVariables<Conv<2>>)
UPCONV_DEFINE_LAYER(Conv3DOp, WithVariables<Conv<3>>)
