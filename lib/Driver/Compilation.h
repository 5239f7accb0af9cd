//===- Compilation.h - One library, for one target or for several ---------===//

#ifndef UPCONV_LIB_DRIVER_COMPILATION_H
#define UPCONV_LIB_DRIVER_COMPILATION_H

#include "Session.h"

#include <memory>
#include <vector>

namespace upconv {

/// `--target A,B,...`: the model passes through all stages once per target,
/// since schedules, layouts, workspace and packed weights differ; the results
/// are the parts of one library, which chooses among them at run time.
class Compilation {
public:
  explicit Compilation(const Options &options) : options(options) {}

  /// A session per target, strongest first; a target named twice counts once.
  ExitStatus open();
  ExitStatus build();

  const LibraryPlan &library() const {
    return joined ? *joined : sessions.front()->built.library;
  }
  const std::vector<LibraryMember> &members() const {
    return joined ? joinedMembers : sessions.front()->members;
  }
  const std::vector<std::unique_ptr<Session>> &parts() const {
    return sessions;
  }

private:
  ExitStatus checkArchitecture() const;
  ExitStatus join();

  const Options &options;
  std::vector<std::unique_ptr<Options>> partOptions;
  std::vector<std::unique_ptr<Session>> sessions;
  std::optional<LibraryPlan> joined; ///< of several targets
  std::vector<LibraryMember> joinedMembers;
};

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_COMPILATION_H
