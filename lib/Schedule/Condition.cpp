//===- Condition.cpp - One line of `when` ---------------------------------===//
//
// Parses and evaluates the conditions of a table entry.
//
//===----------------------------------------------------------------------===//

#include "Condition.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace upconv {

bool Bounds::accepts(int64_t value) const {
  if (any)
    return true;
  return value >= 0 && value >= low && value <= high && value % multiple == 0;
}

static bool readNumber(StringRef text, int64_t &value) {
  return !text.empty() && isDigit(text[0]) && !text.getAsInteger(10, value);
}

/// One term; narrows `bounds`.
static bool parseTerm(StringRef term, Bounds &bounds) {
  int64_t value = 0;
  if (term == "*")
    return bounds.any = true;
  if (term.consume_front("%")) {
    if (!readNumber(term, value) || value == 0)
      return false;
    bounds.multiple = value;
    return true;
  }
  size_t dots = term.find("..");
  if (dots != StringRef::npos) {
    int64_t high = 0;
    if (!readNumber(term.take_front(dots), value) ||
        !readNumber(term.drop_front(dots + 2), high))
      return false;
    bounds.low = std::max(bounds.low, value);
    bounds.high = std::min(bounds.high, high);
    return true;
  }
  bool lower = term.starts_with(">"), upper = term.starts_with("<");
  if (lower || upper)
    term = term.drop_front();
  bool inclusive = term.consume_front("=");
  if ((inclusive && !lower && !upper) || !readNumber(term, value))
    return false;
  if (!upper)
    bounds.low = std::max(bounds.low, lower && !inclusive ? value + 1 : value);
  if (!lower)
    bounds.high =
        std::min(bounds.high, upper && !inclusive ? value - 1 : value);
  return true;
}

std::optional<Bounds> parseBounds(StringRef text, std::string &reason) {
  Bounds bounds;
  SmallVector<StringRef, 4> terms;
  text.split(terms, ' ', -1, /*KeepEmpty=*/false);
  for (StringRef term : terms)
    if (!parseTerm(term, bounds)) {
      reason =
          "expected 4, \">=64\", \"<8\", \"4..16\", \"%16\" (a multiple) or "
          "\"*\", got '" +
          term.str() + "'";
      return std::nullopt;
    }
  if (terms.empty() || (bounds.any && terms.size() > 1)) {
    reason = "expected one condition, got '" + text.str() + "'";
    return std::nullopt;
  }
  if (!bounds.any && (bounds.low > bounds.high || bounds.high < 0)) {
    reason = "no value satisfies '" + text.str() + "'";
    return std::nullopt;
  }
  return bounds;
}

bool Condition::holds(const KernelTraits &traits) const {
  auto scalar = traits.scalars.find(trait);
  if (scalar != traits.scalars.end())
    return bounds.front().accepts(scalar->second);
  auto list = traits.lists.find(trait);
  if (list == traits.lists.end() || list->second.empty())
    return false;
  const std::vector<int64_t> &axes = list->second;
  if (!perAxis)
    return all_of(axes, [&](int64_t v) { return bounds.front().accepts(v); });
  if (axes.size() != bounds.size())
    return false;
  for (auto [axis, value] : enumerate(axes))
    if (!bounds[axis].accepts(value))
      return false;
  return true;
}

static const std::vector<std::string> scalarTraits = {
    "rank", "cin", "cout", "batch", "positions", "groups"};
static const std::vector<std::string> listTraits = {
    "kernel", "taps", "stride", "dilation", "in", "out"};

static void readBounds(YamlFile &file, const YamlNode &node,
                       Condition &condition) {
  std::string reason;
  Bounds any;
  any.any = true;
  if (node.kind == YamlNode::Kind::Null) {
    condition.bounds.push_back(any);
  } else if (!node.isScalar()) {
    file.error(node, "'" + condition.trait + "': expected a number or a text");
  } else if (auto bounds = parseBounds(node.text, reason)) {
    condition.bounds.push_back(*bounds);
  } else {
    file.error(node, "'" + condition.trait + "': " + reason);
  }
}

std::vector<Condition> readConditions(YamlFile &file, const YamlNode &when) {
  std::vector<std::string> known = scalarTraits;
  known.insert(known.end(), listTraits.begin(), listTraits.end());
  std::vector<Condition> result;
  if (!file.checkMapping(when, "'when'", known, {}))
    return result;
  for (const auto &[key, value] : when.members) {
    Condition condition;
    condition.trait = key.text;
    condition.perAxis = value.isSequence();
    size_t expected = 1;
    if (!condition.perAxis) {
      readBounds(file, value, condition);
    } else if (is_contained(scalarTraits, key.text)) {
      file.error(value, "'" + key.text + "' is one number, not a list");
      continue;
    } else {
      expected = value.items.size();
      if (expected < 1 || expected > 3)
        file.error(value, "'" + key.text + "': expected 1 to 3 axes, got " +
                              std::to_string(expected));
      for (const YamlNode &item : value.items)
        readBounds(file, item, condition);
    }
    if (!condition.bounds.empty() && condition.bounds.size() == expected)
      result.push_back(std::move(condition));
  }
  return result;
}

} // namespace upconv
