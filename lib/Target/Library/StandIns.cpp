//===- StandIns.cpp - The system's libraries, as far as a linker asks -----===//

#include "StandIns.h"

#include "CallingSequence.h"
#include "Linker.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/COFFImportFile.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace upconv;
using llvm::Error;
using llvm::Expected;

static std::string inFolder(llvm::StringRef folder, llvm::StringRef name) {
  llvm::SmallString<128> path = folder;
  llvm::sys::path::append(path, name);
  return path.str().str();
}

Error upconv::writeBytes(llvm::StringRef path, llvm::StringRef bytes) {
  std::error_code code;
  llvm::raw_fd_ostream file(path, code);
  if (!code) {
    file << bytes;
    file.close();
    code = file.error();
    file.clear_error();
  }
  if (!code)
    return Error::success();
  return llvm::createStringError("cannot write '" +
                                 llvm::sys::path::filename(path) +
                                 "': " + code.message());
}

/// An object that `fill` gives its contents.
static Error writeObject(const LibraryPlan &plan, llvm::StringRef path,
                         llvm::function_ref<void(llvm::Module &)> fill) {
  Expected<std::unique_ptr<llvm::TargetMachine>> machine = createMachine(plan);
  if (!machine)
    return machine.takeError();
  llvm::LLVMContext context;
  llvm::Module module("stand-in", context);
  module.setTargetTriple(llvm::Triple(plan.triple));
  module.setDataLayout((*machine)->createDataLayout());
  fill(module);
  Expected<std::string> bytes =
      emitMachineCode(module, **machine, llvm::CodeGenFileType::ObjectFile);
  if (!bytes)
    return bytes.takeError();
  return writeBytes(path, *bytes);
}

//===----------------------------------------------------------------------===//
// Android: libc.so
//===----------------------------------------------------------------------===//

/// Its loader looks for symbols in the libraries that a library asks for.
static Expected<std::vector<std::string>>
writeAndroidLibrary(const LibraryPlan &plan,
                    llvm::ArrayRef<std::string> undefined,
                    llvm::StringRef folder) {
  std::string object = inFolder(folder, "stand-in.o"),
              library = inFolder(folder, "libc.so");
  Error error = writeObject(plan, object, [&](llvm::Module &module) {
    llvm::LLVMContext &context = module.getContext();
    auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
    for (const std::string &name : undefined) {
      auto *function = llvm::Function::Create(
          type, llvm::GlobalValue::ExternalLinkage, name, module);
      llvm::ReturnInst::Create(context,
                               llvm::BasicBlock::Create(context, "", function));
    }
  });
  if (!error)
    error = linkShared(
        {llvm::Triple(plan.triple), "libc.so", {object}, {}, library});
  if (error)
    return std::move(error);
  return std::vector<std::string>{library};
}

//===----------------------------------------------------------------------===//
// macOS and iOS: libSystem, as Apple's SDK has it, in text
//===----------------------------------------------------------------------===//

static Expected<std::vector<std::string>>
writeAppleLibrary(const LibraryPlan &plan,
                  llvm::ArrayRef<std::string> undefined,
                  llvm::StringRef folder) {
  llvm::Triple triple(plan.triple);
  std::string target = std::string(triple.isX86() ? "x86_64" : "arm64") +
                       (triple.isiOS() ? "-ios" : "-macos");
  std::string text = "--- !tapi-tbd\n"
                     "tbd-version: 4\n"
                     "targets: [ " +
                     target +
                     " ]\n"
                     "install-name: '/usr/lib/libSystem.B.dylib'\n"
                     "exports:\n"
                     "  - targets: [ " +
                     target +
                     " ]\n"
                     "    symbols: [ dyld_stub_binder";
  for (const std::string &name : undefined)
    text += ", " + name;
  text += " ]\n...\n";
  std::string path = inFolder(folder, "libSystem.tbd");
  if (Error error = writeBytes(path, text))
    return std::move(error);
  return std::vector<std::string>{path};
}

