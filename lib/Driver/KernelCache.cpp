//===- KernelCache.cpp - Compiled kernels, kept between runs --------------===//
//
// An entry is a file: a line that names the format, the BLAKE3 hash of the
// request and the answer, the answer. The hash tells damage of any kind from an
// answer; a damaged entry is a miss, and is written anew.
//
//===----------------------------------------------------------------------===//

#include "KernelCache.h"

#include "Interrupt.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/Chrono.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace upconv;
namespace fs = llvm::sys::fs;

static constexpr llvm::StringLiteral formatLine = "upconv kernel 1\n";

using Hash = llvm::BLAKE3Result<>;

/// Of both texts: the length of the first keeps (ab, c) and (a, bc) apart.
static Hash hashOf(llvm::StringRef first, llvm::StringRef second) {
  llvm::BLAKE3 hasher;
  hasher.update(std::to_string(first.size()) + " ");
  hasher.update(first);
  hasher.update(second);
  return hasher.final();
}

//===----------------------------------------------------------------------===//
// Which tool made an entry
//===----------------------------------------------------------------------===//

/// The linker's hash of an object's contents (its GNU build ID), if it has one.
static llvm::StringRef buildIdOf(const dl_phdr_info &info) {
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr) &segment = info.dlpi_phdr[i];
    if (segment.p_type != PT_NOTE)
      continue;
    const char *at =
        reinterpret_cast<const char *>(info.dlpi_addr + segment.p_vaddr);
    const char *end = at + segment.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      const auto *note = reinterpret_cast<const ElfW(Nhdr) *>(at);
      const char *name = at + sizeof *note;
      const char *text = name + llvm::alignTo(note->n_namesz, 4);
      if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
          llvm::StringRef(name, 3) == "GNU")
        return {text, note->n_descsz};
      at = text + llvm::alignTo(note->n_descsz, 4);
    }
  }
  return {};
}

/// Of an object that is linked without a build ID.
static std::string sizeAndTimeOf(const std::string &path) {
  fs::file_status status;
  if (fs::status(path, status))
    return path;
  return path + " " + std::to_string(status.getSize()) + " " +
         std::to_string(llvm::sys::toTimeT(status.getLastModificationTime()));
}

static int addIdentity(dl_phdr_info *info, size_t, void *data) {
  auto &identity = *static_cast<std::string *>(data);
  std::string path = info->dlpi_name;
  if (llvm::StringRef(path).starts_with("linux-vdso"))
    return 0; // the machine's kernel, which compiles nothing
  if (path.empty())
    path = fs::getMainExecutable(nullptr, nullptr);
  llvm::StringRef buildId = buildIdOf(*info);
  identity += buildId.empty() ? sizeAndTimeOf(path) : llvm::toHex(buildId);
  identity += "\n";
  return 0;
}

/// Everything besides the request that a kernel worker's answer depends on: the
/// code in this process, Halide's and LLVM's included, and Halide's settings
/// in the environment. libm belongs to it: constants are folded with it.
static std::string toolIdentity() {
  std::string identity = "Halide " + halideVersion() + "\n";
  dl_iterate_phdr(addIdentity, &identity);
  std::vector<llvm::StringRef> settings;
  for (char **variable = environ; *variable; ++variable)
    if (llvm::StringRef(*variable).starts_with("HL_"))
      settings.push_back(*variable);
  llvm::sort(settings);
  return identity + llvm::join(settings, "\n");
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

std::string KernelCache::pathOf(llvm::StringRef request) const {
  static const std::string identity = toolIdentity();
  std::string name = llvm::toHex(hashOf(identity, request), /*LowerCase=*/true);
  // 256 folders: a folder of a hundred thousand files is slow.
  return folder + "/" + name.substr(0, 2) + "/" + name.substr(2);
}

std::optional<std::string> KernelCache::find(llvm::StringRef request) const {
  if (!isUsed())
    return std::nullopt;
  std::string path = pathOf(request);
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return std::nullopt;
  llvm::StringRef answer = (*buffer)->getBuffer();
  Hash written;
  if (!answer.consume_front(formatLine) || answer.size() < written.size())
    return std::nullopt;
  std::copy_n(answer.begin(), written.size(), written.begin());
  answer = answer.drop_front(written.size());
  if (hashOf(request, answer) != written)
    return std::nullopt;
  // The time of the last use, for whoever deletes what is old.
  utimensat(AT_FDCWD, path.c_str(), /*times=*/nullptr, /*flags=*/0);
  return answer.str();
}

void KernelCache::keep(llvm::StringRef request, llvm::StringRef answer) const {
  if (!isUsed())
    return;
  std::string path = pathOf(request);
  fs::create_directories(llvm::sys::path::parent_path(path));
  // Under a name of its own, then renamed: other processes see a whole entry or
  // none.
  llvm::SmallString<128> temporary;
  int descriptor;
  if (fs::createUniqueFile(path + ".%%%%%%.tmp", descriptor, temporary,
                           fs::OF_None, 0644))
    return;
  registerTemporary(temporary.str().str());
  Hash hash = hashOf(request, answer);
  llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
  stream << formatLine << llvm::toStringRef(hash) << answer;
  stream.close();
  bool isWritten = !stream.has_error();
  stream.clear_error();
  if (!isWritten || fs::rename(temporary, path))
    fs::remove(temporary);
  forgetTemporary(temporary.str().str());
}

static void warn(const std::string &folder, const llvm::Twine &message,
                 std::error_code code) {
  llvm::errs() << "upconv: warning: cache '" << folder << "' " << message
               << ": " << code.message() << "\n";
}

std::string upconv::prepareCacheFolder(const std::string &folder) {
  if (folder.empty())
    return "";
  if (std::error_code code = fs::create_directories(folder)) {
    warn(folder, "cannot be made, so every kernel is compiled", code);
    return "";
  }
  // An entry's folder may be made by whoever may write here.
  if (std::error_code code = fs::access(folder, fs::AccessMode::Write))
    warn(folder, "cannot be written, so nothing new is kept in it", code);
  // Workers may change the working directory or be asked from another one.
  llvm::SmallString<128> absolute(folder);
  fs::make_absolute(absolute);
  return absolute.str().str();
}
