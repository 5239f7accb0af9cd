//===- Scope.h - The names of one model -----------------------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_SCOPE_H
#define UPCONV_LIB_IMPORT_KERAS_SCOPE_H

#include "LayerPlan.h"

#include "llvm/ADT/StringMap.h"

namespace upconv::keras_import {

/// "layer 'NAME' (CLASS)", as messages begin.
std::string describe(const LayerPlan &layer);

/// What the references of one model mean, and the order of its calls. Reports
/// references to what the model does not have, and cycles; calls that take part
/// in one are missing in the order.
class Scope {
public:
  Scope(const ModelPlan &plan, Reporter &reporter);

  /// The place of the input that `reference` names among the plan's.
  std::optional<size_t> findInput(const TensorReference &reference) const;
  std::optional<size_t> findCall(const TensorReference &reference) const;
  /// The layer that makes the tensor, in this model or one inside it; null for
  /// an input.
  const LayerPlan *findMaker(const TensorReference &reference) const;

  /// Every call after the calls that it depends on, otherwise in the order of
  /// the file; references may point forward.
  llvm::ArrayRef<size_t> order() const { return calls; }

private:
  void verify(const TensorReference &reference, llvm::Twine who);
  void sortCalls();

  const ModelPlan &plan;
  Reporter &reporter;
  llvm::StringMap<const LayerPlan *> layersByName;
  llvm::StringMap<size_t> inputsByName;
  llvm::StringMap<std::vector<size_t>> callsByLayer;
  std::vector<size_t> calls;
};

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_SCOPE_H
