//===- ImportKeras.cpp - Keras files to the keras dialect -----------------===//
//
// The way of a model: file (ModelFile) -> plan (ModelReader, InputShapes) -> IR
// (Graph) -> weights (Weights). Each step goes on after errors of the one
// before as long as there is something to look at.
//
//===----------------------------------------------------------------------===//

#include "upconv/Import/Keras/ImportKeras.h"

#include "Graph.h"
#include "Masks.h"
#include "ModelFile.h"
#include "ModelReader.h"
#include "Weights.h"

#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace upconv;
using namespace upconv::keras_import;

/// Opens what the options or the file offer. False after an error.
static bool openSource(const ImportOptions &options, ModelFile &file,
                       const ModelPlan &plan,
                       ArrayRef<LayerVariables> variables,
                       std::unique_ptr<WeightSource> &source,
                       Reporter &reporter) {
  if (!options.weightsPath.empty())
    source = openWeightsFile(options.weightsPath, plan, variables, reporter);
  else if (options.initSeed)
    source = drawWeights(*options.initSeed);
  else if (!file.weights.empty())
    source =
        openHdf5Weights(std::move(file.weights), plan, variables, reporter);
  return reporter.ok();
}

ImportStatus upconv::importKerasModel(MLIRContext &context,
                                      const ImportOptions &options,
                                      ImportedModel &model) {
  Reporter reporter(&context);
  std::optional<ModelFile> file = readModelFile(options.path, reporter);
  if (!file)
    return reporter.status();
  CustomLayers customLayers;
  if (!options.customLayersPath.empty())
    customLayers.read(options.customLayersPath, reporter);
  std::optional<ModelPlan> plan =
      readModel(file->config->root(), file->version, customLayers, reporter);
  if (!plan)
    return reporter.status();
  applyInputShapes(*plan, options.inputShapes, reporter);

  std::vector<LayerOp> layerOps;
  OwningOpRef<ModuleOp> module =
      buildGraph(*plan, file->baseName, reporter, layerOps);
  if (reporter.ok())
    checkMasks(*module, reporter);
  if (!reporter.ok())
    return reporter.status();

  std::vector<LayerVariables> variables = collectVariables(layerOps, reporter);
  std::unique_ptr<WeightSource> source;
  if (!openSource(options, *file, *plan, variables, source, reporter))
    return reporter.status();
  bindWeights(layerOps, variables, source.get(), model.weights, reporter);
  // The layers have been checked; what fails here is our mistake.
  if (reporter.ok() && failed(verify(*module)))
    reporter.markInvalid();
  if (reporter.ok())
    model.module = std::move(module);
  else
    model.weights.tensors.clear();
  return reporter.status();
}
