//===- TrainingRules.h - Regularizers and constraints of a layer ----------===//

#ifndef UPCONV_LIB_DRIVER_TRAININGRULES_H
#define UPCONV_LIB_DRIVER_TRAININGRULES_H

#include "upconv/Dialect/Keras/IR/KerasOps.h"
#include "upconv/Support/Tensor.h"

#include <optional>
#include <string>
#include <vector>

namespace upconv {

/// What a layer's regularizers add to the training loss; nothing if it has
/// none. The formulas are keras.regularizers': L1 l1 * sum|w|, L2 l2 * sum w^2,
/// L1L2 both, OrthogonalRegularizer factor / 2 * the mean absolute product of
/// two different normalized rows (or columns). Variables without values and
/// classes of the user's own are named in `unknown`.
struct RegularizationLoss {
  double loss = 0;
  std::vector<std::string> unknown;
};
std::optional<RegularizationLoss>
regularizationLoss(keras::LayerOpInterface layer, const WeightStore &weights);

/// One constraint (keras.constraints) of one variable, held against its values:
/// MaxNorm, NonNeg, UnitNorm, MinMaxNorm, to one part in 10^4.
struct ConstraintCheck {
  std::string variable, constraint;
  std::optional<bool> holds; ///< nothing: no values, or a class of the user's
};
std::vector<ConstraintCheck> checkConstraints(keras::LayerOpInterface layer,
                                              const WeightStore &weights);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_TRAININGRULES_H
