//===- Linker.cpp - lld in this process -----------------------------------===//

#include "Linker.h"

#include "lld/Common/Driver.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace upconv;

static llvm::Error run(const std::vector<std::string> &arguments) {
  static std::mutex turn;
  static bool canRun = true;
  std::lock_guard<std::mutex> lock(turn);
  if (!canRun)
    return llvm::createStringError("lld cannot run again after a crash");
  std::vector<const char *> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());
  std::string output, errors;
  llvm::raw_string_ostream outputStream(output), errorStream(errors);
  // lld leaves by exit where it cannot go on; this brings it back here.
  llvm::CrashRecoveryContext::Enable();
  lld::Result result = lld::lldMain(pointers, outputStream, errorStream,
                                    {{lld::Gnu, &lld::elf::link}});
  llvm::CrashRecoveryContext::Disable();
  canRun = result.canRunAgain;
  if (result.retCode == 0)
    return llvm::Error::success();
  // "ld.lld: error: what is wrong", and what follows from it.
  llvm::StringRef first = llvm::StringRef(errors).trim().split('\n').first;
  first.consume_front("ld.lld: ");
  first.consume_front("error: ");
  return llvm::createStringError(
      "lld: " + (first.empty() ? llvm::StringRef("it crashed") : first));
}

llvm::Error upconv::linkShared(llvm::Triple::ArchType machine,
                               const std::string &soname,
                               llvm::ArrayRef<std::string> files,
                               const std::string &output) {
  // The C library's functions are found in the program that loads this one.
  std::vector<std::string> arguments = {
      "ld.lld",
      "-m",
      machine == llvm::Triple::x86_64 ? "elf_x86_64" : "aarch64linux",
      "-shared",
      "-Bsymbolic",
      "-soname",
      soname,
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
      "--whole-archive",
      "-o",
      output};
  arguments.insert(arguments.end(), files.begin(), files.end());
  return run(arguments);
}
