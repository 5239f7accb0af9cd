//===- MatrixTiles.h - Sums in the tile registers of AMX ------------------===//
//
// A tile register has up to 16 rows of 64 bytes. tdpbf16ps adds to 16 pixels x
// 16 channels of float32 sums the products of 16 pixels x 16 pairs of channels
// with 16 pairs x 16 channels of weights: pixels are rows at their own stride,
// packed weights are rows as they lie.
//
// The emitter (MatrixSums.cpp) describes a micro-tile as three calls, which
// LowerMatrixTiles turns into one call per instruction, of the functions
// `upconv_tile_...` that emitKernelCode makes the instructions themselves:
// Halide's own tile intrinsics leave registers, and with them where shapes are
// set, to LLVM, which keeps one shape per register and can run out of them.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_TARGET_HALIDE_MATRIXTILES_H
#define UPCONV_LIB_TARGET_HALIDE_MATRIXTILES_H

#include <Halide.h>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace upconv {

/// What the tile registers of a micro-tile hold: rows of all but the weights,
/// columns of sums and weights, pairs of channels of a whole step and of the
/// last one (0: it is whole too). One setting of the registers serves both.
struct MatrixShape {
  int64_t rows = 0, lanes = 0, pairs = 0, rest = 0;

  bool operator<(const MatrixShape &other) const {
    return std::tie(rows, lanes, pairs, rest) <
           std::tie(other.rows, other.lanes, other.pairs, other.rest);
  }
};

/// A micro-tile: columns x rows pixels, `vectors` vectors of `lanes` channels.
/// Every row begins a register; registers of one row have equal numbers of
/// pixels, the last may repeat some of the one before.
struct MatrixTile {
  int64_t columns = 1, rows = 1, vectors = 1, lanes = 16;
  int64_t channels = 0; ///< pairs that it sums up

  int64_t registersPerRow() const;
  /// The first pixel of each register of a row.
  std::vector<int64_t> starts() const;
  MatrixShape shape() const;
  /// Steps of shape().pairs pairs.
  int64_t steps() const;
};

/// Zeros in all registers of sums.
Halide::Expr zeroTiles(const MatrixTile &tile);
/// Adds a step's products, or with `last` those of the shorter last step. The
/// first pixel's first pair and the first weight are loads, the strides floats:
/// between pixels of a row, rows of the tile, and rows of weights.
Halide::Expr addTiles(const MatrixTile &tile, bool last, Halide::Expr pixel,
                      Halide::Expr weight, Halide::Expr pixelStride,
                      Halide::Expr rowStride, Halide::Expr weightStride);
/// Stores the sums: a Func (lane, vector, column, row).
Halide::Expr storeTiles(const MatrixTile &tile);

/// Stores of such calls become instructions. The registers are set up where all
/// that follows wants the same shape, at a kernel's begin if it has but one,
/// and are given back at its end.
class LowerMatrixTiles : public Halide::Internal::IRMutator {
public:
  using IRMutator::mutate;
  Halide::Internal::Stmt mutate(const Halide::Internal::Stmt &s) override;

private:
  using IRMutator::visit;
  Halide::Internal::Stmt visit(const Halide::Internal::Store *op) override;

  bool inside = false;
};

/// The call that multiplies two tile registers; its last argument is the number
/// of multiply-adds.
extern const char *const multiplyTilesName;

} // namespace upconv

#endif // UPCONV_LIB_TARGET_HALIDE_MATRIXTILES_H
