//===- YamlTree.cpp - YAML with the position of every value ---------------===//
//
// Copies llvm::yaml's stream into a tree and turns its diagnostics, and the
// shape errors of the readers, into one list of located messages.
//
//===----------------------------------------------------------------------===//

#include "YamlTree.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLParser.h"

using namespace llvm;

namespace upconv {

const YamlNode *YamlNode::find(StringRef key) const {
  for (const auto &[name, value] : members)
    if (name.text == key)
      return &value;
  return nullptr;
}

namespace {
/// Deeper nesting than any schedule has.
constexpr int maximumDepth = 32;
constexpr size_t maximumBytes = 1 << 20;

/// The parser recurses, so a text that could nest deeply is refused before it:
/// brackets open at once, and block indicators ("- - -") within one line.
bool mayNestTooDeeply(StringRef text) {
  int brackets = 0, indicators = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '[' || c == '{')
      ++brackets;
    else if (c == ']' || c == '}')
      brackets = std::max(0, brackets - 1);
    else if (c == '\n')
      indicators = 0;
    else if ((c == '-' || c == '?' || c == ':') && i + 1 < text.size() &&
             isSpace(text[i + 1]))
      ++indicators;
    if (brackets > maximumDepth || indicators > 2 * maximumDepth)
      return true;
  }
  return false;
}

struct TreeBuilder {
  SourceMgr &sources;
  YamlFile &file;

  /// The range of a flow collection begins behind its bracket.
  YamlNode at(SMLoc where, char bracket) const {
    YamlNode node;
    if (where.isValid()) {
      const char *start = where.getPointer();
      const char *begin =
          sources.getMemoryBuffer(sources.getMainFileID())->getBufferStart();
      while (start > begin && isSpace(start[-1]))
        --start;
      if (bracket && start > begin && start[-1] == bracket)
        where = SMLoc::getFromPointer(start - 1);
      auto [line, column] = sources.getLineAndColumn(where);
      node.line = line;
      node.column = column;
    }
    return node;
  }

  YamlNode build(yaml::Node *source) const {
    if (!source)
      return {};
    char bracket = isa<yaml::MappingNode>(source)    ? '{'
                   : isa<yaml::SequenceNode>(source) ? '['
                                                     : 0;
    YamlNode node = at(source->getSourceRange().Start, bracket);
    if (auto *scalar = dyn_cast<yaml::ScalarNode>(source)) {
      SmallString<64> storage;
      node.kind = YamlNode::Kind::Scalar;
      node.text = scalar->getValue(storage).str();
      if (scalar->getRawValue() == "~" || scalar->getRawValue() == "null")
        node.kind = YamlNode::Kind::Null;
    } else if (auto *block = dyn_cast<yaml::BlockScalarNode>(source)) {
      node.kind = YamlNode::Kind::Scalar;
      node.text = StringRef(block->getValue()).rtrim().str();
    } else if (auto *sequence = dyn_cast<yaml::SequenceNode>(source)) {
      node.kind = YamlNode::Kind::Sequence;
      for (yaml::Node &item : *sequence)
        node.items.push_back(build(&item));
    } else if (auto *mapping = dyn_cast<yaml::MappingNode>(source)) {
      node.kind = YamlNode::Kind::Mapping;
      for (yaml::KeyValueNode &member : *mapping) {
        YamlNode key = build(member.getKey());
        YamlNode value = build(member.getValue());
        node.members.emplace_back(std::move(key), std::move(value));
      }
    } else if (isa<yaml::AliasNode>(source)) {
      file.error(node, "an alias is not supported in a schedule file");
    }
    return node;
  }
};

struct ParserErrors {
  YamlFile &file;
  bool any = false;
};
} // namespace

