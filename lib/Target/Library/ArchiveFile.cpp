//===- ArchiveFile.cpp - Archives and shared libraries that are files -----===//

#include "Linker.h"

#include "upconv/Target/Library/LoadedLibrary.h"

#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace upconv;
using llvm::Triple;

static llvm::Error problem(llvm::StringRef path, const llvm::Twine &message) {
  return llvm::createStringError((path + ": error: " + message).str());
}

static llvm::Expected<Triple::ArchType>
architectureOfObject(llvm::StringRef path, llvm::MemoryBufferRef object) {
  llvm::Expected<std::unique_ptr<llvm::object::ObjectFile>> file =
      llvm::object::ObjectFile::createELFObjectFile(object);
  if (!file)
    return problem(path,
                   "the archive's member '" + object.getBufferIdentifier() +
                       "' is damaged: " + llvm::toString(file.takeError()));
  return (*file)->getArch();
}

static llvm::Expected<Triple::ArchType>
architectureOfArchive(llvm::StringRef path, llvm::MemoryBufferRef bytes) {
  auto archive = llvm::object::Archive::create(bytes);
  if (!archive)
    return problem(path, "the archive is damaged: " +
                             llvm::toString(archive.takeError()));
  Triple::ArchType found = Triple::UnknownArch;
  llvm::Error error = llvm::Error::success();
  for (const llvm::object::Archive::Child &child :
       (*archive)->children(error)) {
    llvm::Expected<llvm::MemoryBufferRef> member = child.getMemoryBufferRef();
    llvm::Expected<Triple::ArchType> one =
        member ? architectureOfObject(path, *member) : member.takeError();
    if (!one) {
      llvm::consumeError(std::move(error));
      return one.takeError();
    }
    found = *one;
  }
  if (error)
    return problem(path, "the archive is damaged: " +
                             llvm::toString(std::move(error)));
  if (found == Triple::UnknownArch)
    return problem(path, "the archive has no members");
  return found;
}

llvm::Expected<Triple::ArchType>
upconv::architectureOfLibrary(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return problem(path, "cannot be read: " + buffer.getError().message());
  llvm::MemoryBufferRef bytes = **buffer;
  if (llvm::identify_magic(bytes.getBuffer()) == llvm::file_magic::archive)
    return architectureOfArchive(path, bytes);
  auto file = llvm::object::ObjectFile::createELFObjectFile(bytes);
  if (!file)
    return problem(path, "the library is damaged: " +
                             llvm::toString(file.takeError()));
  // The loader would read segments that are not there.
  auto *elf = llvm::dyn_cast<llvm::object::ELF64LEObjectFile>(file->get());
  if (!elf)
    return problem(path, "not a 64-bit little-endian library");
  auto segments = elf->getELFFile().program_headers();
  if (!segments)
    return problem(path, "the library is damaged: " +
                             llvm::toString(segments.takeError()));
  for (const auto &segment : *segments)
    if (segment.p_offset + segment.p_filesz > bytes.getBufferSize() ||
        segment.p_offset + segment.p_filesz < segment.p_offset)
      return problem(path, "the library is damaged: it ends too early");
  return elf->getArch();
}

llvm::Error upconv::linkArchive(llvm::StringRef path,
                                const std::string &output) {
  llvm::Expected<Triple::ArchType> machine = architectureOfLibrary(path);
  if (!machine)
    return machine.takeError();
  Triple triple;
  triple.setArch(*machine);
  if (llvm::Error error = linkShared({triple,
                                      llvm::sys::path::filename(output).str(),
                                      {path.str()},
                                      {},
                                      output}))
    return problem(path, llvm::toString(std::move(error)));
  return llvm::Error::success();
}
