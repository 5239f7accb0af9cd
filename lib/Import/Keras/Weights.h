//===- Weights.h - Values for the layers' variables -----------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_WEIGHTS_H
#define UPCONV_LIB_IMPORT_KERAS_WEIGHTS_H

#include "Graph.h"
#include "ModelFile.h"

#include "upconv/Dialect/Keras/IR/KerasOps.h"

namespace upconv::keras_import {

/// The variables of one layer, which all its calls share.
struct LayerVariables {
  mlir::Operation *op; ///< the first call
  const LayerPlan *plan;
  llvm::SmallVector<keras::VariableSpec> specs;

  /// "<layer>/<variable>"
  std::string key(const keras::VariableSpec &spec) const {
    return plan->name + "/" + spec.name;
  }
};

/// Where values come from.
class WeightSource {
public:
  virtual ~WeightSource() = default;
  /// Puts the values of the layer's variables into `store`; reports what is
  /// missing or has another shape.
  virtual void load(const LayerVariables &layer, WeightStore &store,
                    Reporter &reporter) = 0;
  /// After all layers: reports what nobody asked for.
  virtual void finish(Reporter &reporter) {}
};

/// Starts the message "layer ... variable 'NAME' of shape SHAPE ".
mlir::InFlightDiagnostic variableError(const LayerVariables &layer,
                                       const keras::VariableSpec &spec,
                                       Reporter &reporter);

/// The layers with variables; calls of a shared layer must agree on them.
std::vector<LayerVariables> collectVariables(llvm::ArrayRef<LayerOp> layers,
                                             Reporter &reporter);

/// HDF5 files that hold the weights of one model: a `.weights.h5`, the shards
/// of one, or a legacy `.h5`. Null after an error.
std::unique_ptr<WeightSource>
openHdf5Weights(std::vector<WeightFile> files, const ModelPlan &plan,
                llvm::ArrayRef<LayerVariables> variables, Reporter &reporter);

/// `--weights FILE`: any of those, a `.keras` that has one, or a `.npz`.
std::unique_ptr<WeightSource>
openWeightsFile(const std::string &path, const ModelPlan &plan,
                llvm::ArrayRef<LayerVariables> variables, Reporter &reporter);

/// `--init SEED`
std::unique_ptr<WeightSource> drawWeights(uint64_t seed);

/// Gives every op its `weights`: bound to the values of `source`, or, where
/// that is null, by name and shape only.
void bindWeights(llvm::ArrayRef<LayerOp> layers,
                 llvm::ArrayRef<LayerVariables> variables, WeightSource *source,
                 WeightStore &store, Reporter &reporter);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_WEIGHTS_H