std::optional<YamlNode> YamlFile::parse(StringRef text) {
  if (text.size() > maximumBytes || mayNestTooDeeply(text)) {
    error(YamlNode(), "no schedule file is so large or so deeply nested");
    return std::nullopt;
  }
  SourceMgr sources;
  ParserErrors parserErrors{*this};
  sources.setDiagHandler(
      [](const SMDiagnostic &diagnostic, void *context) {
        auto &errors = *static_cast<ParserErrors *>(context);
        // One malformed token gives a cascade; the first message is the cause.
        if (std::exchange(errors.any, true))
          return;
        YamlNode where;
        where.line = std::max(1, diagnostic.getLineNo());
        where.column = diagnostic.getColumnNo() + 1;
        StringRef message = diagnostic.getMessage();
        std::string lower = message.rtrim(".!").str();
        if (!lower.empty())
          lower[0] = toLower(lower[0]);
        errors.file.error(where, "not YAML: " + lower);
      },
      &parserErrors);
  yaml::Stream stream(text, sources, /*ShowColors=*/false);
  auto document = stream.begin();
  if (document == stream.end())
    return YamlNode();
  YamlNode root = TreeBuilder{sources, *this}.build(document->getRoot());
  if (stream.failed() || parserErrors.any) {
    if (!parserErrors.any)
      error(root, "not YAML");
    return std::nullopt;
  }
  if (++document != stream.end() && !stream.failed())
    error(root, "a schedule file holds one YAML document");
  return root;
}

void YamlFile::error(const YamlNode &at, const std::string &message) {
  errors.push_back(name + ":" + std::to_string(at.line) + ":" +
                   std::to_string(at.column) + ": error: " + message);
}

bool YamlFile::checkMapping(const YamlNode &node, const std::string &what,
                            const std::vector<std::string> &known,
                            const std::vector<std::string> &required) {
  if (!node.isMapping()) {
    error(node, what + " must be a mapping '{ key: value, ... }'");
    return false;
  }
  size_t before = errors.size();
  std::vector<std::string> seen;
  for (const auto &[key, value] : node.members) {
    if (!is_contained(known, key.text))
      error(key, "unknown key '" + key.text + "' in " + what + ", expected " +
                     quotedList(known) + didYouMean(key.text, known));
    if (is_contained(seen, key.text))
      error(key, "key '" + key.text + "' occurs twice in " + what);
    seen.push_back(key.text);
  }
  for (const std::string &key : required)
    if (!is_contained(seen, key))
      error(node, "key '" + key + "' is missing in " + what);
  return errors.size() == before;
}

std::string YamlFile::text(const YamlNode &mapping, StringRef key) {
  const YamlNode *value = mapping.find(key);
  if (!value)
    return "";
  if (!value->isScalar())
    error(*value, "'" + key.str() + "' must be a text");
  return value->text;
}

std::vector<std::string> YamlFile::texts(const YamlNode &mapping,
                                         StringRef key) {
  const YamlNode *value = mapping.find(key);
  std::vector<std::string> result;
  if (!value)
    return result;
  if (!value->isSequence() ||
      !all_of(value->items, [](const YamlNode &n) { return n.isScalar(); })) {
    error(*value, "'" + key.str() + "' must be a list of texts");
    return result;
  }
  for (const YamlNode &item : value->items)
    result.push_back(item.text);
  return result;
}

int64_t YamlFile::positive(const YamlNode &mapping, StringRef key,
                           int64_t otherwise) {
  const YamlNode *value = mapping.find(key);
  if (!value)
    return otherwise;
  int64_t result = 0;
  if (!value->isScalar() || StringRef(value->text).getAsInteger(10, result) ||
      result <= 0) {
    error(*value, "'" + key.str() + "' must be a positive integer, got '" +
                      value->text + "'");
    return otherwise;
  }
  return result;
}

double YamlFile::number(const YamlNode &mapping, StringRef key,
                        double otherwise) {
  const YamlNode *value = mapping.find(key);
  if (!value)
    return otherwise;
  double result = 0;
  if (!value->isScalar() || StringRef(value->text).getAsDouble(result) ||
      !(result >= 0)) {
    error(*value, "'" + key.str() + "' must be a number of at least 0, got '" +
                      value->text + "'");
    return otherwise;
  }
  return result;
}

std::string quotedList(const std::vector<std::string> &names) {
  std::string result;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0)
      result += i + 1 == names.size() ? " or " : ", ";
    result += "'" + names[i] + "'";
  }
  return result;
}

std::string didYouMean(StringRef name, const std::vector<std::string> &names) {
  unsigned best = std::max<size_t>(2, name.size() / 3) + 1;
  const std::string *nearest = nullptr;
  for (const std::string &candidate : names) {
    unsigned distance = name.edit_distance(candidate, true, best);
    if (distance < best) {
      best = distance;
      nearest = &candidate;
    }
  }
  return nearest ? "; did you mean '" + *nearest + "'?" : "";
}

} // namespace upconv
