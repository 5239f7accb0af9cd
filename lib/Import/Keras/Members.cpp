//===- Members.cpp - The parts of a .keras, packed or not -----------------===//

#include "Members.h"

#include "upconv/Support/Zip.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace upconv;
using namespace upconv::keras_import;

std::optional<std::string>
upconv::keras_import::readWholeFile(const std::string &path, uint64_t limit,
                                    Reporter &reporter) {
  auto buffer =
      llvm::MemoryBuffer::getFileOrSTDIN(path, /*IsText=*/false,
                                         /*RequiresNullTerminator=*/false);
  if (!buffer) {
    reporter.invalid() << "'" << path
                       << "' cannot be read: " << buffer.getError().message();
    return std::nullopt;
  }
  if ((*buffer)->getBufferSize() > limit) {
    reporter.invalid() << "'" << path << "' is too large, "
                       << (*buffer)->getBufferSize() << " bytes";
    return std::nullopt;
  }
  return (*buffer)->getBuffer().str();
}

namespace {

class ArchiveMembers : public Members {
public:
  ArchiveMembers(std::string name, std::unique_ptr<ZipArchive> archive)
      : name(std::move(name)), archive(std::move(archive)) {}

  bool contains(StringRef member) const override {
    return archive->contains(member);
  }
  std::optional<std::string> read(StringRef member, uint64_t limit,
                                  Reporter &reporter) const override {
    auto contents = archive->read(member, limit);
    if (contents)
      return std::move(*contents);
    reporter.invalid() << "'" << name
                       << "': " << llvm::toString(contents.takeError());
    return std::nullopt;
  }
  std::string nameOf(StringRef member) const override {
    return name + ":" + member.str();
  }

private:
  std::string name;
  std::unique_ptr<ZipArchive> archive;
};

class FolderMembers : public Members {
public:
  explicit FolderMembers(std::string path) : path(std::move(path)) {}

  bool contains(StringRef member) const override {
    llvm::sys::fs::file_status status;
    return !llvm::sys::fs::status(nameOf(member), status,
                                  /*follow=*/false) &&
           llvm::sys::fs::is_regular_file(status);
  }
  std::optional<std::string> read(StringRef member, uint64_t limit,
                                  Reporter &reporter) const override {
    return readWholeFile(nameOf(member), limit, reporter);
  }
  std::string nameOf(StringRef member) const override {
    llvm::SmallString<128> full(path);
    llvm::sys::path::append(full, member);
    return full.str().str();
  }

private:
  std::string path;
};

} // namespace

std::unique_ptr<Members> upconv::keras_import::openArchive(std::string name,
                                                           StringRef bytes,
                                                           Reporter &reporter) {
  auto archive = ZipArchive::open(bytes);
  if (!archive) {
    reporter.invalid() << "'" << name
                       << "': " << llvm::toString(archive.takeError());
    return nullptr;
  }
  return std::make_unique<ArchiveMembers>(std::move(name), std::move(*archive));
}

std::unique_ptr<Members> upconv::keras_import::openFolder(std::string path) {
  return std::make_unique<FolderMembers>(std::move(path));
}
