//===- YamlTree.h - YAML with the position of every value -----------------===//
//
// LLVM's YAML parser streams: a node can be visited once. The schedule files
// are small, so they are read into a tree that keeps line and column, and that
// collects every error of a file instead of stopping at the first.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_SCHEDULE_YAMLTREE_H
#define UPCONV_LIB_SCHEDULE_YAMLTREE_H

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace upconv {

struct YamlNode {
  enum class Kind { Null, Scalar, Sequence, Mapping };
  Kind kind = Kind::Null;
  int line = 1, column = 1;                           ///< 1-based
  std::string text;                                   ///< Scalar
  std::vector<YamlNode> items;                        ///< Sequence
  std::vector<std::pair<YamlNode, YamlNode>> members; ///< Mapping

  bool isScalar() const { return kind == Kind::Scalar; }
  bool isSequence() const { return kind == Kind::Sequence; }
  bool isMapping() const { return kind == Kind::Mapping; }
  /// The value of a key, or null.
  const YamlNode *find(llvm::StringRef key) const;
};

/// A file being read, and what is wrong with it: "FILE:LINE:COL: error: ...".
class YamlFile {
public:
  YamlFile(std::string name, std::vector<std::string> &errors)
      : name(std::move(name)), errors(errors) {}

  /// Nothing if the text is no YAML; the errors are recorded.
  std::optional<YamlNode> parse(llvm::StringRef text);

  void error(const YamlNode &at, const std::string &message);
  const std::string &fileName() const { return name; }

  /// Checks that `node` is a mapping without a key twice, with no other keys
  /// than `known`, and with all of `required`; says so where it is not.
  bool checkMapping(const YamlNode &node, const std::string &what,
                    const std::vector<std::string> &known,
                    const std::vector<std::string> &required);

  /// Readers of a mapping's values. An absent key gives the default and no
  /// error; a value of another kind is an error.
  std::string text(const YamlNode &mapping, llvm::StringRef key);
  std::vector<std::string> texts(const YamlNode &mapping, llvm::StringRef key);
  int64_t positive(const YamlNode &mapping, llvm::StringRef key,
                   int64_t otherwise);
  double number(const YamlNode &mapping, llvm::StringRef key, double otherwise);

private:
  std::string name;
  std::vector<std::string> &errors;
};

/// "'a', 'b' or 'c'".
std::string quotedList(const std::vector<std::string> &names);
/// "; did you mean 'x'?" if a name is near enough, or nothing.
std::string didYouMean(llvm::StringRef name,
                       const std::vector<std::string> &names);

} // namespace upconv

#endif // UPCONV_LIB_SCHEDULE_YAMLTREE_H
