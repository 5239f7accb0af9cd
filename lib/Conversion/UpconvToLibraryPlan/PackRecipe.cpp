//===- PackRecipe.cpp - Packing as data -----------------------------------===//
//
// The packing of a kernel is known as a function (packWeights). Applied to
// the numbers 1, 2, 3, ... it says where each value goes; what comes out is
// regular, so a few nests of loops with constant steps describe millions of
// moves. They are found bottom up: neighbours of the same form at the same
// distance become one loop.
//
//===----------------------------------------------------------------------===//

#include "PackRecipe.h"

#include "upconv/Runtime/PackedWeights.h"

#include <map>

using namespace mlir;
using namespace upconv;

namespace {

/// A position in the packed range, in the source, and the channel there.
struct Point {
  int64_t to = 0, from = 0, channel = 0;

  Point operator-(const Point &other) const {
    return {to - other.to, from - other.from, channel - other.channel};
  }
  bool operator==(const Point &other) const {
    return to == other.to && from == other.from && channel == other.channel;
  }
};

struct Loop {
  int64_t count;
  Point step;

  bool operator==(const Loop &other) const {
    return count == other.count && step == other.step;
  }
};

struct Nest {
  Point first;
  unsigned terms; ///< which list of distances from the source position
  SmallVector<Loop, UPCONV_RT_PACK_RANK> loops; ///< innermost first

  bool isLike(const Nest &other) const {
    return terms == other.terms && loops == other.loops;
  }
};

/// Takes blocks one by one, keeps runs of equal blocks at a constant distance
/// as one block with a loop more.
class Merger {
public:
  void add(Nest block) {
    if (count && block.isLike(first)) {
      Point next = block.first - last;
      if (count == 1)
        step = next;
      if (next == step) {
        last = block.first;
        ++count;
        return;
      }
    }
    flush();
    last = block.first;
    first = std::move(block);
    count = 1;
  }
  void flush() {
    if (count > 1)
      first.loops.push_back({count, step});
    if (count)
      blocks.push_back(std::move(first));
    count = 0;
  }

  std::vector<Nest> blocks;

private:
  Nest first;
  Point last, step;
  int64_t count = 0;
};

} // namespace

static std::vector<Nest> mergeFurther(std::vector<Nest> blocks) {
  for (int rank = 1; rank < UPCONV_RT_PACK_RANK; ++rank) {
    Merger merger;
    size_t before = blocks.size();
    for (Nest &block : blocks)
      merger.add(std::move(block));
    merger.flush();
    blocks = std::move(merger.blocks);
    if (blocks.size() == before)
      break;
  }
  return blocks;
}

// The index of the value at each packed position; -1 for a zero between them.
static std::vector<int64_t>
packedOrder(int64_t values, int64_t count,
            llvm::function_ref<void(const float *, float *)> pack) {
  // float32 holds the integers up to 2^24: larger numbers go in two halves.
  constexpr int64_t half = int64_t(1) << 24;
  std::vector<float> numbers(values), packed(count, 0.0f);
  std::vector<int64_t> order(count, -1);
  for (int64_t unit = 1; unit == 1 || (unit == half && values >= half);
       unit *= half) {
    for (int64_t i = 0; i < values; ++i)
      numbers[i] = static_cast<float>((i + 1) / unit % half);
    pack(numbers.data(), packed.data());
    for (int64_t i = 0; i < count; ++i)
      order[i] += static_cast<int64_t>(packed[i]) * unit;
  }
  return order;
}

llvm::SmallVector<int64_t> upconv::upsampledTaps(int64_t tap,
                                                 ArrayRef<int64_t> factors,
                                                 ArrayRef<int64_t> shape) {
  int64_t terms = 1;
  for (int64_t factor : factors)
    terms *= factor;
  SmallVector<int64_t> taps;
  for (int64_t term = 0; term < terms; ++term) {
    int64_t from = 0, scale = 1, restTap = tap, restTerm = term;
    bool exists = true;
    for (size_t axis = factors.size(); axis-- > 0;) {
      int64_t size = shape[axis] - factors[axis] + 1;
      int64_t k = size - 1 - restTap % shape[axis] + restTerm % factors[axis];
      restTap /= shape[axis];
      restTerm /= factors[axis];
      exists &= k >= 0 && k < size;
      from += k * scale;
      scale *= size;
    }
    if (exists)
      taps.push_back(from);
  }
  return taps;
}

