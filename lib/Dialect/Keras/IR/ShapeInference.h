//===- ShapeInference.h - What the layers' inference shares ---------------===//
//
// Overflow-checked lengths, axis positions and the constraints that several
// layers have in common. A dimension of ShapedType::kDynamic is Keras's None.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DIALECT_KERAS_IR_SHAPEINFERENCE_H
#define UPCONV_LIB_DIALECT_KERAS_IR_SHAPEINFERENCE_H

#include "upconv/Dialect/Keras/IR/KerasOps.h"
#include "upconv/Dialect/Keras/IR/LayerLocation.h"

#include "llvm/Support/CheckedArithmetic.h"

#include <optional>

namespace upconv::keras {

/// A 64-bit integer that remembers that a step of its computation overflowed.
class CheckedInt {
public:
  CheckedInt(int64_t value) : value(value) {}

  bool overflowed() const { return !value; }
  int64_t get() const { return *value; }

  friend CheckedInt operator+(CheckedInt a, CheckedInt b) {
    return a.value && b.value ? CheckedInt(llvm::checkedAdd(*a.value, *b.value))
                              : CheckedInt(std::nullopt);
  }
  friend CheckedInt operator-(CheckedInt a, CheckedInt b) {
    return a.value && b.value ? CheckedInt(llvm::checkedSub(*a.value, *b.value))
                              : CheckedInt(std::nullopt);
  }
  friend CheckedInt operator*(CheckedInt a, CheckedInt b) {
    return a.value && b.value ? CheckedInt(llvm::checkedMul(*a.value, *b.value))
                              : CheckedInt(std::nullopt);
  }

private:
  explicit CheckedInt(std::optional<int64_t> value) : value(value) {}

  std::optional<int64_t> value;
};

/// Where the channels and the first spatial axis of a tensor are.
struct AxisOrder {
  unsigned channel;
  unsigned firstSpatial;
};

inline AxisOrder getAxisOrder(llvm::StringRef dataFormat, unsigned rank) {
  return dataFormat == "channels_first" ? AxisOrder{1, 2}
                                        : AxisOrder{rank - 1, 1};
}

/// The parts of a diagnostic that stay the same for a layer.
struct LayerContext {
  mlir::Location location;
  llvm::StringRef layerClass;

  mlir::InFlightDiagnostic error(llvm::StringRef argument = {}) const {
    return emitLayerError(location, layerClass, argument);
  }
};

/// "(None, 7, 3)".
std::string formatShape(llvm::ArrayRef<int64_t> shape);

/// "3" if all entries are equal, else "(3, 2)".
std::string formatTuple(llvm::ArrayRef<int64_t> entries);

/// One positive entry per spatial axis.
mlir::LogicalResult verifyPositiveTuple(const LayerContext &layer,
                                        llvm::StringRef argument,
                                        llvm::ArrayRef<int64_t> entries,
                                        size_t rank);

/// `value` is one of `choices`.
mlir::LogicalResult verifyChoice(const LayerContext &layer,
                                 llvm::StringRef argument,
                                 llvm::StringRef value,
                                 llvm::ArrayRef<llvm::StringRef> choices);

mlir::LogicalResult verifyDataFormat(const LayerContext &layer,
                                     llvm::StringRef value);

mlir::LogicalResult verifyRank(const LayerContext &layer,
                               mlir::RankedTensorType input, int64_t rank);

/// `axis` counted from the front, or no value if it names no axis.
std::optional<int64_t> normalizeAxis(int64_t axis, int64_t rank);

/// `axes` counted from the front and in order; reports an entry that names no
/// axis or the batch, and one that comes twice.
llvm::FailureOr<llvm::SmallVector<int64_t>>
verifyAxes(const LayerContext &layer, llvm::StringRef argument,
           llvm::ArrayRef<int64_t> axes, mlir::RankedTensorType input);

/// A number that is at least zero.
mlir::LogicalResult verifyNotNegative(const LayerContext &layer,
                                      llvm::StringRef argument,
                                      const llvm::APFloat &value);

/// An integer that is at least one.
mlir::LogicalResult verifyPositive(const LayerContext &layer,
                                   llvm::StringRef argument, int64_t value);

/// The activation function is one that the dialect knows.
mlir::LogicalResult verifyActivation(const LayerContext &layer,
                                     llvm::StringRef name);

/// The number of bytes of a float32 tensor with this shape (unknown dimensions
/// count as 1), or no value if it does not fit in 64 bits.
std::optional<int64_t> byteSizeOf(llvm::ArrayRef<int64_t> shape);

/// The result type, after the check that its size fits in 64 bits.
mlir::LogicalResult finishShape(const LayerContext &layer,
                                llvm::ArrayRef<int64_t> shape,
                                mlir::Type elementType,
                                llvm::SmallVectorImpl<mlir::Type> &results);

/// A window that slides over one axis: Ke = (size - 1) * dilation + 1.
struct Window {
  int64_t size, stride, dilation;
};

/// Output length of a convolution or a pooling: `valid` floor((n - Ke)/s) + 1,
/// otherwise ceil(n/s).
mlir::LogicalResult inferWindowLength(const LayerContext &layer,
                                      llvm::StringRef sizeArgument,
                                      llvm::StringRef padding, Window window,
                                      unsigned axis, int64_t input,
                                      int64_t &output);

/// Reports a length that is not positive or does not fit.
mlir::LogicalResult verifyLength(const LayerContext &layer,
                                 llvm::StringRef sizeArgument, Window window,
                                 unsigned axis, int64_t input,
                                 CheckedInt length);

} // namespace upconv::keras

#endif // UPCONV_LIB_DIALECT_KERAS_IR_SHAPEINFERENCE_H
