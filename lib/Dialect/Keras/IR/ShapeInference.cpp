//===- ShapeInference.cpp - What the layers' inference shares -------------===//

#include "ShapeInference.h"

#include "upconv/Dialect/Keras/IR/Functions.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace upconv::keras;

std::string upconv::keras::formatShape(ArrayRef<int64_t> shape) {
  std::string text = "(";
  for (auto [index, size] : llvm::enumerate(shape)) {
    if (index)
      text += ", ";
    text += ShapedType::isDynamic(size) ? "None" : std::to_string(size);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::string upconv::keras::formatTuple(ArrayRef<int64_t> entries) {
  if (!entries.empty() && llvm::all_equal(entries))
    return std::to_string(entries.front());
  return "(" +
         llvm::join(
             llvm::map_range(
                 entries, [](int64_t entry) { return std::to_string(entry); }),
             ", ") +
         ")";
}

LogicalResult upconv::keras::verifyPositiveTuple(const LayerContext &layer,
                                                 StringRef argument,
                                                 ArrayRef<int64_t> entries,
                                                 size_t rank) {
  if (entries.size() != rank)
    return layer.error(argument)
           << "'" << argument << "' must have " << rank
           << (rank == 1 ? " entry" : " entries")
           << ", one per spatial axis, got " << entries.size();
  if (llvm::any_of(entries, [](int64_t entry) { return entry <= 0; }))
    return layer.error(argument)
           << "'" << argument << "' must be positive, got "
           << formatTuple(entries);
  return success();
}

LogicalResult upconv::keras::verifyChoice(const LayerContext &layer,
                                          StringRef argument, StringRef value,
                                          ArrayRef<StringRef> choices) {
  if (llvm::is_contained(choices, value))
    return success();
  InFlightDiagnostic diagnostic = layer.error(argument);
  diagnostic << "'" << argument << "' must be ";
  for (auto [index, choice] : llvm::enumerate(choices)) {
    if (index)
      diagnostic << (index + 1 == choices.size() ? " or " : ", ");
    diagnostic << "'" << choice << "'";
  }
  return diagnostic << ", got '" << value << "'";
}

LogicalResult upconv::keras::verifyDataFormat(const LayerContext &layer,
                                              StringRef value) {
  return verifyChoice(layer, "data_format", value,
                      {"channels_last", "channels_first"});
}

LogicalResult upconv::keras::verifyRank(const LayerContext &layer,
                                        RankedTensorType input, int64_t rank) {
  if (input.getRank() == rank)
    return success();
  return layer.error() << "the input must have " << rank << " axes, got shape "
                       << formatShape(input.getShape());
}

std::optional<int64_t> upconv::keras::normalizeAxis(int64_t axis,
                                                    int64_t rank) {
  if (axis < -rank || axis >= rank)
    return std::nullopt;
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>>
upconv::keras::verifyAxes(const LayerContext &layer, StringRef argument,
                          ArrayRef<int64_t> axes, RankedTensorType input) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes) {
    auto front = normalizeAxis(axis, input.getRank());
    if (!front || *front == 0 || llvm::is_contained(result, *front)) {
      layer.error(argument)
          << "'" << argument
          << "' must name different axes other than the batch, got "
          << formatShape(axes) << " for an input of shape "
          << formatShape(input.getShape());
      return failure();
    }
    result.push_back(*front);
  }
  llvm::sort(result);
  return result;
}

LogicalResult upconv::keras::verifyNotNegative(const LayerContext &layer,
                                               StringRef argument,
                                               const APFloat &value) {
  if (value.convertToDouble() >= 0)
    return success();
  SmallString<16> text;
  value.toString(text);
  return layer.error(argument)
         << "'" << argument << "' must not be negative, got " << text;
}

LogicalResult upconv::keras::verifyPositive(const LayerContext &layer,
                                            StringRef argument, int64_t value) {
  if (value > 0)
    return success();
  return layer.error(argument)
         << "'" << argument << "' must be positive, got " << value;
}

LogicalResult upconv::keras::verifyActivation(const LayerContext &layer,
                                              StringRef name) {
  if (llvm::is_contained(getActivationNames(), name))
    return success();
  return layer.error("activation")
         << "'activation' must be one of Keras's functions, got '" << name
         << "'";
}

std::optional<int64_t> upconv::keras::byteSizeOf(ArrayRef<int64_t> shape) {
  CheckedInt size = 4;
  for (int64_t extent : shape)
    if (!ShapedType::isDynamic(extent))
      size = size * extent;
  return size.overflowed() ? std::nullopt : std::optional(size.get());
}

LogicalResult upconv::keras::finishShape(const LayerContext &layer,
                                         ArrayRef<int64_t> shape,
                                         Type elementType,
                                         SmallVectorImpl<Type> &results) {
  if (!byteSizeOf(shape))
    return layer.error() << "the output of shape " << formatShape(shape)
                         << " has a size that overflows 64 bits";
  results.push_back(RankedTensorType::get(shape, elementType));
  return success();
}

LogicalResult upconv::keras::verifyLength(const LayerContext &layer,
                                          StringRef sizeArgument, Window window,
                                          unsigned axis, int64_t input,
                                          CheckedInt length) {
  if (!length.overflowed() && length.get() > 0)
    return success();
  InFlightDiagnostic diagnostic = layer.error(sizeArgument);
  diagnostic << "the output length on axis " << axis << " ";
  if (length.overflowed())
    diagnostic << "overflows 64 bits";
  else
    diagnostic << "must be positive, got " << length.get();
  diagnostic << ", with input length " << input << ", '" << sizeArgument << "' "
             << window.size << ", 'strides' " << window.stride;
  if (window.dilation != 1)
    diagnostic << ", 'dilation_rate' " << window.dilation;
  return diagnostic;
}

LogicalResult upconv::keras::inferWindowLength(const LayerContext &layer,
                                               StringRef sizeArgument,
                                               StringRef padding, Window window,
                                               unsigned axis, int64_t input,
                                               int64_t &output) {
  output = ShapedType::kDynamic;
  CheckedInt effective = CheckedInt(window.size - 1) * window.dilation + 1;
  if (ShapedType::isDynamic(input))
    return effective.overflowed()
               ? verifyLength(layer, sizeArgument, window, axis, 1, effective)
               : success();
  CheckedInt length = 0;
  if (padding == "valid") {
    CheckedInt room = CheckedInt(input) - effective;
    // Negative room rounds towards minus infinity: no position at all.
    if (room.overflowed())
      length = room;
    else
      length = room.get() < 0 ? CheckedInt(0)
                              : CheckedInt(room.get() / window.stride) + 1;
  } else {
    length =
        effective.overflowed()
            ? effective
            : CheckedInt(input / window.stride + (input % window.stride != 0));
  }
  if (failed(verifyLength(layer, sizeArgument, window, axis, input, length)))
    return failure();
  output = length.get();
  return success();
}
