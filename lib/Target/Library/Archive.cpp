//===- Archive.cpp - Members to a static archive --------------------------===//

#include "upconv/Target/Library/EmitLibrary.h"

#include "llvm/Object/ArchiveWriter.h"
#include "llvm/TargetParser/Triple.h"

using namespace upconv;

std::string upconv::archiveFileName(const LibraryPlan &plan) {
  bool isWindows = llvm::Triple(plan.triple).isOSWindows();
  return isWindows ? plan.name + ".lib" : "lib" + plan.name + ".a";
}

static llvm::object::Archive::Kind archiveKind(const llvm::Triple &triple) {
  if (triple.isOSDarwin())
    return llvm::object::Archive::K_DARWIN;
  return triple.isOSWindows() ? llvm::object::Archive::K_COFF
                              : llvm::object::Archive::K_GNU;
}

std::string upconv::headerFileName(const LibraryPlan &plan) {
  return plan.name + ".h";
}

llvm::Expected<std::string>
upconv::emitArchive(const LibraryPlan &plan,
                    const std::vector<LibraryMember> &members) {
  std::vector<llvm::NewArchiveMember> entries;
  for (const LibraryMember &member : members)
    entries.emplace_back(llvm::MemoryBufferRef(member.bytes, member.name));
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> archive =
      llvm::writeArchiveToBuffer(entries, llvm::SymtabWritingMode::NormalSymtab,
                                 archiveKind(llvm::Triple(plan.triple)),
                                 /*Deterministic=*/true, /*Thin=*/false,
                                 llvm::warnToStderr);
  if (!archive)
    return archive.takeError();
  return (*archive)->getBuffer().str();
}
