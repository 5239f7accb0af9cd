//===- Members.cpp - The objects of a library -----------------------------===//
//
// A kernel's object arrives from its worker with Halide's choice of symbols:
// NAME, NAME_argv, NAME_metadata, all visible. Here every one of them is given
// the library's name and hidden, so that two libraries, or a library and
// another user of Halide, link into one program.
//
//===----------------------------------------------------------------------===//

#include "CallingSequence.h"
#include "DeviceRun.h"

#include "upconv/Target/Library/EmitLibrary.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/raw_ostream.h"

#include <map>
#include <set>

using namespace upconv;
using llvm::object::ELFSymbolRef;
using llvm::object::SymbolRef;

namespace {

/// A kernel's object, read.
struct Kernel {
  std::string symbol;
  std::unique_ptr<llvm::object::ObjectFile> object;
  std::vector<std::string> defined, files;
  std::set<std::string> undefined;
};

} // namespace

static llvm::Error problem(const LibraryPlan &plan,
                           const llvm::Twine &message) {
  return llvm::createStringError(
      ("library '" + llvm::Twine(plan.name) + "': " + message).str());
}

static llvm::Expected<Kernel> readKernel(const LibraryPlan &plan,
                                         const KernelObject &source) {
  Kernel kernel{source.symbol, nullptr, {}, {}, {}};
  auto object = llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(source.bytes, source.symbol));
  if (!object)
    return problem(
        plan, "the object of kernel '" + source.symbol +
                  "' cannot be read: " + llvm::toString(object.takeError()));
  kernel.object = std::move(*object);
  llvm::Triple triple(plan.triple);
  if (kernel.object->getTripleObjectFormat() != triple.getObjectFormat() ||
      kernel.object->getArch() != triple.getArch())
    return problem(plan, "the object of kernel '" + source.symbol +
                             "' is not for '" + plan.triple + "'");
  bool isElf = triple.isOSBinFormatELF();
  for (SymbolRef symbol : kernel.object->symbols()) {
    llvm::Expected<llvm::StringRef> spelled = symbol.getName();
    llvm::Expected<uint32_t> flags = symbol.getFlags();
    if (!spelled || !flags)
      return llvm::joinErrors(spelled.takeError(), flags.takeError());
    llvm::StringRef name = *spelled;
    if (triple.isOSBinFormatMachO())
      name.consume_front("_");
    if (isElf && ELFSymbolRef(symbol).getELFType() == llvm::ELF::STT_FILE)
      kernel.files.push_back(name.str());
    else if (*flags & SymbolRef::SF_Undefined)
      kernel.undefined.insert(name.str());
    else if (*flags & SymbolRef::SF_Global)
      kernel.defined.push_back(name.str());
  }
  return kernel;
}

static std::string objectSuffix(const LibraryPlan &plan) {
  return llvm::Triple(plan.triple).isOSWindows() ? ".obj" : ".o";
}

/// What a kernel may ask of the C library, and of what a C compiler brings:
/// LLVM has bzero and memset_pattern16 for Apple's systems, and for Windows the
/// probe of large stack frames.
static bool isLibraryFunction(llvm::StringRef name,
                              const llvm::Triple &triple) {
  if (name == "memset" || name == "memcpy" || name == "memmove")
    return true;
  if (triple.isOSDarwin())
    return name == "bzero" || name == "__bzero" || name == "memset_pattern16";
  if (triple.isOSWindows())
    return name == "__chkstk";
  return name == "_GLOBAL_OFFSET_TABLE_";
}

/// The rules between the objects; fills in the new names.
static llvm::Error checkKernels(const LibraryPlan &plan,
                                const std::vector<Kernel> &kernels,
                                std::map<std::string, std::string> &names) {
  llvm::StringSet<> taken;
  for (const std::string &name : publicSymbols(plan))
    taken.insert(name);
  taken.insert(weightsSymbol(plan));
  for (const Kernel &kernel : kernels)
    for (const std::string &name : kernel.defined) {
      std::string renamed = prefixed(plan, name);
      if (taken.contains(renamed))
        return problem(plan, "kernel '" + kernel.symbol + "' defines '" + name +
                                 "', which is a name of the library itself");
      names[name] = renamed;
    }
  for (const DeviceFunction &function : deviceFunctions(plan))
    names[function.halide] = deviceSymbol(plan, function);
  for (const Kernel &kernel : kernels)
    for (const std::string &name : kernel.undefined)
      if (!name.empty() && !names.count(name) &&
          !isLibraryFunction(name, llvm::Triple(plan.triple)))
        return problem(plan, "kernel '" + kernel.symbol + "' needs '" + name +
                                 "', which no part of the library defines");
  for (const Step &step : plan.steps)
    if (step.kind == Step::Kind::Launch &&
        !names.count(step.launch.symbol + "_argv"))
      return problem(plan,
                     "no object defines kernel '" + step.launch.symbol + "'");
  return llvm::Error::success();
}

