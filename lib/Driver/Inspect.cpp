//===- Inspect.cpp - upconv inspect ---------------------------------------===//

#include "Commands.h"
#include "Explain.h"
#include "Listings.h"
#include "TextTable.h"
#include "TrainingRules.h"

#include "upconv/Dialect/Keras/IR/KerasOps.h"
#include "upconv/Dialect/Keras/IR/LayerLocation.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace upconv;

namespace json = llvm::json;

static json::Value shapeJson(Type type) {
  json::Array shape;
  for (int64_t size : cast<RankedTensorType>(type).getShape())
    shape.push_back(ShapedType::isDynamic(size) ? json::Value(nullptr)
                                                : json::Value(size));
  return shape;
}

static json::Value number(int64_t value) {
  return value < 0 ? json::Value(nullptr) : json::Value(value);
}

static json::Array constraintsJson(keras::LayerOpInterface layer,
                                   const WeightStore &weights) {
  json::Array list;
  for (const ConstraintCheck &check : checkConstraints(layer, weights))
    list.push_back(json::Object{
        {"variable", check.variable},
        {"constraint", check.constraint},
        {"holds", check.holds ? json::Value(*check.holds) : nullptr}});
  return list;
}

// Per spatial axis of each transposed convolution what is cropped in front, and
// how many positions behind the last tap's reach the output goes on (negative:
// how many are cropped there).
static llvm::StringMap<json::Object> cropsOf(ModuleOp lowered) {
  llvm::StringMap<json::Object> crops;
  lowered.walk([&](ConvTransposeOp op) {
    SmallVector<AffineExpr> in = getExtents(op.getInput().getType());
    SmallVector<AffineExpr> out = getExtents(op.getType());
    auto kernel = cast<RankedTensorType>(op.getWeights().getType()).getShape();
    json::Array low, tail;
    for (auto [axis, crop] : llvm::enumerate(op.getCropLow())) {
      int64_t stride = op.getStrides()[axis];
      int64_t reach = (kernel[axis] - 1) * op.getDilations()[axis] + 1;
      AffineExpr natural = (in[axis + 1] - 1) * stride + reach;
      AffineMap behind =
          getExtentMap(op.getContext(), {out[axis + 1] - (natural - crop)});
      low.push_back(crop);
      std::optional<int64_t> known = getConstant(behind.getResult(0));
      tail.push_back(known ? json::Value(*known) : json::Value(nullptr));
    }
    crops[keras::getLayerName(op.getLoc())] =
        json::Object{{"crop", std::move(low)}, {"tail", std::move(tail)}};
  });
  return crops;
}

// The layers as model.summary() lists them.
static json::Array layersJson(func::FuncOp function, const Session &session) {
  llvm::StringMap<json::Object> crops = cropsOf(*session.model.module);
  json::Array layers;
  function.walk([&](keras::LayerOpInterface layer) {
    // The first half of a TimeDistributed, which keras.time_distributed ends.
    if (isa<keras::MergeStepsOp>(layer))
      return;
    LayerParameters own = parametersOf(layer);
    json::Array variables;
    for (const keras::VariableSpec &variable : layer.getVariableSpecs())
      variables.push_back(json::Object{{"name", variable.name},
                                       {"shape", json::Array(variable.shape)}});
    json::Array inputs;
    for (Value operand : layer->getOperands())
      inputs.push_back(shapeJson(operand.getType()));
    StringRef name = keras::getLayerName(layer.getLoc());
    json::Object entry(
        json::Object{{"name", name},
                     {"class", layer.getLayerClass()},
                     {"input_shapes", std::move(inputs)},
                     {"output_shape", shapeJson(layer->getResult(0).getType())},
                     {"parameters", own.total},
                     {"trainable_parameters", own.trainable},
                     {"variables", std::move(variables)}});
    auto loss = regularizationLoss(layer, session.model.weights);
    if (loss)
      entry["regularization_loss"] =
          loss->unknown.empty() ? json::Value(loss->loss) : nullptr;
    json::Array constraints = constraintsJson(layer, session.model.weights);
    if (!constraints.empty())
      entry["constraints"] = std::move(constraints);
    if (auto crop = crops.find(name); crop != crops.end())
      for (auto &member : crop->second)
        entry[member.first] = std::move(member.second);
    layers.push_back(std::move(entry));
  });
  return layers;
}

