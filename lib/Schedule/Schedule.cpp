//===- Schedule.cpp - Targets, schedule tables, lookup --------------------===//
//
// Gathers the embedded files and those of --schedules, and looks kernels up.
//
//===----------------------------------------------------------------------===//

#include "upconv/Schedule/Schedule.h"

#include "EmbeddedSchedules.h"
#include "Tables.h"
#include "Targets.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace upconv {

/// Tables by "<target>/<op>-<dtype>"; `own` come from --schedules, `embedded`
/// from the build.
struct ScheduleTables::Contents {
  TargetList targets;
  StrategyMap strategies;
  std::map<std::string, std::vector<TableLine>> own, embedded;
};

namespace {
struct SourceFile {
  std::string path; ///< relative to the schedules folder, with '/'
  std::string name; ///< as messages say it
  std::string text;
};

std::vector<SourceFile> embeddedFiles() {
  std::vector<SourceFile> files;
  for (const EmbeddedFile &file : embeddedSchedules())
    files.push_back({file.path.str(), file.path.str(), file.text.str()});
  return files;
}

/// The YAML files below `directory`, ordered by path.
std::vector<SourceFile> directoryFiles(const std::string &directory,
                                       std::vector<std::string> &errors) {
  std::vector<SourceFile> files;
  auto unreadable = [&](const std::string &path, std::error_code code) {
    errors.push_back(path + ": error: cannot be read: " + code.message());
  };
  std::error_code code;
  for (sys::fs::recursive_directory_iterator it(directory, code), end;
       it != end && !code; it.increment(code)) {
    std::string name = it->path();
    if (sys::path::extension(name) != ".yaml")
      continue;
    auto buffer = MemoryBuffer::getFile(name, /*IsText=*/false,
                                        /*RequiresNullTerminator=*/false);
    if (!buffer) {
      unreadable(name, buffer.getError());
      continue;
    }
    StringRef relative = StringRef(name).drop_front(directory.size());
    files.push_back(
        {relative.ltrim('/').str(), name, (*buffer)->getBuffer().str()});
  }
  if (code)
    unreadable(directory, code);
  else if (files.empty() && errors.empty())
    errors.push_back(directory + ": error: holds no schedule table, expected "
                                 "<target>/<op>-<dtype>.yaml");
  llvm::sort(files, [](const SourceFile &a, const SourceFile &b) {
    return a.path < b.path;
  });
  return files;
}

/// Reads one set of files into the contents. A set that has targets.yaml or a
/// strategy replaces what an earlier set said of it.
class SetReader {
public:
  SetReader(TargetList &targets, StrategyMap &strategies,
            std::vector<std::string> &errors)
      : targets(targets), strategies(strategies), errors(errors) {}

  void read(const std::vector<SourceFile> &files,
            std::map<std::string, std::vector<TableLine>> &tables) {
    // Tables are checked against targets and strategies: these first.
    for (const SourceFile &source : files)
      if (source.path == "targets.yaml" || isStrategy(source))
        readDefinition(source);
    for (const SourceFile &source : files)
      if (source.path != "targets.yaml" && !isStrategy(source))
        readTableFile(source, tables);
  }

private:
  static bool isStrategy(const SourceFile &source) {
    return sys::path::parent_path(source.path) == "strategies";
  }

  void readDefinition(const SourceFile &source) {
    YamlFile file(source.name, errors);
    std::optional<YamlNode> root = file.parse(source.text);
    if (!root)
      return;
    if (!isStrategy(source)) {
      targets = readTargets(file, *root);
      return;
    }
    std::string name = sys::path::stem(source.path).str();
    strategies[name] = readStrategy(file, *root, name);
  }

