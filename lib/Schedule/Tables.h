//===- Tables.h - Strategies and schedule tables --------------------------===//
//
// strategies/<name>.yaml says which knobs a strategy has;
// <target>/<op>-<dtype>.yaml says which strategy a kernel gets.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_SCHEDULE_TABLES_H
#define UPCONV_LIB_SCHEDULE_TABLES_H

#include "Condition.h"

#include "upconv/Schedule/Schedule.h"

namespace upconv {

/// The ops that have tables, as their files are named.
const std::vector<std::string> &tableOps();
/// What the kernels of an op may multiply, as the end of a table's name: "f32",
/// and "bf16" for contractions, "f32-winograd" for convolutions.
std::vector<std::string> tableTypes(const std::string &op);

struct TableLine {
  std::vector<Condition> when; ///< empty: always
  ScheduleEntry entry;
};

using StrategyMap = std::map<std::string, StrategyInfo>;

/// Reads strategies/<name>.yaml; records errors in `file`.
StrategyInfo readStrategy(YamlFile &file, const YamlNode &root,
                          const std::string &name);

/// Reads a table; records errors in `file`. One for float32 must know every
/// kernel.
std::vector<TableLine> readTable(YamlFile &file, const YamlNode &root,
                                 const StrategyMap &strategies,
                                 Precision precision);

} // namespace upconv

#endif // UPCONV_LIB_SCHEDULE_TABLES_H