static json::Array kernelsJson(const Session &session) {
  json::Array kernels;
  for (const KernelCall &call : session.built.calls) {
    const KernelSpec &spec = session.built.kernels[call.kernel];
    json::Object knobs;
    for (const auto &[knob, value] : spec.schedule.knobs)
      knobs[knob] = value;
    kernels.push_back(json::Object{
        {"name", spec.name},
        {"layers", call.layer},
        {"strategy", spec.schedule.strategy},
        {"knobs", std::move(knobs)},
        {"schedule", call.schedule},
        {"useful_macs", number(usefulMacs(spec))},
        {"executed_macs", number(session.kernels[call.kernel].executedMacs)},
        {"packed_weight_bytes",
         spec.hasWeights() ? packedWeightCount(spec) * 4 : int64_t(0)},
        {"object_bytes",
         static_cast<int64_t>(session.kernels[call.kernel].object.size())}});
  }
  return kernels;
}

// Bytes of the workspace if no size depends on run time.
static std::optional<int64_t> workspaceBytes(const LibraryPlan &plan) {
  int64_t bytes = 0;
  for (const WorkspaceSlot &slot : plan.slots) {
    int64_t largest = 0;
    for (AffineExpr tenant : slot.tenants) {
      std::optional<int64_t> size = getConstant(tenant);
      if (!size)
        return std::nullopt;
      largest = std::max(largest, *size);
    }
    bytes += (largest * 4 + 63) / 64 * 64;
  }
  return bytes;
}

static json::Array portsJson(func::FuncOp function, bool inputs,
                             const std::vector<Port> &ports) {
  json::Array list;
  for (auto [i, port] : llvm::enumerate(ports))
    list.push_back(json::Object{
        {"name", port.name},
        {"layer", port.layerName},
        {"shape", shapeJson(inputs ? function.getArgumentTypes()[i]
                                   : function.getResultTypes()[i])}});
  return list;
}

