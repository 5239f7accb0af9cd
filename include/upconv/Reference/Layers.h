//===- Layers.h - Keras's layers on float64 tensors -----------------------===//
//
// What each layer computes, as functions of host tensors, written straight from
// Keras's definitions with TensorFlow's choices where its back ends differ.
// Nothing here knows MLIR and nothing is shared with a lowering. A tensor's
// shape is batch first; sizes are in elements; every function checks its sizes
// and fails with one line that names the rule.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_REFERENCE_LAYERS_H
#define UPCONV_REFERENCE_LAYERS_H

#include "upconv/Support/Tensor.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <optional>

namespace upconv::reference {

enum class Padding { Valid, Same, Causal };
enum class DataFormat { ChannelsLast, ChannelsFirst };

llvm::Expected<Padding> parsePadding(llvm::StringRef text);
llvm::Expected<DataFormat> parseDataFormat(llvm::StringRef text);

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

struct ConvolutionArguments {
  std::vector<int64_t> strides, dilationRate; ///< one entry per spatial axis
  Padding padding = Padding::Valid;
  DataFormat dataFormat = DataFormat::ChannelsLast;
  int64_t groups = 1;
};

/// Kernel (k..., channels / groups, filters); `bias` (filters) or null.
llvm::Expected<Tensor64> convolution(const Tensor64 &input,
                                     const Tensor64 &kernel,
                                     const Tensor64 *bias,
                                     const ConvolutionArguments &arguments);

struct ConvolutionTransposeArguments {
  std::vector<int64_t> strides, dilationRate; ///< one entry per spatial axis
  std::optional<std::vector<int64_t>> outputPadding;
  Padding padding = Padding::Valid; ///< valid or same
  DataFormat dataFormat = DataFormat::ChannelsLast;
  bool cropRoundsUp = false; ///< as torch did, see Semantics.h
};

/// Kernel (k..., filters, channels); `bias` (filters) or null.
llvm::Expected<Tensor64>
convolutionTranspose(const Tensor64 &input, const Tensor64 &kernel,
                     const Tensor64 *bias,
                     const ConvolutionTransposeArguments &arguments);

/// Each channel on its own: kernel (k..., channels, multiplier), output channel
/// c * multiplier + m; `bias` (channels * multiplier) or null.
/// `arguments.groups` has no meaning here.
llvm::Expected<Tensor64>
depthwiseConvolution(const Tensor64 &input, const Tensor64 &kernel,
                     const Tensor64 *bias,
                     const ConvolutionArguments &arguments);

/// Contraction of the last axis: kernel (channels, units), `bias` (units) or
/// null.
llvm::Expected<Tensor64> dense(const Tensor64 &input, const Tensor64 &kernel,
                               const Tensor64 *bias);

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

enum class Pool { Maximum, Average };

struct PoolingArguments {
  std::vector<int64_t> poolSize, strides; ///< one entry per spatial axis
  Padding padding = Padding::Valid;       ///< valid or same
  DataFormat dataFormat = DataFormat::ChannelsLast;
};

llvm::Expected<Tensor64> pooling(Pool pool, const Tensor64 &input,
                                 const PoolingArguments &arguments);

/// Output o of `outputSize` m on an axis of n positions pools those from
/// floor(o * n / m) up to, but not including, ceil((o + 1) * n / m).
llvm::Expected<Tensor64> adaptivePooling(Pool pool, const Tensor64 &input,
                                         llvm::ArrayRef<int64_t> outputSize,
                                         DataFormat dataFormat);

//===----------------------------------------------------------------------===//
// Normalization, activation, merging
//===----------------------------------------------------------------------===//

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta along `axes`, which may
/// be negative; a null `gamma` is 1 and a null `beta` is 0. The variables of
/// several axes have the input's rank, with size 1 on the others.
llvm::Expected<Tensor64>
batchNormalization(const Tensor64 &input, llvm::ArrayRef<int64_t> axes,
                   double epsilon,
                   const Tensor64 *gamma, const Tensor64 *beta,
                   const Tensor64 &mean, const Tensor64 &variance);

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta with mean and biased
/// variance over `axes` per sample; gamma and beta have those axes' sizes, or
/// are null. With `rmsScaling` the means are not subtracted from x.
llvm::Expected<Tensor64>
layerNormalization(const Tensor64 &input, llvm::ArrayRef<int64_t> axes,
                   double epsilon, const Tensor64 *gamma, const Tensor64 *beta,
                   bool rmsScaling = false);

/// The same over all axes but the batch, per group of neighbouring channels (of
/// `axis`); -1 groups are as many as channels. gamma and beta per channel.
llvm::Expected<Tensor64>
groupNormalization(const Tensor64 &input, int64_t groups, int64_t axis,
                   double epsilon, const Tensor64 *gamma, const Tensor64 *beta);

/// x / sqrt(mean(x^2) + epsilon) * scale over `axes`.
llvm::Expected<Tensor64> rmsNormalization(const Tensor64 &input,
                                          llvm::ArrayRef<int64_t> axes,
                                          double epsilon,
                                          const Tensor64 &scale);

/// x / sqrt(max(sum(x^2), 1e-12)) over `axes`.
llvm::Expected<Tensor64> unitNormalization(const Tensor64 &input,
                                           llvm::ArrayRef<int64_t> axes);

/// (x - mean) / max(sqrt(variance), 1e-7), or x * that + mean if `invert`; both
/// have one value or one per element of the kept `axes`.
llvm::Expected<Tensor64> normalization(const Tensor64 &input,
                                       llvm::ArrayRef<int64_t> axes,
                                       llvm::ArrayRef<double> mean,
                                       llvm::ArrayRef<double> variance,
                                       bool invert);

/// x * scale + offset, each one value or one per element of the last axis.
llvm::Expected<Tensor64> rescaling(const Tensor64 &input,
                                   llvm::ArrayRef<double> scale,
                                   llvm::ArrayRef<double> offset);

/// The table's rows whose numbers the input holds, cut to integers.
llvm::Expected<Tensor64> embedding(const Tensor64 &input,
                                   const Tensor64 &table);

/// Zero where all of the last axis equals `value`.
Tensor64 masking(const Tensor64 &input, double value);

/// x >= maximum: maximum; x > threshold: x; else slope * (x - threshold).
Tensor64 relu(const Tensor64 &input, std::optional<double> maximum,
              double slope, double threshold);

/// max(0, x) + alpha * min(0, x) with `alpha` of the input's shape without the
/// batch, 1 where it is shared.
llvm::Expected<Tensor64> preluByElement(const Tensor64 &input,
                                        const Tensor64 &alpha);

/// exp(x) / sum(exp(x)), the sum over `axes`, which may be negative.
llvm::Expected<Tensor64> softmax(const Tensor64 &input,
                                 llvm::ArrayRef<int64_t> axes);

/// The activation function that the dialect calls `name`.
llvm::Expected<Tensor64> activation(const Tensor64 &input,
                                    llvm::StringRef name);

/// A function of each element, by the dialect's name.
llvm::Expected<Tensor64> unary(const Tensor64 &input, llvm::StringRef name);

/// The same with a function.
Tensor64 mapElements(const Tensor64 &input,
                     llvm::function_ref<double(double)> function);

/// A function of two elements, by the dialect's name; a null pointer if there
/// is none of that name.
double (*binaryFunction(llvm::StringRef name))(double, double);

/// How ranks meet: ones go behind the batch axis (layers) or in front (numpy).
enum class Alignment { BehindBatch, Front };

/// `function` of all operands from left to right. Axes agree or one of them is
/// 1; of layers the batch axes agree.
llvm::Expected<Tensor64>
combine(llvm::ArrayRef<Tensor64> inputs, Alignment alignment,
        llvm::function_ref<double(double, double)> function);

/// Elementwise sum as a layer.
llvm::Expected<Tensor64> add(llvm::ArrayRef<Tensor64> inputs);

llvm::Expected<Tensor64> concatenate(llvm::ArrayRef<Tensor64> inputs,
                                     int64_t axis);

/// Contraction of axis `axes[i]` of operand i per sample; with `normalize` of
/// x / sqrt(max(sum(x^2), 1e-12)).
llvm::Expected<Tensor64> dot(const Tensor64 &left, const Tensor64 &right,
                             llvm::ArrayRef<int64_t> axes, bool normalize);

/// The matrix product of the last two axes; the others broadcast.
llvm::Expected<Tensor64> matmul(const Tensor64 &left, const Tensor64 &right);

/// "mean", "sum", "max", "min" or "prod" over `axes`, which keep size 1 if
/// `keepdims` says so.
llvm::Expected<Tensor64> reduce(const Tensor64 &input, llvm::StringRef name,
                                llvm::ArrayRef<int64_t> axes, bool keepdims);

//===----------------------------------------------------------------------===//
// Shape
//===----------------------------------------------------------------------===//

/// Same elements; `target` excludes the batch axis and holds at most one -1.
llvm::Expected<Tensor64> reshape(const Tensor64 &input,
                                 llvm::ArrayRef<int64_t> target);

/// All axes but the batch into one, channels last.
llvm::Expected<Tensor64> flatten(const Tensor64 &input, DataFormat dataFormat);

/// A new axis of size 1; the named axes of size 1 gone.
llvm::Expected<Tensor64> expandDims(const Tensor64 &input, int64_t axis);
llvm::Expected<Tensor64> squeeze(const Tensor64 &input,
                                 llvm::ArrayRef<int64_t> axes);

/// Output axis i is input axis `permutation[i]`.
llvm::Expected<Tensor64> transpose(const Tensor64 &input,
                                   llvm::ArrayRef<int64_t> permutation);

/// (low, high) per axis. `mode` is constant, reflect, symmetric or edge.
llvm::Expected<Tensor64> pad(const Tensor64 &input,
                             llvm::ArrayRef<int64_t> width,
                             llvm::StringRef mode, double value);

/// Python's slices per axis; the smallest integer stands for None, and the axes
/// in `squeeze` are indexed with `begin`.
llvm::Expected<Tensor64> slice(const Tensor64 &input,
                               llvm::ArrayRef<int64_t> begin,
                               llvm::ArrayRef<int64_t> end,
                               llvm::ArrayRef<int64_t> strides,
                               llvm::ArrayRef<int64_t> squeezed);

/// (y, x, (i*b + j)*C + c) to (b*y + i, b*x + j, c), and back.
llvm::Expected<Tensor64> depthToSpace(const Tensor64 &input, int64_t block,
                                      DataFormat dataFormat);
llvm::Expected<Tensor64> spaceToDepth(const Tensor64 &input, int64_t block,
                                      DataFormat dataFormat);

/// `width` has (low, high) per spatial axis, zeros and crops alike.
llvm::Expected<Tensor64> zeroPadding(const Tensor64 &input,
                                     llvm::ArrayRef<int64_t> width,
                                     DataFormat dataFormat);
llvm::Expected<Tensor64> cropping(const Tensor64 &input,
                                  llvm::ArrayRef<int64_t> width,
                                  DataFormat dataFormat);

/// Spatial axes of `sizes` by TensorFlow's kernel `interpolation`, with half
/// pixel centres and without antialiasing; see KerasOps.td.
llvm::Expected<Tensor64> resizing(const Tensor64 &input,
                                  llvm::ArrayRef<int64_t> sizes,
                                  llvm::StringRef interpolation,
                                  DataFormat dataFormat);

/// The channel axis moved from place 1 to the end, and back.
Tensor64 toChannelsLast(const Tensor64 &input);
Tensor64 toChannelsFirst(const Tensor64 &input);

/// Elements of a tensor; fails if an extent is negative or there are more than
/// the evaluator holds (2^31).
llvm::Expected<int64_t> elementCount(llvm::ArrayRef<int64_t> shape);

/// A tensor of zeros, with the checks of `elementCount`.
llvm::Expected<Tensor64> zeros(llvm::ArrayRef<int64_t> shape);

/// An axis counted from the front; fails unless -rank <= axis < rank.
llvm::Expected<int64_t> axisFromFront(int64_t axis, size_t rank);

/// Calls `visit` for every index of `shape` in row-major order.
void forEachIndex(llvm::ArrayRef<int64_t> shape,
                  llvm::function_ref<void(llvm::ArrayRef<int64_t>)> visit);

/// The row-major position of the leading indices' block: (i0 * n1 + i1) * n2
/// ... over the first `index.size()` axes of `shape`.
int64_t flatIndex(llvm::ArrayRef<int64_t> index, llvm::ArrayRef<int64_t> shape);

/// "2x3x4", for messages.
std::string shapeText(llvm::ArrayRef<int64_t> shape);

/// An error of one line.
llvm::Error failure(const llvm::Twine &message);

//===----------------------------------------------------------------------===//
// Windows: what convolution and pooling have in common
//===----------------------------------------------------------------------===//

/// One spatial axis of a sliding window: output position o looks at input
/// positions o * stride - low + tap * dilation.
struct WindowAxis {
  int64_t output = 0; ///< number of positions, at least 1
  int64_t low = 0;    ///< padding in front
};

/// Keras's rule for a window of `size` taps over `input` positions. Fails if a
/// number is not positive, overflows, or leaves no output.
llvm::Expected<WindowAxis> slideWindow(int64_t input, int64_t size,
                                       int64_t stride, int64_t dilation,
                                       Padding padding);

} // namespace upconv::reference

#endif // UPCONV_REFERENCE_LAYERS_H
