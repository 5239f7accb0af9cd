//===- Suite.cpp - Benchmark suites ---------------------------------------===//
//
// Reads bench/suite.json's format with the position of every value, and checks
// each layer before anything is compiled: a suite is long, and an error in its
// last layer should not wait for the others.
//
//===----------------------------------------------------------------------===//

#include "upconv/Driver/Suite.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <json/json.h>

#include <cstring>
#include <limits>
#include <memory>

using namespace llvm;

namespace upconv {

namespace {
class SuiteReader {
public:
  SuiteReader(const std::string &text, const std::string &name)
      : text(text), name(name) {}

  Expected<Suite> read();

private:
  bool parse(Json::Value &root);
  void error(const Json::Value &at, const std::string &message);
  void readLayer(const Json::Value &value, Suite &suite);
  void checkLayer(const Json::Value &value, const SuiteLayer &layer,
                  const Suite &suite);

  /// A member of `object`, or an error and null if there is none.
  const Json::Value *member(const Json::Value &object, const char *key);
  std::string string(const Json::Value &object, const char *key);
  int64_t positive(const Json::Value &object, const char *key);
  bool toPositive(const Json::Value &value, const char *key, int64_t low,
                  int64_t &result);
  std::vector<int64_t> axes(const Json::Value &object, const char *key,
                            int64_t rank, int64_t low);

