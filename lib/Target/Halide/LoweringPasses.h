//===- LoweringPasses.h - Passes over the lowered statement -----------===//
//
// Halide runs these after its own lowering, just before it emits code.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_LOWERINGPASSES_H
#define UPCONV_LIB_TARGET_HALIDE_LOWERINGPASSES_H

#include <Halide.h>

#include <string>
#include <vector>

namespace upconv {

/// Every buffer's first element has index 0. Halide 21 forgets the constraint
/// on some inputs once tests have been trimmed into loop ranges, and would read
/// the field that callers do not fill in.
class PinBufferMins : public Halide::Internal::IRMutator {
protected:
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::LetStmt *op) override;
};

/// Loads from the output (partial sums, knob `panel`) assume no alignment.
/// Halide takes it for a buffer of its own, but it is the caller's.
class UnalignedSums : public Halide::Internal::IRMutator {
public:
  explicit UnalignedSums(std::string output) : output(std::move(output)) {}

private:
  using IRMutator::visit;
  Halide::Expr visit(const Halide::Internal::Load *op) override;

  std::string output;
};

/// Vectors loaded from a constant place in front of the input's first element,
/// its halo. Halide's aliasing metadata takes constant places for nonnegative
/// and fails; behind a name the place is no constant to it.
class NameNegativePlaces : public Halide::Internal::IRMutator {
private:
  using IRMutator::visit;
  Halide::Expr visit(const Halide::Internal::Load *op) override;
};

/// Floats of the vectors that LanesOfVectors makes: what multiplications by a
/// lane take their lanes from.
constexpr int64_t splatFloats = 4;

/// An input element that is broadcast comes out of a vector of the four
/// channels it lies among. Neighbouring channels of an unrolled loop so share a
/// load, and an instruction that multiplies by a lane needs no broadcast. All
/// strides of the input but the channels' must be multiples of four floats, and
/// so must its channels: then the four lie in one pixel.
class LanesOfVectors : public Halide::Internal::IRMutator {
public:
  /// `multiples`: scalars that are multiples of four.
  LanesOfVectors(std::string input, const std::vector<std::string> &multiples);

private:
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::LetStmt *op) override;
  Halide::Expr visit(const Halide::Internal::Broadcast *op) override;

  std::string input;
  Halide::Internal::Scope<Halide::Internal::ModulusRemainder> known;
};

/// Sibling stages share their outer loops. Each stage of a kernel is an update
/// definition with a nest of its own, so a large input would be read once per
/// stage. Neighbouring loops of the same name and range are merged; this is
/// safe because stages write distinct elements, and read at most what the same
/// iteration wrote.
class FuseLoops : public Halide::Internal::IRMutator {
public:
  /// Whether the loop around a register tile (x1, x2, ...) is merged as well.
  explicit FuseLoops(bool tiles) : tiles(tiles) {}

protected:
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::Block *op) override;

private:
  using Stmt = Halide::Internal::Stmt;
  using Lets = std::vector<std::pair<std::string, Halide::Expr>>;
  bool tryFuse(const Stmt &first, const Stmt &second, Stmt &fused) const;
  bool tiles;
};

/// A sum of neighbouring elements, a[2 w] + a[2 w + 1], reads every vector of
/// `lanes` elements once and shuffles two of them in registers. Halide reads
/// the vectors again one element further on, across what was just stored.
class PairNeighbours : public Halide::Internal::IRMutator {
public:
  explicit PairNeighbours(int64_t lanes) : lanes(static_cast<int>(lanes)) {}

private:
  using IRMutator::visit;
  Halide::Expr visit(const Halide::Internal::Shuffle *op) override;

  int lanes;
};

/// `value`, and a request for the cache line of the element that `load` loads.
Halide::Expr prefetched(Halide::Expr value, Halide::Expr load);

/// Stores of such values become the requests.
class LowerPrefetches : public Halide::Internal::IRMutator {
private:
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::Store *op) override;
};

/// Vectors of weights that an innermost loop loads are asked for some floats
/// ahead. They lie in the order of their use, those of the next loops too.
class PrefetchWeights : public Halide::Internal::IRMutator {
public:
  PrefetchWeights(std::string weights, int64_t distance)
      : weights(std::move(weights)), distance(static_cast<int>(distance)) {}

private:
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::For *op) override;
  Halide::Internal::Stmt visit(const Halide::Internal::Store *op) override;

  std::string weights;
  int distance;
  bool inLoop = false; ///< an innermost one
  std::vector<Halide::Expr> asked; ///< in this loop
};

/// Strict operations become plain ones, for OpenCL C: it has no other kind, and
/// what a driver may do with them is for its compiler's flags to say. Halide
/// does the same, but only after it has turned comparisons of vectors into
/// masks, and forgets the strict ones.
class PlainFloats : public Halide::Internal::IRMutator {
private:
  using IRMutator::visit;
  Halide::Expr visit(const Halide::Internal::Call *op) override;
};

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_LOWERINGPASSES_H