static llvm::Expected<std::string>
makePrivate(const LibraryPlan &plan, const Kernel &kernel,
            const std::map<std::string, std::string> &names) {
  llvm::objcopy::ConfigManager config;
  auto match = [](llvm::objcopy::NameMatcher &matcher, llvm::StringRef name,
                  llvm::objcopy::MatchStyle style) {
    return matcher.addMatcher(llvm::objcopy::NameOrPattern::create(
        name, style, [](llvm::Error error) { return error; }));
  };
  using llvm::objcopy::MatchStyle;
  llvm::Error error = llvm::Error::success();
  auto add = [&](llvm::Error next) {
    error = llvm::joinErrors(std::move(error), std::move(next));
  };
  llvm::Triple triple(plan.triple);
  // The configuration refers to its strings.
  std::map<std::string, std::string> spelled;
  for (const auto &[name, renamed] : names)
    spelled[symbolInObject(triple, name)] = symbolInObject(triple, renamed);
  for (const auto &[name, renamed] : spelled)
    config.Common.SymbolsToRename[name] = renamed;
  if (triple.isOSBinFormatELF()) {
    // Objects of other formats are of emitKernelCode and have nothing to hide.
    llvm::objcopy::NameMatcher hidden;
    for (const std::string &name : kernel.defined)
      add(match(hidden, name, MatchStyle::Literal));
    config.ELF.SymbolsToSetVisibility.emplace_back(std::move(hidden),
                                                   llvm::ELF::STV_HIDDEN);
    // What may hold the names of folders and compilers, or an index of symbols.
    config.Common.StripDebug = true;
    for (llvm::StringRef section :
         {".comment", ".llvm_addrsig", ".rela.debug_*", ".debug_*",
          ".note.gnu.build-id"})
      add(match(config.Common.ToRemove, section, MatchStyle::Wildcard));
    for (const std::string &file : kernel.files)
      if (!names.count(file))
        add(match(config.Common.SymbolsToRemove, file, MatchStyle::Literal));
  }
  if (error)
    return std::move(error);

  llvm::SmallString<0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  if (llvm::Error failure =
          llvm::objcopy::executeObjcopyOnBinary(config, *kernel.object, stream))
    return std::move(failure);
  return bytes.str().str();
}

llvm::Expected<std::vector<LibraryMember>>
upconv::emitSequenceMembers(const LibraryPlan &plan) {
  if (llvm::Error error = validatePlan(plan))
    return std::move(error);
  std::vector<LibraryMember> members;
  llvm::Expected<std::string> sequence = emitCallingSequenceObject(plan);
  if (!sequence)
    return sequence.takeError();
  std::string suffix = objectSuffix(plan);
  members.push_back({plan.name + suffix, std::move(*sequence)});
  if (!plan.weights.values.empty() && !takesWeights(plan)) {
    llvm::Expected<std::string> weights = emitWeightsObject(plan);
    if (!weights)
      return weights.takeError();
    members.push_back({plan.name + "_weights" + suffix, std::move(*weights)});
  }
  return members;
}

llvm::Expected<std::vector<LibraryMember>>
upconv::emitKernelMembers(const LibraryPlan &plan,
                          const std::vector<KernelObject> &objects) {
  std::vector<Kernel> kernels;
  std::set<std::string> seen;
  for (const KernelObject &object : objects) {
    if (!seen.insert(object.symbol).second)
      return problem(plan, "two objects for kernel '" + object.symbol + "'");
    llvm::Expected<Kernel> kernel = readKernel(plan, object);
    if (!kernel)
      return kernel.takeError();
    kernels.push_back(std::move(*kernel));
  }
  std::map<std::string, std::string> names;
  if (llvm::Error error = checkKernels(plan, kernels, names))
    return std::move(error);

  std::vector<LibraryMember> members;
  for (const Kernel &kernel : kernels) {
    llvm::Expected<std::string> bytes = makePrivate(plan, kernel, names);
    if (!bytes)
      return bytes.takeError();
    members.push_back({prefixed(plan, kernel.symbol) + objectSuffix(plan),
                       std::move(*bytes)});
  }
  return members;
}

llvm::Expected<std::vector<LibraryMember>>
upconv::emitMembers(const LibraryPlan &plan,
                    const std::vector<KernelObject> &objects) {
  llvm::Expected<std::vector<LibraryMember>> members =
      emitSequenceMembers(plan);
  if (!members)
    return members;
  llvm::Expected<std::vector<LibraryMember>> kernels =
      emitKernelMembers(plan, objects);
  if (!kernels)
    return kernels;
  llvm::move(*kernels, std::back_inserter(*members));
  return members;
}
