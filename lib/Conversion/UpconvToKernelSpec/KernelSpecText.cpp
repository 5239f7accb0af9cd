//===- KernelSpecText.cpp - KernelSpec to JSON and back -------------------===//
//
// llvm::json's ObjectMapper and toJSON overloads, one pair per struct. A Size
// is a number, or a string "#i" for scalar argument i.
//
//===----------------------------------------------------------------------===//

#include "upconv/Conversion/KernelSpecText.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

namespace json = llvm::json;

namespace upconv {

static json::Value toJSON(const Size &size) {
  if (size.isConstant())
    return size.constant;
  return "#" + std::to_string(size.scalar);
}

static bool fromJSON(const json::Value &value, Size &size, json::Path path) {
  if (std::optional<int64_t> constant = value.getAsInteger()) {
    size = Size::of(*constant);
    return true;
  }
  std::optional<llvm::StringRef> text = value.getAsString();
  int index = 0;
  if (!text || !text->consume_front("#") || text->getAsInteger(10, index)) {
    path.report("expected a size");
    return false;
  }
  size = Size::argument(index);
  return true;
}

static json::Value toJSON(const TensorArgument &tensor) {
  return json::Object{{"shape", json::Array(tensor.shape)},
                      {"strides", json::Array(tensor.strides)},
                      {"haloLow", json::Array(tensor.haloLow)},
                      {"haloHigh", json::Array(tensor.haloHigh)},
                      {"alignment", tensor.alignment}};
}

static bool fromJSON(const json::Value &value, TensorArgument &tensor,
                     json::Path path) {
  json::ObjectMapper mapper(value, path);
  return mapper && mapper.map("shape", tensor.shape) &&
         mapper.map("strides", tensor.strides) &&
         mapper.map("haloLow", tensor.haloLow) &&
         mapper.map("haloHigh", tensor.haloHigh) &&
         mapper.map("alignment", tensor.alignment);
}

static json::Value toJSON(const ScalarNode &node) {
  return json::Object{{"kind", static_cast<int64_t>(node.kind)},
                      {"operands", json::Array(node.operands)},
                      {"value", node.value},
                      {"index", node.index}};
}

static bool fromJSON(const json::Value &value, ScalarNode &node,
                     json::Path path) {
  json::ObjectMapper mapper(value, path);
  int64_t kind = 0;
  if (!mapper || !mapper.map("kind", kind) ||
      !mapper.map("operands", node.operands) ||
      !mapper.map("value", node.value) || !mapper.map("index", node.index))
    return false;
  node.kind = static_cast<ScalarNode::Kind>(kind);
  return true;
}

static json::Value toJSON(const IndexMap &map) {
  return json::Object{
      {"start", toJSON(map.start)}, {"step", map.step}, {"repeat", map.repeat}};
}

static bool fromJSON(const json::Value &value, IndexMap &map, json::Path path) {
  json::ObjectMapper mapper(value, path);
  return mapper && mapper.map("start", map.start) &&
         mapper.map("step", map.step) && mapper.map("repeat", map.repeat);
}

// The arguments that few kernels have; absent elsewhere, so that
// a listing shows only what means something.
static void addDataArguments(const KernelSpec &spec, json::Object &object) {
  if (spec.multipliesPairs())
    object["pairedChannels"] = spec.pairedChannels;
  if (spec.parts != 1)
    object["parts"] = spec.parts;
  if (spec.target.isGpu())
    object["device"] = spec.target.device;
  if (!spec.indices.empty())
    object["indices"] = json::Array(spec.indices);
  if (spec.border != Border::None) {
    object["border"] = static_cast<int64_t>(spec.border);
    object["fill"] = spec.fill;
  }
  if (spec.anchor == Anchor::Interpolate) {
    object["firstTap"] = json::Array(spec.firstTap);
    object["tapWeights"] = json::Array(spec.tapWeights);
  }
  if (spec.anchor == Anchor::Reduce) {
    object["reduction"] = static_cast<int64_t>(spec.reduction);
    object["reducedExtent"] = toJSON(spec.reducedExtent);
  }
  if (spec.anchor == Anchor::Interpolate || spec.anchor == Anchor::Reduce)
    object["axis"] = spec.axis;
}

static bool mapDataArguments(json::ObjectMapper &mapper, KernelSpec &spec) {
  std::optional<int64_t> border, reduction;
  if (!mapper.mapOptional("pairedChannels", spec.pairedChannels) ||
      !mapper.mapOptional("parts", spec.parts) ||
      !mapper.mapOptional("device", spec.target.device) ||
      !mapper.mapOptional("indices", spec.indices) ||
      !mapper.map("border", border) || !mapper.mapOptional("fill", spec.fill) ||
      !mapper.mapOptional("axis", spec.axis) ||
      !mapper.mapOptional("firstTap", spec.firstTap) ||
      !mapper.mapOptional("tapWeights", spec.tapWeights) ||
      !mapper.map("reduction", reduction) ||
      !mapper.mapOptional("reducedExtent", spec.reducedExtent))
    return false;
  spec.border = static_cast<Border>(border.value_or(0));
  spec.reduction = static_cast<Reduction>(reduction.value_or(0));
  return true;
}

std::string printKernelSpec(const KernelSpec &spec) {
  json::Object knobs;
  for (const auto &[name, value] : spec.schedule.knobs)
    knobs[name] = value;
  json::Object object{{"name", spec.name},
                      {"anchor", static_cast<int64_t>(spec.anchor)},
                      {"window", json::Array(spec.window)},
                      {"strides", json::Array(spec.strides)},
                      {"dilations", json::Array(spec.dilations)},
                      {"low", json::Array(spec.low)},
                      {"groups", spec.groups},
                      {"hasBias", spec.hasBias},
                      {"permutation", json::Array(spec.permutation)},
                      {"input", toJSON(spec.input)},
                      {"operands", json::Array(spec.operands)},
                      {"output", toJSON(spec.output)},
                      {"epilogue", json::Array(spec.epilogue)},
                      {"scalars", spec.scalars},
                      {"strategy", spec.schedule.strategy},
                      {"knobs", std::move(knobs)},
                      {"halide", spec.target.halide},
                      {"vectorFloats", spec.target.vectorFloats},
                      {"registers", spec.target.registers},
                      {"l2Bytes", spec.target.l2Bytes}};
  if (!spec.target.triple.empty())
    object["triple"] = spec.target.triple;
  if (spec.target.matrixTiles)
    object["matrixTiles"] = true;
  addDataArguments(spec, object);
  // llvm::json prints the keys of an object in sorted order.
  return llvm::formatv("{0}", json::Value(std::move(object))).str();
}

llvm::Expected<KernelSpec> parseKernelSpec(llvm::StringRef text) {
  llvm::Expected<json::Value> value = json::parse(text);
  if (!value)
    return value.takeError();
  KernelSpec spec;
  int64_t anchor = 0;
  std::map<std::string, int64_t> knobs;
  json::Path::Root root("kernel");
  json::ObjectMapper mapper(*value, root);
  if (!mapper || !mapper.map("name", spec.name) ||
      !mapper.map("anchor", anchor) || !mapper.map("window", spec.window) ||
      !mapper.map("strides", spec.strides) ||
      !mapper.map("dilations", spec.dilations) ||
      !mapper.map("low", spec.low) || !mapper.map("groups", spec.groups) ||
      !mapper.map("hasBias", spec.hasBias) ||
      !mapper.map("permutation", spec.permutation) ||
      !mapper.map("input", spec.input) ||
      !mapper.map("operands", spec.operands) ||
      !mapper.map("output", spec.output) ||
      !mapper.map("epilogue", spec.epilogue) ||
      !mapper.map("scalars", spec.scalars) ||
      !mapper.map("strategy", spec.schedule.strategy) ||
      !mapper.map("knobs", knobs) ||
      !mapper.map("halide", spec.target.halide) ||
      !mapper.map("vectorFloats", spec.target.vectorFloats) ||
      !mapper.map("registers", spec.target.registers) ||
      !mapper.map("l2Bytes", spec.target.l2Bytes) ||
      !mapper.mapOptional("triple", spec.target.triple) ||
      !mapper.mapOptional("matrixTiles", spec.target.matrixTiles) ||
      !mapDataArguments(mapper, spec))
    return root.getError();
  spec.anchor = static_cast<Anchor>(anchor);
  spec.schedule.knobs = std::move(knobs);
  return spec;
}

std::string hashKernelSpec(KernelSpec spec) {
  spec.name.clear();
  return llvm::utohexstr(llvm::xxh3_64bits(printKernelSpec(spec)),
                         /*LowerCase=*/true, /*Width=*/16);
}

} // namespace upconv