//===----------------------------------------------------------------------===//
// Windows: import libraries, and what a DLL has of its own
//===----------------------------------------------------------------------===//

// What a function with more than a page of locals calls first, since the stack
// grows by the page: reads a word of every page down to the new end and changes
// no register but its own. The size is in rax, or in x15 by 16 bytes.
static const char *const stackProbe = "__chkstk";
static const char *const x86StackProbe = R"(
.text
.globl __chkstk
__chkstk:
  pushq %rax
  pushq %rcx
  leaq 24(%rsp), %rcx
next_page:
  cmpq $4096, %rax
  jbe last_page
  subq $4096, %rcx
  testb %al, (%rcx)
  subq $4096, %rax
  jmp next_page
last_page:
  subq %rax, %rcx
  testb %al, (%rcx)
  popq %rcx
  popq %rax
  retq
)";
static const char *const armStackProbe = R"(
.text
.globl __chkstk
.p2align 2
__chkstk:
  lsl x16, x15, #4
  mov x17, sp
next_page:
  cmp x16, #4096
  b.ls last_page
  sub x17, x17, #4096
  ldr xzr, [x17]
  sub x16, x16, #4096
  b next_page
last_page:
  sub x17, x17, x16
  ldr xzr, [x17]
  ret
)";

Error upconv::writeImportLibrary(const LibraryPlan &plan,
                                 const std::string &library,
                                 llvm::ArrayRef<std::string> names,
                                 llvm::StringRef path) {
  std::vector<llvm::object::COFFShortExport> exports;
  for (const std::string &name : names) {
    exports.emplace_back();
    exports.back().Name = name;
  }
  auto machine = llvm::Triple(plan.triple).isX86()
                     ? llvm::COFF::IMAGE_FILE_MACHINE_AMD64
                     : llvm::COFF::IMAGE_FILE_MACHINE_ARM64;
  return llvm::object::writeImportLibrary(library, path, exports, machine,
                                          /*MinGW=*/false);
}

static Expected<std::vector<std::string>>
writeWindowsLibraries(const LibraryPlan &plan,
                      llvm::ArrayRef<std::string> undefined,
                      llvm::StringRef folder) {
  // Both are part of Windows since 10; vcruntime140.dll, where a compiler would
  // take memcpy from, is not.
  std::vector<std::string> memory, kernel;
  for (const std::string &name : undefined)
    if (llvm::StringRef(name).starts_with("mem"))
      memory.push_back(name);
    else if (name != stackProbe)
      kernel.push_back(name);
  std::string own = inFolder(folder, "stand-in.obj"),
              first = inFolder(folder, "ucrtbase.lib"),
              second = inFolder(folder, "kernel32.lib");
  std::vector<std::string> files = {first, second};
  Error error = writeImportLibrary(plan, "ucrtbase.dll", memory, first);
  if (!error)
    error = writeImportLibrary(plan, "KERNEL32.dll", kernel, second);
  if (!error && llvm::is_contained(undefined, stackProbe)) {
    files.push_back(own);
    error = writeObject(plan, own, [&](llvm::Module &module) {
      module.setModuleInlineAsm(
          llvm::Triple(plan.triple).isX86() ? x86StackProbe : armStackProbe);
    });
  }
  if (error)
    return std::move(error);
  return files;
}

Expected<std::vector<std::string>>
upconv::writeStandIns(const LibraryPlan &plan,
                      llvm::ArrayRef<std::string> undefined,
                      llvm::StringRef folder) {
  llvm::Triple triple(plan.triple);
  if (triple.isAndroid())
    return writeAndroidLibrary(plan, undefined, folder);
  if (triple.isOSDarwin())
    return writeAppleLibrary(plan, undefined, folder);
  if (triple.isOSWindows())
    return writeWindowsLibraries(plan, undefined, folder);
  return std::vector<std::string>();
}
