//===- Json.h - JSON whose every value knows its place --------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_JSON_H
#define UPCONV_LIB_IMPORT_KERAS_JSON_H

#include "Reporter.h"

#include "llvm/ADT/StringMap.h"

#include <json/value.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace upconv::keras_import {

class JsonDocument;

/// A value of a document, or nothing (`operator bool`). Cheap to copy; the
/// document must outlive it.
class JsonValue {
public:
  struct Member;

  JsonValue() = default;

  explicit operator bool() const { return value; }
  bool isNull() const { return value && value->isNull(); }
  /// Neither absent nor null.
  bool isSet() const { return value && !value->isNull(); }
  bool isObject() const { return value && value->isObject(); }
  bool isArray() const { return value && value->isArray(); }
  bool isString() const { return value && value->isString(); }

  /// The value as this type, or nothing if it has another one.
  std::optional<llvm::StringRef> asString() const;
  std::optional<bool> asBool() const;
  std::optional<double> asNumber() const;
  /// An integer of 64 bits; 8.0 counts as 8, as in tf.keras.
  std::optional<int64_t> asInteger() const;
  /// A number without a fraction, of any size.
  bool isWholeNumber() const;

  /// The member of an object, or nothing.
  JsonValue operator[](llvm::StringRef key) const;
  /// The string member of an object, or "".
  llvm::StringRef string(llvm::StringRef key) const;
  /// The members of an object in the order of the file.
  std::vector<Member> members() const;
  /// The elements of an array.
  std::vector<JsonValue> elements() const;

  mlir::Location location() const;
  /// Where the key of this value stands; only for members of an object.
  mlir::Location keyLocation() const;
  /// The value as the file spells it, shortened for a message.
  std::string text() const;

private:
  friend class JsonDocument;
  JsonValue(const JsonDocument *document, const Json::Value *value)
      : document(document), value(value) {}

  const JsonDocument *document = nullptr;
  const Json::Value *value = nullptr;
};

struct JsonValue::Member {
  std::string key;
  JsonValue value;
};

/// The text of a file and its parsed form.
class JsonDocument {
public:
  /// Parses `text`; `name` is the file's name in locations. Null after an
  /// error.
  static std::unique_ptr<JsonDocument> parse(std::string name, std::string text,
                                             Reporter &reporter);

  /// A document with the text of this one and a copy of its value `pattern`, in
  /// which the strings "$name" and "$name[index]" are replaced by what `values`
  /// says; what is put there is located where the name stood. Null after an
  /// error.
  std::unique_ptr<JsonDocument>
  substitute(JsonValue pattern, const llvm::StringMap<JsonValue> &values,
             Reporter &reporter) const;

  JsonValue root() const { return JsonValue(this, &tree); }
  mlir::Location locationAt(size_t offset) const;
  mlir::Location location(unsigned line, unsigned column) const;

private:
  friend class JsonValue;
  JsonDocument(mlir::MLIRContext *context, std::string name, std::string text);

  mlir::StringAttr name;
  std::string text;
  std::vector<size_t> lineStarts;
  Json::Value tree;
};

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_JSON_H