namespace {

/// The source elements whose sum is one value: the first, and the others'
/// distances, as the number of a list.
class Sources {
public:
  Sources(WeightsOp op)
      : shape(cast<RankedTensorType>(op.getType()).getShape()),
        hasSource(!op.getSource().empty()) {
    if (std::optional<ArrayRef<int64_t>> given = op.getUpsampled())
      factors = *given;
    number({});
    number({0});
  }

  std::pair<int64_t, unsigned> of(int64_t value) {
    if (!hasSource)
      return {0, 0};
    if (factors.empty())
      return {value, 1};
    int64_t cout = shape[factors.size()], cin = shape[factors.size() + 1];
    int64_t in = value % cin, out = value / cin % cout,
            tap = value / (cin * cout);
    if (tap != knownTap) {
      knownTap = tap;
      SmallVector<int64_t> taps = upsampledTaps(tap, factors, shape);
      firstTap = taps.front();
      for (int64_t &from : taps)
        from = (from - firstTap) * cin * cout;
      known = number(taps);
    }
    return {(firstTap * cin + in) * cout + out, known};
  }

  std::vector<SmallVector<int64_t>> lists;

private:
  unsigned number(SmallVector<int64_t> distances) {
    std::vector<int64_t> key(distances.begin(), distances.end());
    auto [it, isNew] = numbers.try_emplace(std::move(key), lists.size());
    if (isNew)
      lists.push_back(std::move(distances));
    return it->second;
  }

  ArrayRef<int64_t> shape, factors;
  bool hasSource;
  std::map<std::vector<int64_t>, unsigned> numbers;
  int64_t knownTap = -1, firstTap = 0;
  unsigned known = 0;
};

} // namespace

static void appendBlocks(WeightsOp op, ArrayRef<int64_t> order,
                         std::vector<int64_t> &words) {
  auto type = cast<RankedTensorType>(op.getType());
  int64_t axis = op.getChannelAxis(), inner = 1;
  for (int64_t i = axis + 1; i < type.getRank(); ++i)
    inner *= type.getDimSize(i);
  Sources sources(op);
  Merger merger;
  for (auto [to, value] : llvm::enumerate(order)) {
    if (value < 0)
      continue;
    auto [from, terms] = sources.of(value);
    int64_t channel =
        op.getFolds() ? value / inner % type.getDimSize(axis) : int64_t(0);
    merger.add({{static_cast<int64_t>(to), from, channel}, terms, {}});
  }
  merger.flush();
  std::vector<Nest> blocks = mergeFurther(std::move(merger.blocks));

  words.push_back(blocks.size());
  for (const Nest &block : blocks) {
    const SmallVector<int64_t> &distances = sources.lists[block.terms];
    llvm::append_values(words, block.first.to, block.first.from,
                        block.first.channel, int64_t(distances.size()));
    llvm::append_range(words, distances);
    words.push_back(block.loops.size());
    for (const Loop &loop : llvm::reverse(block.loops))
      llvm::append_values(words, loop.count, loop.step.to, loop.step.from,
                          loop.step.channel);
  }
}

FailureOr<std::vector<int64_t>>
upconv::packRecipe(WeightsOp op, int64_t packedCount, bool rounds,
                   llvm::function_ref<void(const float *, float *)> pack,
                   const llvm::StringMap<int64_t> &variables) {
  bool known = true;
  auto number = [&](StringRef key) -> int64_t {
    if (key.empty())
      return -1;
    auto found = variables.find(key);
    if (found != variables.end())
      return found->second;
    op.emitError("the model has no variable '") << key << "'";
    known = false;
    return -1;
  };
  StringRef role = op.getRole();
  std::vector<int64_t> words = {number(op.getSource()), role == "scale",
                                (role == "bias" || role == "shift" ? 1 : 0) |
                                    (rounds ? 2 : 0)};
  size_t foldCount = words.size();
  words.push_back(0);
  if (std::optional<ArrayAttr> folds = op.getFolds())
    for (auto fold : folds->getAsRange<FoldAttr>()) {
      for (StringRef key : {fold.getGamma(), fold.getBeta(), fold.getMean(),
                            fold.getVariance()})
        words.push_back(number(key));
      words.push_back(
          llvm::bit_cast<int64_t>(fold.getEpsilon().getValueAsDouble()));
      ++words[foldCount];
    }
  if (!known)
    return failure();
  int64_t values = cast<RankedTensorType>(op.getType()).getNumElements();
  appendBlocks(op, packedOrder(values, packedCount, pack), words);
  return words;
}
