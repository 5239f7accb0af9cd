//===- Scope.cpp - The names of one model ---------------------------------===//

#include "Scope.h"
#include "Spelling.h"

#include "llvm/ADT/STLExtras.h"

#include <functional>
#include <queue>

using namespace mlir;
using namespace upconv::keras_import;

std::string upconv::keras_import::describe(const LayerPlan &layer) {
  return "layer '" + layer.name + "' (" + layer.className + ")";
}

Scope::Scope(const ModelPlan &plan, Reporter &reporter)
    : plan(plan), reporter(reporter) {
  for (const auto &layer : plan.layers)
    layersByName.try_emplace(layer->localName, layer.get());
  for (auto [index, input] : llvm::enumerate(plan.inputs))
    inputsByName.try_emplace(input.name, index);
  for (auto [index, call] : llvm::enumerate(plan.calls))
    callsByLayer[plan.layers[call.layer]->localName].push_back(index);
  for (const LayerCall &call : plan.calls)
    for (const TensorReference &reference : call.inputs)
      verify(reference, describe(*plan.layers[call.layer]));
  for (const TensorReference &reference : plan.outputs)
    verify(reference, "model '" + plan.name + "'");
  sortCalls();
}

std::optional<size_t> Scope::findInput(const TensorReference &reference) const {
  auto input = inputsByName.find(reference.layer);
  return input == inputsByName.end() ? std::nullopt
                                     : std::optional(input->second);
}

std::optional<size_t> Scope::findCall(const TensorReference &reference) const {
  auto calls = callsByLayer.find(reference.layer);
  if (calls == callsByLayer.end() || reference.call < 0 ||
      uint64_t(reference.call) >= calls->second.size())
    return std::nullopt;
  return calls->second[reference.call];
}

const LayerPlan *Scope::findMaker(const TensorReference &reference) const {
  auto found = layersByName.find(reference.layer);
  const LayerPlan *layer =
      found == layersByName.end() ? nullptr : found->second;
  uint64_t tensor = reference.tensor;
  // The tensor of a model is that of a layer in it.
  while (layer && layer->model && tensor < layer->model->outputs.size()) {
    const ModelPlan &model = *layer->model;
    const TensorReference &output = model.outputs[tensor];
    auto inner = llvm::find_if(model.layers, [&](const auto &candidate) {
      return candidate->localName == output.layer;
    });
    layer = inner == model.layers.end() ? nullptr : inner->get();
    tensor = output.tensor;
  }
  return layer && !layer->isInput ? layer : nullptr;
}

/// How many tensors a call of `layer` makes; nothing where that is not known
/// before the call.
static std::optional<size_t> outputCount(const LayerPlan &layer) {
  if (layer.function)
    return std::nullopt;
  return layer.model ? layer.model->outputs.size() : 1;
}

void Scope::verify(const TensorReference &reference, Twine who) {
  if (inputsByName.contains(reference.layer))
    return;
  auto found = layersByName.find(reference.layer);
  if (found == layersByName.end()) {
    SmallVector<StringRef> known;
    for (const auto &candidate : plan.layers)
      known.push_back(candidate->localName);
    reporter.invalid(reference.place)
        << who << ": there is no layer '" << reference.layer << "'"
        << didYouMean(reference.layer, known);
    return;
  }
  const LayerPlan &layer = *found->second;
  std::optional<size_t> outputs = outputCount(layer);
  if (layer.isInput) {
    // Named in no input_layers, or its shape could not be read.
    if (layer.valid)
      reporter.invalid(reference.place) << who << ": '" << reference.layer
                                        << "' is not among the model's inputs";
  } else if (!layer.kind && !layer.model && !layer.function) {
    // Reported where the layer stands; its calls may be counted differently.
  } else if (!findCall(reference)) {
    reporter.invalid(reference.place)
        << who << ": layer '" << reference.layer << "' has "
        << callsByLayer.lookup(reference.layer).size()
        << " calls, there is no call " << reference.call;
  } else if (reference.tensor < 0 ||
             (outputs && uint64_t(reference.tensor) >= *outputs)) {
    // A model whose outputs cannot be read has been reported.
    if (*outputs != 0)
      reporter.invalid(reference.place)
          << who << ": layer '" << reference.layer << "' has "
          << (*outputs == 1 ? "one output"
                            : std::to_string(*outputs) + " outputs")
          << ", there is no output " << reference.tensor;
  }
}

void Scope::sortCalls() {
  std::vector<unsigned> pending(plan.calls.size(), 0);
  std::vector<std::vector<size_t>> consumers(plan.calls.size());
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (auto [index, call] : llvm::enumerate(plan.calls)) {
    for (const TensorReference &reference : call.inputs) {
      if (findInput(reference))
        continue;
      if (auto producer = findCall(reference)) {
        ++pending[index];
        consumers[*producer].push_back(index);
      }
    }
    if (pending[index] == 0)
      ready.push(index);
  }
  while (!ready.empty()) {
    size_t index = ready.top();
    ready.pop();
    calls.push_back(index);
    for (size_t consumer : consumers[index])
      if (--pending[consumer] == 0)
        ready.push(consumer);
  }
  auto stuck = llvm::find_if(pending, [](unsigned count) { return count > 0; });
  if (stuck == pending.end())
    return;
  const LayerCall &call = plan.calls[stuck - pending.begin()];
  reporter.invalid(call.place) << describe(*plan.layers[call.layer])
                               << ": its input depends on its own output";
}