  const std::string &text, &name;
  std::vector<std::string> errors;
  std::string subject; ///< "layer 'x': " while a layer is read
};
} // namespace

void SuiteReader::error(const Json::Value &at, const std::string &message) {
  size_t offset = std::min<size_t>(at.getOffsetStart(), text.size());
  StringRef before(text.data(), offset);
  errors.push_back(name + ":" + std::to_string(before.count('\n') + 1) + ":" +
                   std::to_string(offset - (before.rfind('\n') + 1) + 1) +
                   ": error: " + subject + message);
}

bool SuiteReader::parse(Json::Value &root) {
  Json::CharReaderBuilder builder;
  builder["collectComments"] = false;
  builder["rejectDupKeys"] = true;
  builder["failIfExtra"] = true;
  builder["stackLimit"] = 32;
  std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
  std::string reason;
  bool parsed = false;
  try {
    parsed =
        reader->parse(text.data(), text.data() + text.size(), &root, &reason);
  } catch (const Json::Exception &) {
    reason = "* Line 1, Column 1\n  nested too deeply";
  }
  if (parsed)
    return true;
  // "* Line 3, Column 5\n  Missing ',' or '}' in object declaration\n..."
  StringRef message(reason);
  int line = 1, column = 1;
  if (message.consume_front("* Line ") && !message.consumeInteger(10, line) &&
      message.consume_front(", Column "))
    (void)message.consumeInteger(10, column);
  StringRef cause =
      message.ltrim().take_until([](char c) { return c == '\n'; });
  errors.push_back(
      name + ":" + std::to_string(line) + ":" + std::to_string(column) +
      ": error: not JSON: " + StringRef(cause.lower()).rtrim(".").str());
  return false;
}

const Json::Value *SuiteReader::member(const Json::Value &object,
                                       const char *key) {
  const Json::Value *value = object.find(key, key + std::strlen(key));
  if (!value)
    error(object, std::string("key '") + key + "' is missing");
  return value;
}

std::string SuiteReader::string(const Json::Value &object, const char *key) {
  const Json::Value *value = member(object, key);
  if (!value)
    return "";
  if (!value->isString() || value->asString().empty()) {
    error(*value, std::string("'") + key + "' must be a text");
    return "";
  }
  return value->asString();
}

bool SuiteReader::toPositive(const Json::Value &value, const char *key,
                             int64_t low, int64_t &result) {
  // Far above any real extent, and safe to multiply by an element size.
  const int64_t limit = std::numeric_limits<int32_t>::max();
  if (!value.isInt64() || value.asInt64() < low || value.asInt64() > limit) {
    error(value, std::string("'") + key + "' must be an integer of at least " +
                     std::to_string(low) + " and below 2^31");
    return false;
  }
  result = value.asInt64();
  return true;
}

int64_t SuiteReader::positive(const Json::Value &object, const char *key) {
  int64_t result = 0;
  if (const Json::Value *value = member(object, key))
    toPositive(*value, key, 1, result);
  return result;
}

std::vector<int64_t> SuiteReader::axes(const Json::Value &object,
                                       const char *key, int64_t rank,
                                       int64_t low) {
  std::vector<int64_t> result;
  const Json::Value *value = member(object, key);
  if (!value)
    return result;
  if (!value->isArray() || int64_t(value->size()) != rank) {
    error(*value, std::string("'") + key + "' must be a list of " +
                      std::to_string(rank) + " integers, one per axis");
    return result;
  }
  for (const Json::Value &item : *value) {
    int64_t extent = low;
    toPositive(item, key, low, extent);
    result.push_back(extent);
  }
  return result;
}

void SuiteReader::checkLayer(const Json::Value &value, const SuiteLayer &layer,
                             const Suite &suite) {
  if (!is_contained(suite.tiers, layer.tier) && !layer.tier.empty())
    error(value["tier"], "tier '" + layer.tier +
                             "' is not one of the suite's tiers, '" +
                             join(suite.tiers, "', '") + "'");
  if (layer.padding != "same" && layer.padding != "valid" &&
      !layer.padding.empty())
    error(value["padding"],
          "'padding' must be 'same' or 'valid', got '" + layer.padding + "'");
  // An id becomes the layer's name and the name of files.
  bool isName = all_of(layer.id, [](char c) {
    return isAlnum(c) || c == '_' || c == '-' || c == '.';
  });
  if (!isName || StringRef(layer.id).starts_with("."))
    error(value["id"],
          "an id must be made of letters, digits, '_', '-' and '.'");
  if (any_of(suite.layers,
             [&](const SuiteLayer &other) { return other.id == layer.id; }))
    error(value["id"], "the id occurs twice");
}

void SuiteReader::readLayer(const Json::Value &value, Suite &suite) {
  subject = "layer " + std::to_string(suite.layers.size()) + ": ";
  if (!value.isObject())
    return error(value, "expected an object");
  SuiteLayer layer;
  size_t offset = std::min<size_t>(value.getOffsetStart(), text.size());
  layer.line = StringRef(text.data(), offset).count('\n') + 1;
  layer.id = string(value, "id");
  if (!layer.id.empty())
    subject = "layer '" + layer.id + "': ";
  layer.tier = string(value, "tier");
  layer.model = value.get("model", "").isString()
                    ? value.get("model", "").asString()
                    : "";
  layer.rank = positive(value, "rank");
  if (layer.rank > 3)
    error(value["rank"],
          "'rank' must be 1, 2 or 3, got " + std::to_string(layer.rank));
  layer.batch = positive(value, "batch");
  layer.cin = positive(value, "cin");
  layer.cout = positive(value, "cout");
  layer.padding = string(value, "padding");
  if (layer.rank >= 1 && layer.rank <= 3) {
    layer.inSpatial = axes(value, "in_spatial", layer.rank, 1);
    layer.kernel = axes(value, "kernel", layer.rank, 1);
    layer.strides = axes(value, "strides", layer.rank, 1);
    layer.dilation = axes(value, "dilation", layer.rank, 1);
    if (!value["output_padding"].isNull())
      layer.outputPadding = axes(value, "output_padding", layer.rank, 0);
  }
  const Json::Value &derived = value["derived"];
  if (derived.isObject()) {
    if (derived["macs_useful"].isInt64())
      layer.usefulMacs = derived["macs_useful"].asInt64();
    if (derived["bytes_min_f32"].isInt64())
      layer.minimumBytes = derived["bytes_min_f32"].asInt64();
    if (derived.isMember("out_spatial") && layer.rank <= 3)
      layer.outSpatial = axes(derived, "out_spatial", layer.rank, 1);
  }
  checkLayer(value, layer, suite);
  suite.layers.push_back(std::move(layer));
}

Expected<Suite> SuiteReader::read() {
  Suite suite;
  Json::Value root;
  if (parse(root)) {
    const Json::Value *tiers = nullptr, *layers = nullptr;
    if (!root.isObject())
      error(root, "a suite must be an object with 'version', 'tiers' and "
                  "'layers'");
    else if (positive(root, "version") > 1)
      error(root["version"], "this version reads suites of version 1, got " +
                                 root["version"].asString());
    else {
      tiers = member(root, "tiers");
      layers = member(root, "layers");
    }
    if (tiers && !tiers->isObject())
      error(*tiers, "'tiers' must be an object of name and meaning");
    else if (tiers)
      suite.tiers = tiers->getMemberNames();
    if (layers && (!layers->isArray() || layers->empty()))
      error(*layers, "'layers' must be a list of at least one layer");
    else if (layers && errors.empty())
      for (const Json::Value &layer : *layers)
        readLayer(layer, suite);
  }
  if (!errors.empty())
    return createStringError(inconvertibleErrorCode(), join(errors, "\n"));
  return suite;
}

Expected<Suite> parseSuite(const std::string &text, const std::string &name) {
  return SuiteReader(text, name).read();
}

Expected<Suite> readSuite(const std::string &path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError(
        buffer.getError(),
        path + ": error: cannot be read: " + buffer.getError().message());
  return parseSuite((*buffer)->getBuffer().str(), path);
}

static std::string nearest(StringRef name,
                           const std::vector<std::string> &names) {
  unsigned best = std::max<size_t>(2, name.size() / 3) + 1;
  std::string result;
  for (const std::string &candidate : names) {
    unsigned distance = name.edit_distance(candidate, true, best);
    if (distance < best) {
      best = distance;
      result = "; did you mean '" + candidate + "'?";
    }
  }
  return result;
}

Expected<std::vector<SuiteLayer>> selectLayers(const Suite &suite,
                                               const std::string &tier,
                                               const std::string &id) {
  auto refuse = [](const std::string &message) {
    return createStringError(inconvertibleErrorCode(), message);
  };
  if (!tier.empty() && !is_contained(suite.tiers, tier))
    return refuse("the suite has no tier '" + tier + "', expected '" +
                  join(suite.tiers, "', '") + "'");
  std::vector<SuiteLayer> result;
  std::vector<std::string> ids;
  for (const SuiteLayer &layer : suite.layers) {
    ids.push_back(layer.id);
    if ((tier.empty() || layer.tier == tier) && (id.empty() || layer.id == id))
      result.push_back(layer);
  }
  if (!id.empty() && !is_contained(ids, id))
    return refuse("the suite has no layer '" + id + "'" + nearest(id, ids));
  if (result.empty())
    return refuse(id.empty()
                      ? "the suite has no layer in tier '" + tier + "'"
                      : "layer '" + id + "' is not in tier '" + tier + "'");
  return result;
}

static Json::Value list(const std::vector<int64_t> &values) {
  Json::Value result(Json::arrayValue);
  for (int64_t value : values)
    result.append(Json::Int64(value));
  return result;
}

std::string layerJson(const SuiteLayer &layer) {
  Json::Value config(Json::objectValue);
  config["name"] = layer.id;
  config["filters"] = Json::Int64(layer.cout);
  config["kernel_size"] = list(layer.kernel);
  config["strides"] = list(layer.strides);
  config["padding"] = layer.padding;
  config["output_padding"] =
      layer.outputPadding ? list(*layer.outputPadding) : Json::Value();
  config["data_format"] = "channels_last";
  config["dilation_rate"] = list(layer.dilation);
  config["activation"] = "linear";
  config["use_bias"] = true;
  Json::Value root(Json::objectValue);
  root["class_name"] = "Conv" + std::to_string(layer.rank) + "DTranspose";
  root["config"] = config;
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "  ";
  return Json::writeString(builder, root) + "\n";
}

std::vector<int64_t> inputShape(const SuiteLayer &layer) {
  std::vector<int64_t> shape = {layer.batch};
  shape.insert(shape.end(), layer.inSpatial.begin(), layer.inSpatial.end());
  shape.push_back(layer.cin);
  return shape;
}

} // namespace upconv
