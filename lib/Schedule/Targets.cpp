//===- Targets.cpp - targets.yaml -----------------------------------------===//
//
// Reads the rows, resolves a name given by the user, and finds the best level
// that this machine can run.
//
//===----------------------------------------------------------------------===//

#include "Targets.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace upconv {

std::vector<std::string> TargetList::names() const {
  std::vector<std::string> result;
  for (const TargetInfo &level : levels)
    result.push_back(level.name);
  return result;
}

std::vector<std::string> TargetList::tableFolders() const {
  std::vector<std::string> result = names();
  result.push_back("generic");
  return result;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static TargetInfo readLevel(YamlFile &file, const YamlNode &row) {
  TargetInfo info;
  static const std::vector<std::string> keys = {
      "name",     "halide",        "triple",    "cpu",
      "features", "vector_floats", "registers", "l1_bytes",
      "l2_bytes", "requires",      "fallback"};
  std::vector<std::string> known = keys;
  known.insert(known.end(), {"thread_macs", "device", "capability"});
  if (!file.checkMapping(row, "a target", known, keys))
    return info;
  info.name = file.text(row, "name");
  info.halide = file.text(row, "halide");
  info.triple = file.text(row, "triple");
  info.cpu = file.text(row, "cpu");
  info.features = file.text(row, "features");
  info.vectorFloats = file.positive(row, "vector_floats", info.vectorFloats);
  info.registers = file.positive(row, "registers", info.registers);
  info.l1Bytes = file.positive(row, "l1_bytes", info.l1Bytes);
  info.l2Bytes = file.positive(row, "l2_bytes", info.l2Bytes);
  info.threadMacs = file.positive(row, "thread_macs", info.threadMacs);
  info.requires_ = file.texts(row, "requires");
  info.fallback = file.texts(row, "fallback");
  if (const YamlNode *device = row.find("device")) {
    info.device = file.text(row, "device");
    if (info.device != "opencl" && info.device != "cuda")
      file.error(*device, "'device' must be 'opencl' or 'cuda', got '" +
                              info.device + "'");
    if ((info.device == "cuda") != (row.find("capability") != nullptr))
      file.error(*device, "'capability' is for 'device: cuda', which needs it");
  }
  info.capability = file.positive(row, "capability", info.capability);
  return info;
}

static std::vector<System> readSystems(YamlFile &file, const YamlNode &list) {
  std::vector<System> systems;
  static const std::vector<std::string> keys = {"name", "halide", "triple",
                                                "architectures"};
  for (const YamlNode &row : list.items)
    if (file.checkMapping(row, "a system", keys, keys))
      systems.push_back({file.text(row, "name"), file.text(row, "halide"),
                         file.text(row, "triple"),
                         file.texts(row, "architectures")});
  if (!list.isSequence() || list.items.empty())
    file.error(list, "'systems' must be a list, the levels' own one first");
  return systems;
}

/// A chain begins with the target's own tables and ends in 'generic'.
static void checkChain(YamlFile &file, const YamlNode &row,
                       const TargetInfo &info, const TargetList &targets) {
  const YamlNode *chain = row.find("fallback");
  if (!chain || info.name.empty())
    return;
  if (info.fallback.empty() || info.fallback.front() != info.name ||
      info.fallback.back() != "generic")
    file.error(*chain, "the fallback chain of '" + info.name +
                           "' must begin with '" + info.name +
                           "' and end in 'generic'");
  for (auto [index, folder] : enumerate(info.fallback))
    if (!is_contained(targets.tableFolders(), folder))
      file.error(chain->items[index],
                 "unknown table folder '" + folder + "', expected " +
                     quotedList(targets.tableFolders()) +
                     didYouMean(folder, targets.tableFolders()));
}

TargetList readTargets(YamlFile &file, const YamlNode &root) {
  TargetList targets;
  static const std::vector<std::string> keys = {"levels", "later_levels",
                                                "systems"};
  if (!file.checkMapping(root, "the list of targets", keys, keys))
    return targets;
  const YamlNode *levels = root.find("levels");
  if (!levels->isSequence() || levels->items.empty()) {
    file.error(*levels, "'levels' must be a list of targets");
    return targets;
  }
  for (const YamlNode &row : levels->items) {
    TargetInfo info = readLevel(file, row);
    if (is_contained(targets.names(), info.name) && !info.name.empty())
      file.error(row, "target '" + info.name + "' is listed twice");
    targets.levels.push_back(std::move(info));
  }
  for (auto [row, info] : zip(levels->items, targets.levels))
    checkChain(file, row, info, targets);
  targets.laterLevels = file.texts(root, "later_levels");
  targets.systems = readSystems(file, *root.find("systems"));
  return targets;
}

//===----------------------------------------------------------------------===//
// Resolving
//===----------------------------------------------------------------------===//

static Error targetError(const std::string &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

static Expected<TargetInfo> hostTarget(const TargetList &targets) {
  Triple host(sys::getProcessTriple());
  StringMap<bool> features = sys::getHostCPUFeatures();
  const TargetInfo *best = nullptr;
  for (const TargetInfo &level : targets.levels)
    if (!level.isGpu() && Triple(level.triple).getArch() == host.getArch() &&
        all_of(level.requires_,
               [&](const std::string &f) { return features.lookup(f); }))
      best = &level;
  if (best)
    return *best;
  return targetError("this machine (" + host.getArchName().str() +
                     ") can run none of the targets " +
                     quotedList(targets.names()) + "; name one with --target");
}

/// Splits NAME into LEVEL and SYSTEM if NAME begins with a level of `levels`.
/// Nothing if it does not; an empty system if NAME is just the level.
static std::optional<std::string> systemOf(StringRef name,
                                           const std::string &level) {
  if (!name.consume_front(level))
    return std::nullopt;
  if (name.empty())
    return "";
  return name.consume_front("-") ? std::optional(name.str()) : std::nullopt;
}

static StringRef architectureOf(const TargetInfo &level) {
  return StringRef(level.triple).split('-').first;
}

/// A level's code for another system than its own.
static TargetInfo onSystem(TargetInfo level, const System &own,
                           const System &other) {
  level.name += "-" + other.name;
  std::string word = "-" + own.halide;
  if (size_t at = level.halide.find(word); at != std::string::npos)
    level.halide.replace(at, word.size(), "-" + other.halide);
  level.triple = (architectureOf(level) + "-" + other.triple).str();
  level.kernelTriple = level.triple;
  return level;
}

Expected<TargetInfo> resolveTarget(const TargetList &targets,
                                   const std::string &name) {
  if (name == "host")
    return hostTarget(targets);
  std::vector<std::string> names = targets.names();
  std::string expected = "expected 'host', " + quotedList(names);
  for (const TargetInfo &level : targets.levels) {
    std::optional<std::string> system = systemOf(name, level.name);
    const System &own = targets.systems.front();
    if (system && (system->empty() || *system == own.name))
      return level;
    for (const System &other : targets.systems) {
      if (!system || *system != other.name)
        continue;
      if (level.isGpu())
        return targetError("target '" + name +
                           "' is not supported by this "
                           "version: '" +
                           level.name + "' is for '" + own.name + "' only");
      if (is_contained(other.architectures, architectureOf(level)))
        return onSystem(level, own, other);
      return targetError("target '" + name + "': '" + other.name +
                         "' has code for " + quotedList(other.architectures) +
                         " only");
    }
  }
  for (const std::string &later : targets.laterLevels)
    if (systemOf(name, later))
      return targetError("target '" + name +
                         "' is not supported by this version, " + expected);
  return targetError("unknown target '" + name + "', " + expected +
                     didYouMean(name, names));
}

} // namespace upconv
