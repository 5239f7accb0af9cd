//===- SliceFunctions.cpp - Indexing, splitting and reversing -------------===//

#include "FunctionCall.h"

#include "llvm/ADT/STLExtras.h"

#include <limits>

using namespace mlir;
using namespace upconv;
using namespace upconv::keras_import;

/// What stands for Python's None in a slice.
static constexpr int64_t none = std::numeric_limits<int64_t>::min();

namespace {

/// The arguments of keras.ops_slice, which start as the whole of a tensor.
struct Slice {
  Shape begin, end, strides, squeeze;

  explicit Slice(int64_t rank)
      : begin(rank, none), end(rank, none), strides(rank, 1) {}

  Value apply(FunctionCall &call, Value input) const {
    OpBuilder &builder = call.getBuilder();
    auto attribute = [&](StringRef name, ArrayRef<int64_t> values) {
      return call.attribute(name, builder.getDenseI64ArrayAttr(values));
    };
    return call.create<keras::OpsSliceOp>(
        input, {attribute("begin", begin), attribute("end", end),
                attribute("strides", strides), attribute("squeeze", squeeze)});
  }
};

/// One entry of an index, in the spelling of either Keras.
class IndexEntry {
public:
  explicit IndexEntry(JsonValue value) : value(value) {}

  bool isEllipsis() const {
    return value.string("class_name") == "__ellipsis__" ||
           value.asString() == "Ellipsis";
  }
  bool isNewAxis() const { return value.isNull(); }
  std::optional<int64_t> integer() const { return value.asInteger(); }
  /// Whether it is a slice, which it then puts into `slice`.
  bool readSlice(Slice &slice, int64_t axis) const {
    JsonValue bounds =
        value.string("class_name") == "__slice__" ? value["config"] : value;
    if (!bounds.isObject())
      return false;
    return read(bounds["start"], slice.begin[axis]) &&
           read(bounds["stop"], slice.end[axis]) &&
           read(bounds["step"], slice.strides[axis]);
  }

private:
  static bool read(JsonValue bound, int64_t &result) {
    if (auto integer = bound.asInteger())
      result = *integer;
    return !bound.isSet() || bound.asInteger();
  }

  JsonValue value;
};

} // namespace

static FunctionResults buildGetItem(FunctionCall &call) {
  Value input = call.tensor("x");
  JsonValue key = call.literal("key");
  if (!input)
    return {};
  JsonValue list = key.string("class_name") == "__tuple__" ? key["items"] : key;
  std::vector<IndexEntry> entries;
  for (JsonValue element : list.elements())
    entries.emplace_back(element);
  if (key && !list.isArray())
    entries.emplace_back(key);
  int64_t rank = rankOf(input);
  int64_t consumed = llvm::count_if(entries, [](const IndexEntry &entry) {
    return !entry.isEllipsis() && !entry.isNewAxis();
  });
  Slice slice(rank);
  Shape newAxes;
  int64_t axis = 0, resultAxis = 0;
  bool valid = !entries.empty() && consumed <= rank;
  for (const IndexEntry &entry : entries) {
    if (!valid)
      break;
    if (entry.isEllipsis()) {
      axis += rank - consumed;
      resultAxis += rank - consumed;
    } else if (entry.isNewAxis()) {
      newAxes.push_back(resultAxis++);
    } else if (auto index = entry.integer()) {
      slice.begin[axis] = *index;
      slice.squeeze.push_back(axis++);
    } else {
      valid = entry.readSlice(slice, axis);
      ++axis;
      ++resultAxis;
    }
  }
  if (!valid) {
    call.unsupported("key")
        << "an index must hold integers, slices, '...' and new axes, at most "
        << rank << " of the input's";
    return {};
  }
  Value result = slice.apply(call, input);
  for (int64_t place : newAxes)
    if (result)
      result = call.create<keras::OpsExpandDimsOp>(
          result,
          call.attribute("axis", call.getBuilder().getI64IntegerAttr(place)));
  return {result};
}

/// An axis counted from 0; nothing after an error.
static std::optional<int64_t> readAxis(FunctionCall &call, Value input,
                                       int64_t byDefault) {
  auto axes = call.integers("axis", Shape{byDefault});
  if (!axes)
    return std::nullopt;
  int64_t rank = rankOf(input);
  int64_t axis = axes->size() == 1 ? axes->front() : rank;
  axis += axis < 0 ? rank : 0;
  if (axis >= 0 && axis < rank)
    return axis;
  call.invalid("axis") << "'axis' of '" << call.name()
                       << "' must be an axis of the " << rank
                       << " of its input";
  return std::nullopt;
}

/// A number of equal parts, or (keras.ops) the indices between the parts, or
/// (TensorFlow) the sizes of the parts.
static FunctionResults buildSplit(FunctionCall &call) {
  Value input = call.tensor("x");
  auto sections = call.integers("sections");
  if (!input || !sections)
    return {};
  auto axis = readAxis(call, input, 0);
  if (!axis)
    return {};
  int64_t size = shapeOf(input)[*axis];
  Shape bounds;
  bool isCount = call.literal("sections").asInteger().has_value();
  int64_t count = sections->empty() ? 0 : sections->front();
  if (ShapedType::isDynamic(size) ||
      (isCount && (count < 1 || count > size || size % count != 0))) {
    call.invalid("sections")
        << "'" << call.name() << "' must divide the size of axis " << *axis;
    return {};
  }
  if (isCount)
    for (int64_t bound = size / count; bound < size; bound += size / count)
      bounds.push_back(bound);
  else if (call.flavor() == Flavor::Keras2)
    for (int64_t part : ArrayRef<int64_t>(*sections).drop_back())
      bounds.push_back((bounds.empty() ? 0 : bounds.back()) + part);
  else
    bounds = *sections;
  bounds.push_back(size);
  FunctionResults parts;
  int64_t previous = 0;
  for (int64_t bound : bounds) {
    Slice slice(rankOf(input));
    slice.begin[*axis] = previous;
    slice.end[*axis] = previous = bound;
    parts.push_back(slice.apply(call, input));
  }
  return parts;
}

static FunctionResults buildFlip(FunctionCall &call) {
  Value input = call.tensor("x");
  auto axes = call.integers("axis");
  if (!input || !axes)
    return {};
  Slice slice(rankOf(input));
  for (int64_t axis : *axes) {
    axis += axis < 0 ? rankOf(input) : 0;
    if (axis < 0 || axis >= rankOf(input)) {
      call.invalid("axis") << "'axis' of '" << call.name()
                           << "' must be an axis of the " << rankOf(input)
                           << " of its input";
      return {};
    }
    slice.strides[axis] = -1;
  }
  return {slice.apply(call, input)};
}

static constexpr StringRef input = "x|inputs|input|tensor|a|value|m";
static constexpr StringRef indexParameters[] = {input, "key|slice_spec", "var"};
static constexpr StringRef splitParameters[] = {
    input, "sections|indices_or_sections|num_or_size_splits", "axis"};
static constexpr StringRef flipParameters[] = {input, "axis|axes"};
static constexpr StringRef indexNames[] = {"get_item", "getitem"};
static constexpr StringRef splitNames[] = {"split"};
static constexpr StringRef flipNames[] = {"flip", "reverse"};

ArrayRef<FunctionKind> upconv::keras_import::getSliceFunctions() {
  static constexpr FunctionKind kinds[] = {
      {indexNames, indexParameters, buildGetItem},
      {splitNames, splitParameters, buildSplit},
      {flipNames, flipParameters, buildFlip},
  };
  return kinds;
}