  void readTableFile(const SourceFile &source,
                     std::map<std::string, std::vector<TableLine>> &tables) {
    YamlFile file(source.name, errors);
    StringRef folder = sys::path::parent_path(source.path);
    StringRef table = sys::path::stem(source.path);
    std::vector<std::string> folders = targets.tableFolders();
    std::vector<std::string> names;
    std::map<std::string, Precision> types;
    for (const std::string &known : tableOps())
      for (const std::string &knownType : tableTypes(known)) {
        names.push_back(known + "-" + knownType + ".yaml");
        types[names.back()] = *precisionOf(knownType);
      }
    if (!is_contained(folders, folder)) {
      file.error(YamlNode(), "no table folder '" + folder.str() +
                                 "', expected " + quotedList(folders) +
                                 didYouMean(folder, folders));
      return;
    }
    StringRef name = sys::path::filename(source.path);
    if (!is_contained(names, name)) {
      file.error(YamlNode(), "no table is named '" + name.str() +
                                 "', expected " + quotedList(names) +
                                 didYouMean(name, names));
      return;
    }
    if (std::optional<YamlNode> root = file.parse(source.text))
      tables[(folder + "/" + table).str()] =
          readTable(file, *root, strategies, types.at(name.str()));
  }

  TargetList &targets;
  StrategyMap &strategies;
  std::vector<std::string> &errors;
};
} // namespace

Expected<ScheduleTables> ScheduleTables::load(const std::string &directory) {
  auto contents = std::make_shared<Contents>();
  std::vector<std::string> errors;
  SetReader reader(contents->targets, contents->strategies, errors);
  reader.read(embeddedFiles(), contents->embedded);
  for (const std::string &op : tableOps())
    if (!contents->embedded.count("generic/" + op + "-f32"))
      errors.push_back("generic/" + op + "-f32.yaml: error: is missing");
  if (!directory.empty())
    reader.read(directoryFiles(directory, errors), contents->own);
  if (!errors.empty())
    return createStringError(inconvertibleErrorCode(), join(errors, "\n"));
  ScheduleTables tables;
  tables.contents = std::move(contents);
  return tables;
}

Expected<TargetInfo> ScheduleTables::target(const std::string &name) const {
  return resolveTarget(contents->targets, name);
}

std::vector<std::string> ScheduleTables::targetNames() const {
  return contents->targets.names();
}

const StrategyInfo *ScheduleTables::strategy(const std::string &name) const {
  auto it = contents->strategies.find(name);
  return it == contents->strategies.end() ? nullptr : &it->second;
}

std::vector<std::string> ScheduleTables::strategyNames() const {
  std::vector<std::string> names;
  for (const auto &[name, info] : contents->strategies)
    names.push_back(name);
  return names;
}

std::vector<ScheduleChoice>
ScheduleTables::choicesOf(const std::string &file) const {
  std::vector<ScheduleChoice> choices;
  for (const auto *set : {&contents->own, &contents->embedded})
    for (const auto &[name, table] : *set)
      for (const TableLine &line : table)
        if (line.entry.file == file)
          choices.push_back(line.entry.use);
  return choices;
}

ScheduleEntry ScheduleTables::lookup(
    const TargetInfo &target, const std::string &op, const KernelTraits &traits,
    const std::function<bool(const ScheduleEntry &)> &isLegal,
    Precision precision) const {
  auto find = [&](StringRef type) -> const ScheduleEntry * {
    for (const auto *set : {&contents->own, &contents->embedded})
      for (const std::string &folder : target.fallback) {
        auto table = set->find((folder + "/" + op + "-" + type).str());
        if (table == set->end())
          continue;
        for (const TableLine &line : table->second)
          if (all_of(line.when,
                     [&](const Condition &c) { return c.holds(traits); }) &&
              isLegal(line.entry))
            return &line.entry;
      }
    return nullptr;
  };
  if (precision != Precision::Float32)
    if (const ScheduleEntry *entry = find(toString(precision)))
      return *entry;
  const ScheduleEntry *entry = find(toString(Precision::Float32));
  return entry ? *entry : ScheduleEntry();
}

} // namespace upconv
