//===- Tables.cpp - Strategies and schedule tables ------------------------===//
//
// Reads both kinds of file and checks a table against the strategies, so that a
// typing error in a knob is found when the table is read, not when a kernel
// happens to match the line.
//
//===----------------------------------------------------------------------===//

#include "Tables.h"

#include "EmbeddedSchedules.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;

namespace upconv {

const std::vector<std::string> &tableOps() {
  static const std::vector<std::string> ops = {
      "conv-transpose", "conv",      "matmul", "pool",     "softmax",
      "elementwise",    "transpose", "copy",   "reindex",  "interpolate",
      "reduce",         "lookup",    "round",  "sum-parts"};
  return ops;
}

std::string embeddedTablesVersion() {
  uint64_t hash = 0;
  for (const EmbeddedFile &file : embeddedSchedules())
    hash = xxh3_64bits(
        (Twine::utohexstr(hash) + file.path + "\n" + file.text).str());
  return utohexstr(hash, /*LowerCase=*/true, /*Width=*/16).substr(0, 8);
}

std::optional<std::string> embeddedTable(const std::string &path) {
  for (const EmbeddedFile &file : embeddedSchedules())
    if (file.path == path)
      return file.text.str();
  return std::nullopt;
}

std::vector<std::string> tableTypes(const std::string &op) {
  if (op == "conv-transpose" || op == "conv")
    return {"f32", "bf16", "f32-winograd"};
  if (op == "matmul")
    return {"f32", "bf16"};
  return {"f32"};
}

std::optional<Precision> precisionOf(const std::string &name) {
  for (Precision precision :
       {Precision::Float32, Precision::BFloat16, Precision::Winograd})
    if (name == toString(precision))
      return precision;
  return std::nullopt;
}

std::string toString(Precision precision) {
  switch (precision) {
  case Precision::Float32:
    return "f32";
  case Precision::BFloat16:
    return "bf16";
  case Precision::Winograd:
    return "f32-winograd";
  }
  return "";
}

std::string precisionNames() { return "f32, bf16 or f32-winograd"; }

Precision precisionOf(const KernelSpec &spec) {
  if (spec.multipliesPairs())
    return Precision::BFloat16;
  return spec.schedule.multipliesSums() ? Precision::Winograd
                                        : Precision::Float32;
}

const KnobInfo *StrategyInfo::knob(StringRef knobName) const {
  auto it =
      find_if(knobs, [&](const KnobInfo &k) { return k.name == knobName; });
  return it == knobs.end() ? nullptr : &*it;
}

//===----------------------------------------------------------------------===//
// Strategies
//===----------------------------------------------------------------------===//

static KnobInfo readKnob(YamlFile &file, const YamlNode &node) {
  KnobInfo knob;
  if (!file.checkMapping(node, "a knob",
                         {"name", "values", "default", "meaning"},
                         {"name", "values", "meaning"}))
    return knob;
  knob.name = file.text(node, "name");
  knob.meaning = file.text(node, "meaning");
  const YamlNode &values = *node.find("values");
  for (const YamlNode &item : values.items) {
    int64_t value = 0;
    if (!item.isScalar() || StringRef(item.text).getAsInteger(10, value))
      file.error(item, "a value of knob '" + knob.name +
                           "' must be an integer, got '" + item.text + "'");
    else
      knob.values.push_back(value);
  }
  llvm::sort(knob.values);
  if (!values.isSequence() || knob.values.empty())
    file.error(values, "'values' of knob '" + knob.name +
                           "' must be a list of integers");
  if (const YamlNode *otherwise = node.find("default")) {
    int64_t value = 0;
    knob.defaultText = otherwise->text;
    if (!StringRef(otherwise->text).getAsInteger(10, value) &&
        !is_contained(knob.values, value))
      file.error(*otherwise, "the default of knob '" + knob.name +
                                 "' must be one of its values, got " +
                                 otherwise->text);
  }
  return knob;
}

StrategyInfo readStrategy(YamlFile &file, const YamlNode &root,
                          const std::string &name) {
  StrategyInfo strategy;
  if (!file.checkMapping(root, "a strategy",
                         {"strategy", "summary", "knobs", "constraints"},
                         {"strategy", "summary", "knobs"}))
    return strategy;
  strategy.name = file.text(root, "strategy");
  strategy.summary = file.text(root, "summary");
  strategy.constraints = file.texts(root, "constraints");
  if (strategy.name != name)
    file.error(*root.find("strategy"), "strategy '" + strategy.name +
                                           "' must be named as its file, '" +
                                           name + "'");
  const YamlNode &knobs = *root.find("knobs");
  if (!knobs.isSequence())
    file.error(knobs, "'knobs' must be a list of knobs");
  for (const YamlNode &node : knobs.items) {
    KnobInfo knob = readKnob(file, node);
    if (strategy.knob(knob.name))
      file.error(node, "knob '" + knob.name + "' is listed twice");
    strategy.knobs.push_back(std::move(knob));
  }
  return strategy;
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

static std::string valueList(const std::vector<int64_t> &values) {
  bool contiguous = values.size() > 4 && values.back() - values.front() + 1 ==
                                             int64_t(values.size());
  if (contiguous)
    return std::to_string(values.front()) + ".." +
           std::to_string(values.back());
  std::string result;
  for (int64_t value : values)
    result += (result.empty() ? "" : ", ") + std::to_string(value);
  return result;
}

static void readKnobUse(YamlFile &file, const YamlNode &key,
                        const YamlNode &value, const StrategyInfo &strategy,
                        ScheduleChoice &use) {
  const KnobInfo *knob = strategy.knob(key.text);
  if (!knob) {
    std::vector<std::string> known;
    for (const KnobInfo &k : strategy.knobs)
      known.push_back(k.name);
    file.error(key, "strategy '" + strategy.name + "' has no knob '" +
                        key.text + "'" +
                        (known.empty() ? ", it has none"
                                       : ", expected " + quotedList(known)) +
                        didYouMean(key.text, known));
    return;
  }
  int64_t number = 0;
  if (!value.isScalar() || StringRef(value.text).getAsInteger(10, number) ||
      !is_contained(knob->values, number)) {
    file.error(value, "knob '" + knob->name + "' of strategy '" +
                          strategy.name + "' must be one of " +
                          valueList(knob->values) + ", got '" + value.text +
                          "'");
    return;
  }
  use.knobs[knob->name] = number;
}

static ScheduleChoice readUse(YamlFile &file, const YamlNode &node,
                              const StrategyMap &strategies) {
  ScheduleChoice use;
  const YamlNode *name = node.isMapping() ? node.find("strategy") : nullptr;
  if (!name || !name->isScalar()) {
    file.error(node, "'use' must be a mapping that names a 'strategy'");
    return use;
  }
  auto strategy = strategies.find(name->text);
  if (strategy == strategies.end()) {
    std::vector<std::string> known;
    for (const auto &[key, info] : strategies)
      known.push_back(key);
    file.error(*name, "unknown strategy '" + name->text + "', expected " +
                          quotedList(known) + didYouMean(name->text, known));
    return use;
  }
  use.strategy = name->text;
  std::vector<std::string> seen;
  for (const auto &[key, value] : node.members) {
    if (is_contained(seen, key.text))
      file.error(key, "key '" + key.text + "' occurs twice in 'use'");
    seen.push_back(key.text);
    if (key.text != "strategy")
      readKnobUse(file, key, value, strategy->second, use);
  }
  return use;
}

static void readHeader(YamlFile &file, const YamlNode &root) {
  const YamlNode *basis = root.find("basis");
  std::string text = file.text(root, "basis");
  if (text != "measured" && text != "model")
    file.error(*basis,
               "'basis' must be 'measured' or 'model', got '" + text + "'");
  for (const char *key : {"machine", "date", "method"})
    if (file.text(root, key).empty() && text == "measured")
      file.error(root,
                 std::string("a measured table must say its '") + key + "'");
}

std::vector<TableLine> readTable(YamlFile &file, const YamlNode &root,
                                 const StrategyMap &strategies,
                                 Precision precision) {
  std::vector<TableLine> lines;
  if (!file.checkMapping(root, "a schedule table",
                         {"basis", "machine", "date", "method", "entries"},
                         {"basis", "entries"}))
    return lines;
  readHeader(file, root);
  const YamlNode &entries = *root.find("entries");
  if (!entries.isSequence() || entries.items.empty()) {
    file.error(entries, "'entries' must be a list of at least one entry");
    return lines;
  }
  // Strategies of the entries so far that ask for nothing.
  std::vector<std::string> unconditional;
  for (const YamlNode &node : entries.items) {
    if (!file.checkMapping(node, "an entry",
                           {"when", "use", "ms", "peak", "why"},
                           {"use", "why"}))
      continue;
    TableLine line;
    if (const YamlNode *when = node.find("when"))
      line.when = readConditions(file, *when);
    line.entry.use = readUse(file, *node.find("use"), strategies);
    line.entry.precision = precision;
    line.entry.file = file.fileName();
    line.entry.line = node.line;
    line.entry.why = file.text(node, "why");
    line.entry.ms = file.number(node, "ms", -1);
    line.entry.peak = file.number(node, "peak", -1);
    const std::string &strategy = line.entry.use.strategy;
    if (!strategy.empty() &&
        line.entry.use.multipliesSums() != (precision == Precision::Winograd))
      file.error(node, "strategy '" + strategy + "' must not be in a table '-" +
                           toString(precision) + "'");
    if (is_contained(unconditional, strategy))
      file.error(node, "this entry is never reached: an entry above uses '" +
                           strategy + "' without 'when'");
    if (!node.find("when") && !strategy.empty())
      unconditional.push_back(strategy);
    lines.push_back(std::move(line));
  }
  const YamlNode *when = entries.items.back().find("when");
  if (when && precision == Precision::Float32)
    file.error(*when, "the last entry must have no 'when', so that every "
                      "kernel finds one");
  return lines;
}

} // namespace upconv
