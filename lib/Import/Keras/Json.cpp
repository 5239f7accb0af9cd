//===- Json.cpp - JSON whose every value knows its place ------------------===//

#include "Json.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <json/reader.h>

#include <cmath>

using namespace mlir;
using namespace upconv::keras_import;

/// Deeper nesting than any model has; the parser and our walks recurse.
static constexpr int maximumDepth = 200;

//===----------------------------------------------------------------------===//
// JsonValue
//===----------------------------------------------------------------------===//

std::optional<StringRef> JsonValue::asString() const {
  const char *begin = nullptr, *end = nullptr;
  if (!isString() || !value->getString(&begin, &end))
    return std::nullopt;
  return StringRef(begin, end - begin);
}

std::optional<bool> JsonValue::asBool() const {
  return value && value->isBool() ? std::optional(value->asBool())
                                  : std::nullopt;
}

std::optional<double> JsonValue::asNumber() const {
  return value && value->isNumeric() ? std::optional(value->asDouble())
                                     : std::nullopt;
}

std::optional<int64_t> JsonValue::asInteger() const {
  return value && value->isNumeric() && value->isInt64()
             ? std::optional<int64_t>(value->asInt64())
             : std::nullopt;
}

bool JsonValue::isWholeNumber() const {
  auto number = asNumber();
  return number && std::isfinite(*number) && *number == std::trunc(*number);
}

JsonValue JsonValue::operator[](StringRef key) const {
  if (!isObject())
    return {};
  return JsonValue(document, value->find(key.begin(), key.end()));
}

StringRef JsonValue::string(StringRef key) const {
  return (*this)[key].asString().value_or("");
}

std::vector<JsonValue::Member> JsonValue::members() const {
  std::vector<Member> result;
  if (!isObject())
    return result;
  for (auto it = value->begin(); it != value->end(); ++it)
    result.push_back({it.name(), JsonValue(document, &*it)});
  // JsonCpp sorts by key; Python's order is the file's.
  llvm::sort(result, [](const Member &a, const Member &b) {
    return a.value.value->getOffsetStart() < b.value.value->getOffsetStart();
  });
  return result;
}

std::vector<JsonValue> JsonValue::elements() const {
  std::vector<JsonValue> result;
  if (isArray())
    for (const Json::Value &element : *value)
      result.push_back(JsonValue(document, &element));
  return result;
}

Location JsonValue::location() const {
  return document->locationAt(value->getOffsetStart());
}

Location JsonValue::keyLocation() const {
  // Back over the colon to the closing quote, then to the opening one.
  StringRef before =
      StringRef(document->text).take_front(value->getOffsetStart()).rtrim();
  before.consume_back(":");
  before = before.rtrim();
  if (!before.consume_back("\""))
    return location();
  size_t quote = before.size();
  while ((quote = before.rfind('"', quote)) != StringRef::npos) {
    size_t escapes =
        quote - (before.take_front(quote).find_last_not_of('\\') + 1);
    if (escapes % 2 == 0)
      return document->locationAt(quote);
    if (quote == 0)
      break;
  }
  return location();
}

std::string JsonValue::text() const {
  constexpr size_t longest = 40;
  StringRef spelled =
      StringRef(document->text)
          .slice(value->getOffsetStart(), value->getOffsetLimit());
  std::string result;
  for (char c : spelled) {
    if (result.size() == longest)
      return result + "...";
    // Line breaks and indentation become one space.
    char shown = llvm::isPrint(c) ? c : ' ';
    if (shown != ' ' || !StringRef(result).ends_with(" "))
      result += shown;
  }
  return result;
}

//===----------------------------------------------------------------------===//
// JsonDocument
//===----------------------------------------------------------------------===//

JsonDocument::JsonDocument(MLIRContext *context, std::string fileName,
                           std::string contents)
    : name(StringAttr::get(context, fileName)), text(std::move(contents)) {
  lineStarts.push_back(0);
  for (auto [offset, c] : llvm::enumerate(text))
    if (c == '\n')
      lineStarts.push_back(offset + 1);
}

Location JsonDocument::location(unsigned line, unsigned column) const {
  return FileLineColLoc::get(name, line, column);
}

Location JsonDocument::locationAt(size_t offset) const {
  size_t line = llvm::upper_bound(lineStarts, offset) - lineStarts.begin();
  return location(line, offset - lineStarts[line - 1] + 1);
}

