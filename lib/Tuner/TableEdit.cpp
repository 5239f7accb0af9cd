//===- TableEdit.cpp - Verdicts into schedule tables ----------------------===//

#include "upconv/Tuner/TableEdit.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace upconv;

std::string upconv::whenOf(const KernelTraits &traits) {
  std::vector<std::string> parts;
  auto scalar = [&](const char *name, int64_t otherwise) {
    auto it = traits.scalars.find(name);
    if (it != traits.scalars.end() && it->second != otherwise)
      parts.push_back(std::string(name) + ": " + std::to_string(it->second));
  };
  auto list = [&](const char *name, int64_t otherwise) {
    auto it = traits.lists.find(name);
    if (it == traits.lists.end() || it->second.empty() ||
        llvm::all_of(it->second, [&](int64_t v) { return v == otherwise; }))
      return;
    std::vector<std::string> values;
    for (int64_t value : it->second)
      values.push_back(value < 0 ? "\"*\"" : std::to_string(value));
    parts.push_back(std::string(name) + ": [" + llvm::join(values, ", ") + "]");
  };
  scalar("rank", -1);
  list("kernel", -1);
  list("stride", -1);
  list("dilation", 1);
  scalar("cin", -1);
  scalar("cout", -1);
  scalar("groups", 1);
  list("in", -1);
  scalar("batch", 1);
  return "{ " + llvm::join(parts, ", ") + " }";
}

static std::string useOf(const ScheduleChoice &choice) {
  std::string text = "{ strategy: " + choice.strategy;
  for (const auto &[name, value] : choice.knobs)
    text += ", " + name + ": " + std::to_string(value);
  return text + " }";
}

std::string upconv::tableOfOne(const ScheduleChoice &choice) {
  return "basis: model\nentries:\n  - { use: " + useOf(choice) +
         ", why: \"a candidate\" }\n";
}

std::string upconv::entryLine(const TuningRecord &verdict) {
  return llvm::formatv("  - {{ when: {0}, use: {1}, ms: {2:f4}, peak: {3:f2}, "
                       "why: \"tuned ({4}): {5:f2} of the roofline, {6:f2} "
                       "with '{7}' before\" }",
                       verdict.when, useOf(verdict.choice), verdict.ms,
                       verdict.fraction, verdict.layer, verdict.fraction,
                       verdict.incumbentFraction, verdict.incumbentStrategy)
      .str();
}

namespace {
/// One table as lines. Numbers of the table as it was stay valid while lines
/// are put in.
class TableText {
public:
  explicit TableText(llvm::StringRef text) {
    for (llvm::StringRef line : llvm::split(text, '\n'))
      lines.push_back({line.str(), {}});
  }

  /// In front of line `number` (from 1), or in its place if the entry there
  /// has the same `when`.
  void put(size_t number, const std::string &when, const std::string &entry) {
    Line &line = lines[std::min(number, lines.size()) - 1];
    if (llvm::StringRef(line.text).contains("when: " + when + ","))
      line.text = entry;
    else
      line.before.push_back(entry);
  }

  /// The first entry's number.
  size_t firstEntry() const {
    for (size_t i = 0; i < lines.size(); ++i)
      if (llvm::StringRef(lines[i].text).starts_with("entries:"))
        return i + 2;
    return lines.size();
  }

  std::string text() const {
    std::vector<std::string> all;
    for (const Line &line : lines) {
      llvm::append_range(all, line.before);
      all.push_back(line.text);
    }
    return llvm::join(all, "\n");
  }

private:
  struct Line {
    std::string text;
    std::vector<std::string> before;
  };
  std::vector<Line> lines;
};
} // namespace

std::map<std::string, std::string> upconv::editedTables(
    const std::vector<TuningRecord> &records,
    const std::function<std::optional<std::string>(const std::string &path)>
        &textOf) {
  std::map<std::string, const TuningRecord *> last;
  for (const TuningRecord &record : records)
    if (record.kind == TuningRecord::Kind::Verdict)
      last[record.key()] = &record;
  std::map<std::string, TableText> tables;
  for (const auto &[key, verdict] : last) {
    if (verdict->outcome != "faster")
      continue;
    std::string path = verdict->table();
    bool own = verdict->incumbentFile == path;
    auto it = tables.find(path);
    if (it == tables.end()) {
      std::optional<std::string> text = textOf(path);
      if (!text)
        text = textOf(verdict->incumbentFile);
      if (!text)
        continue;
      it = tables.emplace(path, TableText(*text)).first;
    }
    it->second.put(own ? verdict->incumbentLine : it->second.firstEntry(),
                   verdict->when, entryLine(*verdict));
  }
  std::map<std::string, std::string> result;
  for (const auto &[path, table] : tables)
    result[path] = table.text();
  return result;
}
