//===- SharedLibrary.cpp - Members to a shared library --------------------===//
//
// lld reads files, so the members pass through a temporary folder; nothing of
// its name reaches the result.
//
//===----------------------------------------------------------------------===//

#include "upconv/Target/Library/EmitLibrary.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace upconv;

std::string upconv::sharedLibraryFileName(const LibraryPlan &plan) {
  return "lib" + plan.name + ".so";
}

static llvm::Error problem(const LibraryPlan &plan,
                           const llvm::Twine &message) {
  return llvm::createStringError(
      ("library '" + llvm::Twine(plan.name) + "': " + message).str());
}

static llvm::Error link(const LibraryPlan &plan,
                        const std::vector<std::string> &arguments) {
  static std::mutex turn;
  static bool canRun = true;
  std::lock_guard<std::mutex> lock(turn);
  if (!canRun)
    return problem(plan, "lld cannot run again after a crash");
  std::vector<const char *> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());
  std::string output, errors;
  llvm::raw_string_ostream outputStream(output), errorStream(errors);
  lld::Result result = lld::lldMain(pointers, outputStream, errorStream,
                                    {{lld::Gnu, &lld::elf::link}});
  canRun = result.canRunAgain;
  if (result.retCode)
    return problem(plan, "lld: " + llvm::StringRef(errors).trim());
  return llvm::Error::success();
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
  bool isX86 = llvm::Triple(plan.triple).isX86();
  // The C library's functions are found in the program that loads this one.
  std::vector<std::string> arguments = {"ld.lld",
                                        "-m",
                                        isX86 ? "elf_x86_64" : "aarch64linux",
                                        "-shared",
                                        "-Bsymbolic",
                                        "-soname",
                                        sharedLibraryFileName(plan),
                                        "--build-id=none",
                                        "--hash-style=gnu",
                                        "--gc-sections",
                                        "--threads=1",
                                        "-z",
                                        "noexecstack",
                                        "-z",
                                        "relro",
                                        "-z",
                                        "now",
                                        "--eh-frame-hdr",
                                        "-o",
                                        result};
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
    arguments.push_back(path);
  }
  if (llvm::Error error = link(plan, arguments))
    return std::move(error);
  auto buffer = llvm::MemoryBuffer::getFile(result, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return problem(plan, "lld left no result: " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}
