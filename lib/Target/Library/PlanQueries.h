//===- PlanQueries.h - What the emitters ask of a LibraryPlan -------------===//

#ifndef UPCONV_LIB_TARGET_LIBRARY_PLANQUERIES_H
#define UPCONV_LIB_TARGET_LIBRARY_PLANQUERIES_H

#include "upconv/Runtime/PackedWeights.h"
#include "upconv/Target/Library/LibraryPlan.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <optional>

namespace upconv {

/// Everything that the emitters rely on: identifiers, indices in range,
/// expressions over known symbols, sizes that fit. The error is one line.
llvm::Error validatePlan(const LibraryPlan &plan);

/// The value of an expression without symbols. A null expression is zero.
std::optional<int64_t> constantValue(mlir::AffineExpr expression);

/// An expression as the header spells it: "2 * z_batch + 1".
std::string spell(mlir::AffineExpr expression, const LibraryPlan &plan);
/// "(3, 3, 64)".
std::string spellShape(llvm::ArrayRef<int64_t> shape);
/// "(2 * z_batch, 64, 64, 3)".
std::string spellShape(const Port &port, const LibraryPlan &plan);

/// Product of the dimensions, if they are known.
std::optional<int64_t> staticCount(const Port &port);
/// Bytes of one slot and of the whole workspace, if they are known.
std::optional<int64_t> staticSlotBytes(const WorkspaceSlot &slot);
std::optional<int64_t> staticWorkspaceBytes(const LibraryPlan &plan);

/// The field order of `<name>_inputs`: each input's pointer, then its extents.
struct InputField {
  bool isExtent;
  unsigned index; ///< into the inputs or the extents
};
std::vector<InputField> inputFields(const LibraryPlan &plan);

/// `symbol`, with the library's name before it unless it is there already.
std::string prefixed(const LibraryPlan &plan, llvm::StringRef symbol);
/// The functions that users see.
std::vector<std::string> publicSymbols(const LibraryPlan &plan);
/// The weights' symbol.
std::string weightsSymbol(const LibraryPlan &plan);

/// What the library expects in front of such weights.
upconv_rt_stamp expectedStamp(const LibraryPlan &plan);
/// Bytes of packed weights, stamp included; the most that a part has.
size_t packedSize(const LibraryPlan &plan);

/// The text behind `<name>_describe()->json`.
std::string emitDescription(const LibraryPlan &plan);

/// UPCONV_RT_* bits of the features that prepare checks.
llvm::Expected<uint32_t> requiredFeatureBits(const LibraryPlan &plan);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_LIBRARY_PLANQUERIES_H
