//===- Linker.cpp - lld in this process -----------------------------------===//

#include "Linker.h"

#include "lld/Common/Driver.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>

LLD_HAS_DRIVER(elf)
LLD_HAS_DRIVER(macho)
LLD_HAS_DRIVER(coff)

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
                                    {{lld::Gnu, &lld::elf::link},
                                     {lld::Darwin, &lld::macho::link},
                                     {lld::WinLink, &lld::coff::link}});
  llvm::CrashRecoveryContext::Disable();
  canRun = result.canRunAgain;
  if (result.retCode == 0)
    return llvm::Error::success();
  // "ld.lld: error: what is wrong", and what follows from it.
  llvm::StringRef first = llvm::StringRef(errors).trim().split('\n').first;
  first.consume_front(arguments.front() + ": ");
  first.consume_front("error: ");
  return llvm::createStringError(
      "lld: " + (first.empty() ? llvm::StringRef("it crashed") : first));
}

static std::vector<std::string> elfArguments(const SharedLink &link) {
  // The C library's functions are found in the program that loads this one.
  return {"ld.lld",
          "-m",
          link.triple.isX86() ? "elf_x86_64" : "aarch64linux",
          "-shared",
          "-Bsymbolic",
          "-soname",
          link.name,
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
          link.output};
}

static std::vector<std::string> machOArguments(const SharedLink &link) {
  std::string version = link.triple.getOSVersion().getAsString();
  // Code for AArch64 is not loaded without a signature; lld's names nobody.
  return {"ld64.lld",
          "-arch",
          link.triple.isX86() ? "x86_64" : "arm64",
          "-platform_version",
          link.triple.isiOS() ? "ios" : "macos",
          version,
          version,
          "-dylib",
          "-install_name",
          "@rpath/" + link.name,
          "-final_output",
          link.name,
          "-dead_strip",
          "--threads=1",
          "-o",
          link.output};
}

static std::vector<std::string> coffArguments(const SharedLink &link) {
  std::vector<std::string> arguments = {"lld-link",
                                        "/dll",
                                        "/noentry",
                                        "/nodefaultlib",
                                        "/noimplib",
                                        "/Brepro",
                                        "/opt:ref",
                                        "/threads:1",
                                        link.triple.isX86() ? "/machine:x64"
                                                            : "/machine:arm64",
                                        "/out:" + link.output};
  for (const std::string &name : link.exports)
    arguments.push_back("/export:" + name);
  return arguments;
}

llvm::Error upconv::linkShared(const SharedLink &link) {
  std::vector<std::string> arguments =
      link.triple.isOSBinFormatMachO()  ? machOArguments(link)
      : link.triple.isOSBinFormatCOFF() ? coffArguments(link)
                                        : elfArguments(link);
  arguments.insert(arguments.end(), link.files.begin(), link.files.end());
  return run(arguments);
}
