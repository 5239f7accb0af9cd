//===- SharedLibrary.cpp - Members to a shared library --------------------===//
//
// lld reads files, so the members pass through a temporary folder; nothing of
// its name reaches the result.
//
//===----------------------------------------------------------------------===//

#include "Linker.h"
#include "PlanQueries.h"
#include "StandIns.h"

#include "upconv/Target/Library/EmitLibrary.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/TargetParser/Triple.h"

using namespace upconv;

std::string upconv::sharedLibraryFileName(const LibraryPlan &plan) {
  llvm::Triple triple(plan.triple);
  if (triple.isOSWindows())
    return plan.name + ".dll";
  return "lib" + plan.name + (triple.isOSDarwin() ? ".dylib" : ".so");
}

std::string upconv::importLibraryFileName(const LibraryPlan &plan) {
  return llvm::Triple(plan.triple).isOSWindows() ? plan.name + ".dll.lib" : "";
}

static std::string inFolder(llvm::StringRef folder, llvm::StringRef name) {
  llvm::SmallString<128> path = folder;
  llvm::sys::path::append(path, name);
  return path.str().str();
}

static llvm::Error problem(const LibraryPlan &plan,
                           const llvm::Twine &message) {
  return llvm::createStringError(
      ("library '" + llvm::Twine(plan.name) + "': " + message).str());
}

/// What `members` use and do not define.
static llvm::Expected<std::vector<std::string>>
undefinedSymbols(const LibraryPlan &plan,
                 const std::vector<LibraryMember> &members) {
  llvm::StringSet<> defined, used;
  for (const LibraryMember &member : members) {
    auto object = llvm::object::ObjectFile::createObjectFile(
        llvm::MemoryBufferRef(member.bytes, member.name));
    if (!object)
      return problem(plan, llvm::toString(object.takeError()));
    for (llvm::object::SymbolRef symbol : (*object)->symbols()) {
      llvm::Expected<llvm::StringRef> name = symbol.getName();
      llvm::Expected<uint32_t> flags = symbol.getFlags();
      if (!name || !flags)
        return llvm::joinErrors(name.takeError(), flags.takeError());
      bool undefined = *flags & llvm::object::SymbolRef::SF_Undefined;
      (undefined ? used : defined).insert(*name);
    }
  }
  std::vector<std::string> names;
  for (const auto &entry : used)
    if (!entry.first().empty() && !defined.contains(entry.first()))
      names.push_back(entry.first().str());
  llvm::sort(names);
  return names;
}

/// Gives `use` a temporary folder, and `path` in it as bytes afterwards.
static llvm::Expected<std::string>
madeInFolder(const LibraryPlan &plan, llvm::StringRef file,
             llvm::function_ref<llvm::Error(llvm::StringRef folder)> use) {
  llvm::SmallString<128> folder;
  if (std::error_code code =
          llvm::sys::fs::createUniqueDirectory("upconv-link", folder))
    return problem(plan, "no temporary folder: " + code.message());
  llvm::scope_exit cleanUp([&] { llvm::sys::fs::remove_directories(folder); });
  if (llvm::Error error = use(folder))
    return problem(plan, llvm::toString(std::move(error)));
  auto buffer =
      llvm::MemoryBuffer::getFile(inFolder(folder, file), /*IsText=*/false,
                                  /*RequiresNullTerminator=*/false);
  if (!buffer)
    return problem(plan, "lld left no result: " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

llvm::Expected<std::string>
upconv::emitSharedLibrary(const LibraryPlan &plan,
                          const std::vector<LibraryMember> &members) {
  llvm::Expected<std::vector<std::string>> undefined =
      undefinedSymbols(plan, members);
  if (!undefined)
    return undefined.takeError();
  std::string result = "result";
  return madeInFolder(plan, result, [&](llvm::StringRef folder) -> llvm::Error {
    SharedLink link{llvm::Triple(plan.triple),
                    sharedLibraryFileName(plan),
                    {},
                    publicSymbols(plan),
                    inFolder(folder, result)};
    for (const LibraryMember &member : members) {
      link.files.push_back(inFolder(folder, member.name));
      if (llvm::Error error = writeBytes(link.files.back(), member.bytes))
        return error;
    }
    llvm::Expected<std::vector<std::string>> system =
        writeStandIns(plan, *undefined, folder);
    if (!system)
      return system.takeError();
    llvm::append_range(link.files, *system);
    return linkShared(link);
  });
}

llvm::Expected<std::string> upconv::emitImportLibrary(const LibraryPlan &plan) {
  std::string result = "result";
  return madeInFolder(plan, result, [&](llvm::StringRef folder) {
    return writeImportLibrary(plan, sharedLibraryFileName(plan),
                              publicSymbols(plan), inFolder(folder, result));
  });
}
