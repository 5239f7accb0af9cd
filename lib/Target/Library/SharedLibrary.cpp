//===- SharedLibrary.cpp - Members to a shared library --------------------===//
//
// lld reads files, so the members pass through a temporary folder; nothing of
// its name reaches the result.
//
//===----------------------------------------------------------------------===//

#include "CallingSequence.h"
#include "Linker.h"

#include "upconv/Target/Library/EmitLibrary.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
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

/// An object that defines `names` as functions, and nothing in them.
static llvm::Expected<std::string>
emitStandIn(const LibraryPlan &plan, llvm::ArrayRef<std::string> names) {
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine =
      createMachine(plan);
  if (!machine)
    return machine.takeError();
  llvm::LLVMContext context;
  llvm::Module module("c", context);
  module.setTargetTriple(llvm::Triple(plan.triple));
  module.setDataLayout((*machine)->createDataLayout());
  auto *type = llvm::FunctionType::get(llvm::Type::getVoidTy(context), false);
  for (const std::string &name : names) {
    auto *function = llvm::Function::Create(
        type, llvm::GlobalValue::ExternalLinkage, name, module);
    llvm::ReturnInst::Create(context,
                             llvm::BasicBlock::Create(context, "", function));
  }
  return emitMachineCode(module, **machine, llvm::CodeGenFileType::ObjectFile);
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

  auto write = [&](const std::string &name,
                   llvm::StringRef bytes) -> llvm::Expected<std::string> {
    std::string path = inFolder(name);
    std::error_code code;
    llvm::raw_fd_ostream file(path, code);
    if (!code) {
      file << bytes;
      file.close();
      code = file.error();
      file.clear_error();
    }
    if (code)
      return problem(plan, "cannot write '" + name + "': " + code.message());
    return path;
  };

  llvm::Triple triple(plan.triple);
  auto link = [&](const std::string &soname, llvm::ArrayRef<std::string> files,
                  const std::string &output) -> llvm::Error {
    if (llvm::Error error = linkShared(triple.getArch(), soname, files, output))
      return problem(plan, llvm::toString(std::move(error)));
    return llvm::Error::success();
  };

  std::string result = inFolder("result.so");
  std::vector<std::string> files;
  for (const LibraryMember &member : members) {
    llvm::Expected<std::string> path = write(member.name, member.bytes);
    if (!path)
      return path.takeError();
    files.push_back(*path);
  }
  // Android's loader looks for symbols in the libraries that a library asks
  // for. Its C library is not at hand: a stand-in of the same name will do.
  if (triple.isAndroid()) {
    llvm::Expected<std::vector<std::string>> names =
        undefinedSymbols(plan, members);
    if (!names)
      return names.takeError();
    llvm::Expected<std::string> standIn = emitStandIn(plan, *names);
    if (!standIn)
      return standIn.takeError();
    llvm::Expected<std::string> path = write("stand-in.o", *standIn);
    if (!path)
      return path.takeError();
    files.push_back(inFolder("libc.so"));
    if (llvm::Error error = link("libc.so", *path, files.back()))
      return std::move(error);
  }
  if (llvm::Error error = link(sharedLibraryFileName(plan), files, result))
    return std::move(error);
  auto buffer = llvm::MemoryBuffer::getFile(result, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return problem(plan, "lld left no result: " + buffer.getError().message());
  return (*buffer)->getBuffer().str();
}
