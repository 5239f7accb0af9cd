//===- Condition.h - One line of `when` -----------------------------------===//
//
// `when` compares what is known of a kernel with equalities, ranges and
// multiples, and nothing else: a table stays readable, and two entries can be
// compared by eye.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_SCHEDULE_CONDITION_H
#define UPCONV_LIB_SCHEDULE_CONDITION_H

#include "YamlTree.h"

#include "upconv/Schedule/Schedule.h"

#include <limits>

namespace upconv {

/// All of it must hold: low <= value <= high, and value % multiple == 0.
/// A value that is unknown (negative) satisfies only the empty condition.
struct Bounds {
  int64_t low = std::numeric_limits<int64_t>::min();
  int64_t high = std::numeric_limits<int64_t>::max();
  int64_t multiple = 1;
  bool any = false;

  bool accepts(int64_t value) const;
};

/// Parses "4", ">=64", ">64", "<=8", "<8", "4..16", "%16", "*", or several of
/// them with spaces between. Nothing, and the reason, if it is none of these.
std::optional<Bounds> parseBounds(llvm::StringRef text, std::string &reason);

/// A condition on one trait. One element for a scalar, or for every axis of a
/// list; several for the axes of a list, outermost first.
struct Condition {
  std::string trait;
  std::vector<Bounds> bounds;
  bool perAxis = false; ///< written as a list: the rank must agree

  bool holds(const KernelTraits &traits) const;
};

/// Reads `when`; records errors in `file`.
std::vector<Condition> readConditions(YamlFile &file, const YamlNode &when);

} // namespace upconv

#endif // UPCONV_LIB_SCHEDULE_CONDITION_H
