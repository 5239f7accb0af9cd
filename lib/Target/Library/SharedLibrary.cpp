//===- SharedLibrary.cpp - Members to a shared library --------------------===//
//
// lld reads files, so the members pass through a temporary folder; nothing of
// its name reaches the result.
//
//===----------------------------------------------------------------------===//

#include "Linker.h"

#include "upconv/Target/Library/EmitLibrary.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

using namespace upconv;

std::string upconv::sharedLibraryFileName(const LibraryPlan &plan) {
  return "lib" + plan.name + ".so";
}

static llvm::Error problem(const LibraryPlan &plan,
                           const llvm::Twine &message) {
  return llvm::createStringError(
      ("library '" + llvm::Twine(plan.name) + "': " + message).str());
}

llvm::Expected<std::string>
upconv::emitSharedLibrary(const LibraryPlan &plan,
                          const std::vector<LibraryMember> &members) {
  llvm::SmallString<128> folder;
  if (std::error_code code =
          llvm::sys::fs::createUniqueDirectory("upconv-link", folder))
    return problem(plan, "no temporary folder: " + code.message());
  llvm::scope_exit cleanUp([&] { llvm::sys::fs::remove_directories(folder); });
  auto inFolder = [&](llvm::StringRef name) {
    llvm::SmallString<128> path = folder;
    llvm::sys::path::append(path, name);
    return path.str().str();
  };

  std::string result = inFolder("result.so");
  std::vector<std::string> files;
  for (const LibraryMember &member : members) {
    std::string path = inFolder(member.name);
    std::error_code code;
    llvm::raw_fd_ostream file(path, code);
    if (!code) {
      file << member.bytes;
      file.close();
      code = file.error();
      file.clear_error();
    }
    if (code)
      return problem(plan,
                     "cannot write '" + member.name + "': " + code.message());
    files.push_back(path);
  }
  if (llvm::Error error =
          linkShared(llvm::Triple(plan.triple).getArch(),
                     sharedLibraryFileName(plan), files, result))
    return problem(plan, llvm::toString(std::move(error)));
  auto buffer = llvm::MemoryBuffer::getFile(result, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return problem(plan, "lld left no result: " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}