/// Takes the first error out of JsonCpp's report, which reads
/// "* Line 3, Column 5\n  Missing ',' ...\n".
static void reportSyntaxError(StringRef report, const JsonDocument &document,
                              Reporter &reporter) {
  unsigned line = 1, column = 1;
  StringRef rest = report;
  if (rest.consume_front("* Line ") && !rest.consumeInteger(10, line) &&
      rest.consume_front(", Column ") && !rest.consumeInteger(10, column))
    report = rest;
  StringRef message =
      report.ltrim().take_until([](char c) { return c == '\n'; });
  std::string reason = message.rtrim(" .").str();
  if (!reason.empty())
    reason[0] = llvm::toLower(reason[0]);
  reporter.invalid(document.location(line, column))
      << "not valid JSON: " << reason;
}

std::unique_ptr<JsonDocument>
JsonDocument::parse(std::string name, std::string text, Reporter &reporter) {
  if (StringRef(text).starts_with("\xef\xbb\xbf"))
    text.erase(0, 3);
  std::unique_ptr<JsonDocument> document(new JsonDocument(
      reporter.getContext(), std::move(name), std::move(text)));

  Json::CharReaderBuilder builder;
  Json::CharReaderBuilder::strictMode(&builder.settings_);
  // Python writes NaN and Infinity where a float argument has them.
  builder["allowSpecialFloats"] = true;
  builder["stackLimit"] = maximumDepth;
  std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
  std::string report;
  const std::string &source = document->text;
  try {
    if (!reader->parse(source.data(), source.data() + source.size(),
                       &document->tree, &report)) {
      reportSyntaxError(report, *document, reporter);
      return nullptr;
    }
  } catch (const std::exception &) {
    // JsonCpp throws for nothing else than its stack limit.
    reporter.invalid(document->location(1, 1))
        << "not a Keras model: values are nested deeper than " << maximumDepth
        << " levels";
    return nullptr;
  }
  return document;
}

//===----------------------------------------------------------------------===//
// Substitution
//===----------------------------------------------------------------------===//

/// Locates `value` and all that is in it where a name stood.
static void locateAt(Json::Value &value, ptrdiff_t start, ptrdiff_t limit) {
  value.setOffsetStart(start);
  value.setOffsetLimit(limit);
  if (value.isArray() || value.isObject())
    for (Json::Value &member : value)
      locateAt(member, start, limit);
}

/// What "name[index][index]" means, or null.
static JsonValue lookUp(StringRef reference,
                        const llvm::StringMap<JsonValue> &values) {
  auto [name, indices] = reference.split('[');
  JsonValue value = values.lookup(name);
  while (!indices.empty()) {
    auto [index, rest] = indices.split(']');
    std::vector<JsonValue> elements = value.elements();
    size_t position;
    // One number stands for all the elements of a list.
    if (value.asNumber())
      elements.assign(1, value), index = "0";
    if (index.getAsInteger(10, position) || position >= elements.size())
      return {};
    value = elements[position];
    rest.consume_front("[");
    indices = rest;
  }
  return value;
}

std::unique_ptr<JsonDocument>
JsonDocument::substitute(JsonValue pattern,
                         const llvm::StringMap<JsonValue> &values,
                         Reporter &reporter) const {
  std::unique_ptr<JsonDocument> result(
      new JsonDocument(reporter.getContext(), name.str(), text));
  result->tree = *pattern.value;
  bool valid = true;
  auto replace = [&](auto &self, Json::Value &value) -> void {
    if (value.isArray() || value.isObject()) {
      for (Json::Value &member : value)
        self(self, member);
      return;
    }
    if (!value.isString() || !StringRef(value.asCString()).starts_with("$"))
      return;
    std::string reference = value.asString().substr(1);
    JsonValue found = lookUp(reference, values);
    if (!found) {
      reporter.invalid(locationAt(value.getOffsetStart()))
          << "'$" << reference << "' is not among the layer's arguments";
      valid = false;
      return;
    }
    ptrdiff_t start = value.getOffsetStart(), limit = value.getOffsetLimit();
    value = *found.value;
    locateAt(value, start, limit);
  };
  replace(replace, result->tree);
  return valid ? std::move(result) : nullptr;
}
