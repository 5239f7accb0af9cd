//===- Dispatch.cpp - One library for several processors ------------------===//
//
// The parts of such a library are libraries of their own, one per target, whose
// functions are hidden. Each public function asks the processor and goes on to
// the same function of the strongest part that it runs. The answer is one word,
// looked up once (Processor.c); no pointer is patched and nothing runs before
// the first call, so any number of threads may be in it.
//
//===----------------------------------------------------------------------===//

#include "CallingSequence.h"

#include "upconv/Runtime/Runtime.h"
#include "upconv/Target/Library/EmitLibrary.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/IRBuilder.h"

using namespace upconv;
using llvm::BasicBlock;
using llvm::Function;
using llvm::Type;
using llvm::Value;

LibraryPlan upconv::joinParts(std::vector<LibraryPlan> parts) {
  LibraryPlan joined = parts.front();
  joined.name = joined.partOf;
  joined.partOf.clear();
  std::vector<std::string> targets;
  for (const LibraryPlan &part : parts)
    targets.push_back(part.target);
  joined.target = llvm::join(targets, ",");
  joined.cpu = parts.back().cpu;
  joined.features = parts.back().features;
  joined.requiredCpuFeatures = parts.back().requiredCpuFeatures;
  joined.steps.clear();
  joined.slots.clear();
  if (!takesWeights(joined))
    joined.weights.values.clear();
  joined.parts = std::move(parts);
  return joined;
}

namespace {
class DispatchBuilder {
public:
  DispatchBuilder(const LibraryPlan &plan, llvm::Module &module,
                  std::vector<uint32_t> features)
      : plan(plan), module(module), builder(module.getContext()),
        features(std::move(features)) {}

  void run();

private:
  void define(llvm::StringRef name, Type *result,
              llvm::ArrayRef<Type *> parameters,
              bool packedSizeFollows = false);
  /// A caller knows one size of packed weights, the largest.
  Value *ownSize(Value *size, const LibraryPlan &part) {
    Value *common = builder.getInt64(packedSize(plan));
    return builder.CreateSelect(builder.CreateICmpEQ(size, common),
                                builder.getInt64(packedSize(part)), size);
  }

  const LibraryPlan &plan;
  llvm::Module &module;
  llvm::IRBuilder<> builder;
  std::vector<uint32_t> features; ///< that the parts need
};
} // namespace

void DispatchBuilder::define(llvm::StringRef name, Type *result,
                             llvm::ArrayRef<Type *> parameters,
                             bool packedSizeFollows) {
  auto *type = llvm::FunctionType::get(result, parameters, false);
  Function *function = Function::Create(type, Function::ExternalLinkage,
                                        plan.name + name, module);
  llvm::LLVMContext &context = module.getContext();
  builder.SetInsertPoint(BasicBlock::Create(context, "entry", function));
  llvm::FunctionCallee supports = module.getOrInsertFunction(
      "upconv_rt_cpu_supports", builder.getInt32Ty(), builder.getInt32Ty());
  for (auto [index, part] : llvm::enumerate(plan.parts)) {
    Function *target = Function::Create(type, Function::ExternalLinkage,
                                        part.name + name, module);
    target->setVisibility(llvm::GlobalValue::HiddenVisibility);
    BasicBlock *next = nullptr;
    // The weakest part says itself that it does not run.
    if (index + 1 < plan.parts.size()) {
      auto *here = BasicBlock::Create(context, "runs", function);
      next = BasicBlock::Create(context, "next", function);
      Value *runs =
          builder.CreateCall(supports, {builder.getInt32(features[index])});
      builder.CreateCondBr(builder.CreateIsNotNull(runs), here, next);
      builder.SetInsertPoint(here);
    }
    std::vector<Value *> arguments;
    for (llvm::Argument &argument : function->args())
      arguments.push_back(&argument);
    if (packedSizeFollows)
      arguments[1] = ownSize(arguments[1], part);
    llvm::CallInst *call = builder.CreateCall(target, arguments);
    call->setTailCall();
    builder.CreateRet(call);
    if (next)
      builder.SetInsertPoint(next);
  }
}

void DispatchBuilder::run() {
  Type *pointer = builder.getPtrTy(), *i32 = builder.getInt32Ty(),
       *i64 = builder.getInt64Ty();
  if (takesWeights(plan))
    define("_prepare", i32, {pointer, i64}, /*packedSizeFollows=*/true);
  else
    define("_prepare", i32, {});
  define("_run", i32, {pointer, pointer, pointer});
  define("_status_string", pointer, {i32});
  define("_describe", pointer, {});
  if (!plan.packWords.empty())
    define("_pack", i32, {pointer, pointer});
  if (!plan.extents.empty()) {
    define("_workspace_size", i64, {pointer, i32});
    define("_output_shape", i32, {pointer, pointer});
  }
}

llvm::Expected<std::unique_ptr<llvm::Module>>
upconv::buildDispatch(const LibraryPlan &plan, llvm::LLVMContext &context) {
  std::vector<uint32_t> features;
  for (const LibraryPlan &part : plan.parts) {
    llvm::Expected<uint32_t> bits = requiredFeatureBits(part);
    if (!bits)
      return bits.takeError();
    features.push_back(*bits);
  }
  auto module = std::make_unique<llvm::Module>(plan.name, context);
  module->setSourceFileName(plan.name);
  module->setTargetTriple(llvm::Triple(plan.triple));
  DispatchBuilder(plan, *module, std::move(features)).run();
  return module;
}