static json::Object summarize(Session &session) {
  auto function = *session.kerasModule->getOps<func::FuncOp>().begin();
  json::Array layers = layersJson(function, session);
  std::optional<int64_t> workspace = workspaceBytes(session.built.library);
  return json::Object{
      {"model", session.built.library.modelName},
      {"name", session.built.library.name},
      {"target", session.target.name},
      {"inputs", portsJson(function, true, session.built.library.inputs)},
      {"outputs", portsJson(function, false, session.built.library.outputs)},
      {"layers", std::move(layers)},
      {"parameters", session.parameters},
      {"trainable_parameters", session.trainableParameters},
      {"kernels", kernelsJson(session)},
      {"workspace_bytes",
       workspace ? json::Value(*workspace) : json::Value(nullptr)}};
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

static std::string cell(const json::Value &value) {
  if (auto text = value.getAsString())
    return text->str();
  if (auto integer = value.getAsInteger())
    return std::to_string(*integer);
  if (const json::Array *array = value.getAsArray()) {
    std::string text = "(";
    for (auto [i, entry] : llvm::enumerate(*array))
      text += (i ? ", " : "") +
              (entry.getAsNull() ? std::string("None") : cell(entry));
    return text + ")";
  }
  return "?";
}

static std::string knobsText(const json::Object &knobs) {
  std::vector<std::string> parts;
  for (const auto &[name, value] : knobs)
    parts.push_back(name.str() + "=" + cell(value));
  llvm::sort(parts);
  return llvm::join(parts, " ");
}

// Losses of the regularizers, and the constraints that the weights break.
static void printTrainingRules(const json::Object &summary,
                               llvm::raw_ostream &os) {
  double total = 0;
  bool any = false, known = true;
  for (const json::Value &entry : *summary.getArray("layers")) {
    const json::Object &layer = *entry.getAsObject();
    if (const json::Value *loss = layer.get("regularization_loss")) {
      any = true;
      known &= loss->getAsNumber().has_value();
      total += loss->getAsNumber().value_or(0);
    }
    const json::Array *constraints = layer.getArray("constraints");
    if (!constraints)
      continue;
    for (const json::Value &value : *constraints) {
      const json::Object &check = *value.getAsObject();
      if (check.getBoolean("holds") == false)
        os << "Constraint broken: " << cell(*check.get("constraint")) << " of "
           << cell(*layer.get("name")) << "/" << cell(*check.get("variable"))
           << "\n";
    }
  }
  if (any && known)
    os << "Regularization loss: " << llvm::format("%.6g", total) << "\n";
  else if (any)
    os << "Regularization loss: unknown without the weights\n";
}

static void printSummary(const json::Object &summary, llvm::raw_ostream &os) {
  os << "Model: " << cell(*summary.get("model")) << "\n";
  std::vector<std::vector<std::string>> rows;
  for (const json::Value &entry : *summary.getArray("inputs")) {
    const json::Object &input = *entry.getAsObject();
    rows.push_back({cell(*input.get("layer")), "InputLayer",
                    cell(*input.get("shape")), "0"});
  }
  for (const json::Value &entry : *summary.getArray("layers")) {
    const json::Object &layer = *entry.getAsObject();
    rows.push_back({cell(*layer.get("name")), cell(*layer.get("class")),
                    cell(*layer.get("output_shape")),
                    cell(*layer.get("parameters"))});
  }
  printTable(os, {"Layer", "Type", "Output shape", "Parameters"}, rows);
  int64_t total = *summary.getInteger("parameters");
  int64_t trainable = *summary.getInteger("trainable_parameters");
  os << "Total parameters: " << total << "\nTrainable: " << trainable
     << "\nNot trainable: " << total - trainable << "\n";
  printTrainingRules(summary, os);
  os << "\nTarget: " << cell(*summary.get("target")) << "\n";
  rows.clear();
  for (const json::Value &entry : *summary.getArray("kernels")) {
    const json::Object &kernel = *entry.getAsObject();
    rows.push_back(
        {cell(*kernel.get("layers")), cell(*kernel.get("strategy")),
         knobsText(*kernel.getObject("knobs")), cell(*kernel.get("schedule")),
         cell(*kernel.get("useful_macs")), cell(*kernel.get("executed_macs")),
         cell(*kernel.get("packed_weight_bytes"))});
  }
  printTable(os,
             {"Kernel of", "Strategy", "Knobs", "Schedule", "Useful MACs",
              "Executed MACs", "Weight bytes"},
             rows);
  os << "Workspace: ";
  if (auto bytes = summary.getInteger("workspace_bytes"))
    os << *bytes << " bytes\n";
  else
    os << "depends on the run-time extents\n";
}

static void explain(ModuleOp model, llvm::raw_ostream &os) {
  std::vector<BackEndNote> notes = explainBackEnds(model);
  for (const BackEndNote &note : notes)
    os << note.layer << ": " << note.note << "\n";
  if (notes.empty())
    os << "Keras's back ends agree on this model\n";
}

ExitStatus upconv::inspectCommand(const Options &options) {
  if (!options.ir.empty() && !isIrKind(options.ir))
    return ExitUsage;
  Session session(options);
  if (ExitStatus status = session.open(); status != ExitOk)
    return status;
  if (options.explain) {
    explain(*session.kerasModule, llvm::outs());
    return ExitOk;
  }
  if (!options.ir.empty()) {
    std::string text;
    ExitStatus status = makeListing(session, options.ir, options.layer, text);
    if (status == ExitOk)
      llvm::outs() << text;
    return status;
  }
  if (ExitStatus status = session.plan(/*withWeights=*/false); status != ExitOk)
    return status;
  if (ExitStatus status = session.compileKernels(); status != ExitOk)
    return status;
  json::Object summary = summarize(session);
  if (options.json)
    llvm::outs() << llvm::formatv("{0:2}", json::Value(std::move(summary)))
                 << "\n";
  else
    printSummary(summary, llvm::outs());
  return ExitOk;
}
