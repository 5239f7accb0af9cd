//===- MachineCode.cpp - The calling sequence to object code --------------===//

#include "CallingSequence.h"
#include "DeviceRun.h"
#include "StreamStores.h"
#include "TileInstructions.h"

#include "upconv/Runtime/RuntimeBitcode.h"
#include "upconv/Target/Library/EmitLibrary.h"

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Linker/Linker.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/IPO/Internalize.h"

#include <mutex>

using namespace upconv;

/// The two architectures that lib/Runtime is compiled for.
static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64AsmParser();
  });
}

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
upconv::createMachine(const LibraryPlan &plan) {
  initializeTargets();
  llvm::Triple triple(plan.triple);
  if (runtimeBitcode(triple).empty())
    return llvm::createStringError("library '" + plan.name +
                                   "': no runtime for the triple '" +
                                   plan.triple + "'");
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return llvm::createStringError("library '" + plan.name + "': " + message);
  llvm::TargetOptions options;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, plan.cpu, plan.features, options, llvm::Reloc::PIC_));
  if (!machine)
    return llvm::createStringError("library '" + plan.name +
                                   "': LLVM cannot emit code for '" +
                                   plan.triple + "'");
  return machine;
}

std::string upconv::symbolInObject(const llvm::Triple &triple,
                                   llvm::StringRef name) {
  return ((triple.isOSBinFormatMachO() ? "_" : "") + name).str();
}

/// The calling sequence gains nothing from wide registers, and run decides by
/// itself whether the processor has them; so all of it is compiled for the
/// architecture's baseline and only scheduled for the plan's processor.
static void setAttributes(const LibraryPlan &plan, llvm::Module &module) {
  bool isX86 = llvm::Triple(plan.triple).isX86();
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", isX86 ? "x86-64" : "generic");
    if (!plan.cpu.empty())
      function.addFnAttr("tune-cpu", plan.cpu);
    function.setUWTableKind(llvm::UWTableKind::Async);
    function.setDoesNotThrow();
  }
}

/// Optimises at O2. Of the C library only the functions of
/// undefined-symbols.txt may appear, so no other may be recognised in a loop.
static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::TargetLibraryInfoImpl library(module.getTargetTriple());
  library.disableAllFunctions();
  library.setAvailable(llvm::LibFunc_memset);
  library.setAvailable(llvm::LibFunc_memcpy);

  llvm::PassBuilder passes(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
  passes.registerModuleAnalyses(modules);
  passes.registerCGSCCAnalyses(graph);
  passes.registerFunctionAnalyses(functions);
  passes.registerLoopAnalyses(loops);
  passes.crossRegisterProxies(loops, functions, graph, modules);
  passes.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2)
      .run(module, modules);
}

llvm::Error upconv::finishCallingSequence(const LibraryPlan &plan,
                                          llvm::Module &module,
                                          llvm::TargetMachine &machine) {
  auto verify = [&]() -> llvm::Error {
    std::string problem;
    llvm::raw_string_ostream stream(problem);
    if (llvm::verifyModule(module, &stream))
      return llvm::createStringError("library '" + plan.name +
                                     "': invalid calling sequence: " + problem);
    return llvm::Error::success();
  };
  module.setDataLayout(machine.createDataLayout());
  setAttributes(plan, module);
  if (llvm::Error error = verify())
    return error;

  llvm::StringRef bitcode = runtimeBitcode(module.getTargetTriple());
  llvm::Expected<std::unique_ptr<llvm::Module>> runtime =
      llvm::parseBitcodeFile(llvm::MemoryBufferRef(bitcode, "runtime"),
                             module.getContext());
  if (!runtime)
    return runtime.takeError();
  // The same system under another vendor's name is not worth a warning.
  (*runtime)->setTargetTriple(module.getTargetTriple());
  (*runtime)->setDataLayout(module.getDataLayout());
  if (llvm::Linker::linkModules(module, std::move(*runtime),
                                llvm::Linker::Flags::LinkOnlyNeeded))
    return llvm::createStringError("library '" + plan.name +
                                   "': the runtime cannot be linked");
  std::vector<std::string> visible = publicSymbols(plan);
  for (const DeviceFunction &used : deviceFunctions(plan)) {
    llvm::Function *function = module.getFunction(used.ours);
    function->setName(deviceSymbol(plan, used));
    visible.push_back(function->getName().str());
  }
  llvm::internalizeModule(module, [&](const llvm::GlobalValue &value) {
    return llvm::is_contained(visible, value.getName());
  });
  if (!plan.partOf.empty())
    for (const std::string &name : visible)
      if (llvm::GlobalValue *value = module.getNamedValue(name))
        value->setVisibility(llvm::GlobalValue::HiddenVisibility);
  // The name and version of the C compiler are of no use to the user; for
  // Windows they are debug information too.
  llvm::StripDebugInfo(module);
  if (llvm::NamedMDNode *ident = module.getNamedMetadata("llvm.ident"))
    module.eraseNamedMetadata(ident);
  optimize(module, machine);
  // SROA numbers its new names in the order of addresses; the code is the same.
  for (llvm::Function &function : module)
    for (llvm::BasicBlock &block : function)
      for (llvm::Instruction &instruction : block)
        if (instruction.getName().contains(".sroa"))
          instruction.setName("");
  return verify();
}

