//===- Weights.h - Values for the layers' variables -----------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_WEIGHTS_H
#define UPCONV_LIB_IMPORT_KERAS_WEIGHTS_H

#include "Graph.h"

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

/// A `.weights.h5` in memory; `name` is what messages call the file. Null after
/// an error. `layerNames` are the model's.
std::unique_ptr<WeightSource> openHdf5Weights(std::string name,
                                              llvm::StringRef bytes,
                                              llvm::ArrayRef<LayerOp> layers,
                                              Reporter &reporter);

/// `--weights FILE`: `.weights.h5`, `.npz`, or the weights of a `.keras`.
std::unique_ptr<WeightSource> openWeightsFile(const std::string &path,
                                              llvm::ArrayRef<LayerOp> layers,
                                              bool isBareLayer,
                                              Reporter &reporter);

/// `--init SEED`
std::unique_ptr<WeightSource> drawWeights(uint64_t seed);

/// Gives every op its `weights`: bound to the values of `source`, or, where
/// that is null, by name and shape only.
void bindWeights(llvm::ArrayRef<LayerOp> layers, WeightSource *source,
                 WeightStore &store, Reporter &reporter);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_WEIGHTS_H
