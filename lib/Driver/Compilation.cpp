//===- Compilation.cpp - One library, for one target or for several -------===//

#include "Compilation.h"

#include "llvm/ADT/STLExtras.h"

using namespace upconv;

ExitStatus Compilation::checkArchitecture() const {
  const TargetInfo &first = sessions.front()->target;
  for (const auto &session : sessions) {
    const TargetInfo &target = session->target;
    if (target.isGpu() && sessions.size() > 1) {
      printError("'--target' names '" + target.name +
                 "' and others: a library for a GPU and other targets is not "
                 "supported by this version");
      return ExitUnsupported;
    }
    if (target.triple == first.triple)
      continue;
    printError("'--target' names '" + first.name + "' (" + first.triple +
               ") and '" + target.name + "' (" + target.triple +
               "): one library is for one of them");
    return ExitUsage;
  }
  return ExitOk;
}

ExitStatus Compilation::open() {
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(options.target).split(names, ',');
  for (llvm::StringRef name : names) {
    auto own = std::make_unique<Options>(options);
    own->target = name.str();
    own->isPart = names.size() > 1;
    // What is said of the model, the first session says.
    own->warnings = sessions.empty();
    auto session = std::make_unique<Session>(*own);
    ExitStatus status = sessions.empty() ? session->open()
                                         : session->openLike(*sessions.front());
    if (status != ExitOk)
      return status;
    bool known = llvm::any_of(sessions, [&](const auto &other) {
      return other->target.name == session->target.name;
    });
    if (known)
      continue;
    partOptions.push_back(std::move(own));
    sessions.push_back(std::move(session));
  }
  // What needs more of the processor makes more of it.
  llvm::stable_sort(sessions, [](const auto &a, const auto &b) {
    return a->target.requires_.size() > b->target.requires_.size();
  });
  return checkArchitecture();
}

ExitStatus Compilation::build() {
  for (const auto &session : sessions)
    if (ExitStatus status = session->build(); status != ExitOk)
      return status;
  return partOptions.front()->isPart ? join() : ExitOk;
}

ExitStatus Compilation::join() {
  std::vector<LibraryPlan> plans;
  for (const auto &session : sessions)
    plans.push_back(session->built.library);
  joined = joinParts(std::move(plans));
  llvm::Expected<std::vector<LibraryMember>> dispatch =
      emitMembers(*joined, {});
  if (!dispatch) {
    printError(dispatch.takeError());
    return ExitInternal;
  }
  joinedMembers = std::move(*dispatch);
  for (const auto &session : sessions)
    llvm::move(session->members, std::back_inserter(joinedMembers));
  return ExitOk;
}