/// For Windows on x86-64 LLVM marks objects that use floating point with an
/// undefined symbol, for the sake of Microsoft's printf. Other C libraries do
/// not have it, and nothing refers to it.
static llvm::Expected<std::string>
withoutFloatingPointMark(llvm::StringRef object) {
  auto parsed = llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(object, "object"));
  if (!parsed)
    return parsed.takeError();
  llvm::objcopy::ConfigManager config;
  llvm::SmallString<0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::Error error = config.Common.SymbolsToRemove.addMatcher(
      llvm::objcopy::NameOrPattern::create(
          "_fltused", llvm::objcopy::MatchStyle::Literal,
          [](llvm::Error error) { return error; }));
  if (!error)
    error = llvm::objcopy::executeObjcopyOnBinary(config, **parsed, stream);
  if (error)
    return std::move(error);
  return bytes.str().str();
}

llvm::Expected<std::string>
upconv::emitMachineCode(llvm::Module &module, llvm::TargetMachine &machine,
                        llvm::CodeGenFileType type) {
  llvm::SmallString<0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type))
    return llvm::createStringError("LLVM cannot emit this kind of file");
  passes.run(module);
  if (type == llvm::CodeGenFileType::ObjectFile &&
      machine.getTargetTriple().isOSWindows())
    return withoutFloatingPointMark(bytes);
  return bytes.str().str();
}

/// Builds and finishes the module, then gives it to `emit`.
static llvm::Expected<std::string> withFinishedModule(
    const LibraryPlan &plan,
    llvm::function_ref<llvm::Expected<std::string>(llvm::Module &,
                                                   llvm::TargetMachine &)>
        emit) {
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine =
      createMachine(plan);
  if (!machine)
    return machine.takeError();
  llvm::Expected<std::unique_ptr<llvm::Module>> module =
      buildCallingSequence(plan, context);
  if (!module)
    return module.takeError();
  if (llvm::Error error = finishCallingSequence(plan, **module, **machine))
    return std::move(error);
  return emit(**module, **machine);
}

llvm::Expected<std::string>
upconv::emitCallingSequenceObject(const LibraryPlan &plan) {
  return withFinishedModule(plan, [](llvm::Module &module,
                                     llvm::TargetMachine &machine) {
    return emitMachineCode(module, machine, llvm::CodeGenFileType::ObjectFile);
  });
}

llvm::Expected<std::string>
upconv::emitCallingSequenceAssembly(const LibraryPlan &plan) {
  return withFinishedModule(
      plan, [](llvm::Module &module, llvm::TargetMachine &machine) {
        return emitMachineCode(module, machine,
                               llvm::CodeGenFileType::AssemblyFile);
      });
}

llvm::Expected<std::string>
upconv::emitCallingSequenceText(const LibraryPlan &plan) {
  return withFinishedModule(plan,
                            [](llvm::Module &module, llvm::TargetMachine &)
                                -> llvm::Expected<std::string> {
                              std::string text;
                              llvm::raw_string_ostream stream(text);
                              module.print(stream, nullptr);
                              return text;
                            });
}

/// A line that is asked for ahead (knobs `ahead` and `lead`) is to be read and
/// to stay in all caches: other stages and tiles read it too. Halide's versions
/// differ in what they say of it, to be written or to be used once.
static void keepPrefetched(llvm::Module &module) {
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::instructions(function)) {
      auto *call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
      if (!call || call->getIntrinsicID() != llvm::Intrinsic::prefetch)
        continue;
      auto *type = llvm::Type::getInt32Ty(module.getContext());
      call->setArgOperand(1, llvm::ConstantInt::get(type, 0)); // read
      call->setArgOperand(2, llvm::ConstantInt::get(type, 3)); // stays
    }
}

llvm::Expected<std::string> upconv::emitKernelCode(llvm::StringRef bitcode,
                                                   llvm::StringRef tripleName,
                                                   llvm::StringRef streamed,
                                                   bool asAssembly) {
  initializeTargets();
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::Module>> module =
      llvm::parseBitcodeFile(llvm::MemoryBufferRef(bitcode, "kernel"), context);
  if (!module)
    return module.takeError();
  replaceTileCalls(**module);
  keepPrefetched(**module);
  llvm::Triple triple = (*module)->getTargetTriple();
  if (!tripleName.empty())
    triple = llvm::Triple(tripleName);
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return llvm::createStringError(message);
  if (!streamed.empty())
    streamStores(**module, streamed);
  // As Halide sets them; processor and features stand at the functions.
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Fast;
  options.FunctionSections = true;
  options.MCOptions.AsmVerbose = true; // loops' names
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, "generic", "", options, llvm::Reloc::PIC_, std::nullopt,
      llvm::CodeGenOptLevel::Aggressive));
  (*module)->setTargetTriple(triple);
  (*module)->setDataLayout(machine->createDataLayout());
  for (llvm::GlobalObject &object : (*module)->global_objects())
    if (!object.isDeclaration() && object.hasExternalLinkage())
      object.setVisibility(llvm::GlobalValue::HiddenVisibility);
  return emitMachineCode(**module, *machine,
                         asAssembly ? llvm::CodeGenFileType::AssemblyFile
                                    : llvm::CodeGenFileType::ObjectFile);
}
