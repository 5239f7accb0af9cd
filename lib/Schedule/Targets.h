//===- Targets.h - targets.yaml -------------------------------------------===//
//
// The levels that this version builds, the names that it knows but does not
// build, and what the machine at hand can run.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_SCHEDULE_TARGETS_H
#define UPCONV_LIB_SCHEDULE_TARGETS_H

#include "YamlTree.h"

#include "upconv/Schedule/Schedule.h"

namespace upconv {

/// What the code of a level runs under.
struct System {
  std::string name;   ///< the suffix: "android" of "aarch64-android"
  std::string halide; ///< in Halide's target string
  std::string triple; ///< LLVM's, behind the architecture
  std::vector<std::string> architectures; ///< LLVM's names: "x86_64"
};

struct TargetList {
  std::vector<TargetInfo> levels;       ///< per architecture, weakest first
  std::vector<std::string> laterLevels; ///< known names, not built yet
  std::vector<System> systems;          ///< the levels' own first

  std::vector<std::string> names() const;
  /// Folders that may hold tables: the levels and "generic".
  std::vector<std::string> tableFolders() const;
};

/// Reads targets.yaml; records errors in `file`.
TargetList readTargets(YamlFile &file, const YamlNode &root);

/// "host", LEVEL or LEVEL-SYSTEM.
llvm::Expected<TargetInfo> resolveTarget(const TargetList &targets,
                                         const std::string &name);

} // namespace upconv

#endif // UPCONV_LIB_SCHEDULE_TARGETS_H
