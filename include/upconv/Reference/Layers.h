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
};

/// Kernel (k..., filters, channels); `bias` (filters) or null.
llvm::Expected<Tensor64>
convolutionTranspose(const Tensor64 &input, const Tensor64 &kernel,
                     const Tensor64 *bias,
                     const ConvolutionTransposeArguments &arguments);

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

//===----------------------------------------------------------------------===//
// Normalization, activation, merging
//===----------------------------------------------------------------------===//

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta along `axis`, which may
/// be negative; a null `gamma` is 1 and a null `beta` is 0.
llvm::Expected<Tensor64>
batchNormalization(const Tensor64 &input, int64_t axis, double epsilon,
                   const Tensor64 *gamma, const Tensor64 *beta,
                   const Tensor64 &mean, const Tensor64 &variance);

/// x >= maximum: maximum; x > threshold: x; else slope * (x - threshold).
Tensor64 relu(const Tensor64 &input, std::optional<double> maximum,
              double slope, double threshold);

/// exp(x) / sum(exp(x)) along `axis`, which may be negative.
llvm::Expected<Tensor64> softmax(const Tensor64 &input, int64_t axis);

/// The activation function that Keras calls `name`.
llvm::Expected<Tensor64> activation(const Tensor64 &input,
                                    llvm::StringRef name);

/// Elementwise sum. Batch axes agree; other axes agree or one of them is 1; an
/// operand of lower rank gets axes of size 1 behind its batch axis.
llvm::Expected<Tensor64> add(llvm::ArrayRef<Tensor64> inputs);

//===----------------------------------------------------------------------===//
// Shape
//===----------------------------------------------------------------------===//

/// Same elements; `target` excludes the batch axis and holds at most one -1.
llvm::Expected<Tensor64> reshape(const Tensor64 &input,
                                 llvm::ArrayRef<int64_t> target);

/// All axes but the batch into one, channels last.
llvm::Expected<Tensor64> flatten(const Tensor64 &input, DataFormat dataFormat);

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
