//===- StreamStores.cpp - Stores that go past the caches ------------------===//
//
// Halide 21 has no such stores. In its bitcode they are ordinary ones on the
// output's host pointer, aligned as the kernel was told that the output is: to
// a cache line. That holds only of some outputs, so the kernel becomes two, and
// a test in front of them.
//
//===----------------------------------------------------------------------===//

#include "StreamStores.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicsX86.h"
#include "llvm/Transforms/Utils/Cloning.h"

using namespace llvm;

/// Bytes of a cache line, and what a streamed output is aligned to.
static constexpr uint64_t lineBytes = 64;
/// Narrower vectors are left to the caches: a line made of many pieces leaves
/// the processor's write buffers before it is whole.
static constexpr uint64_t leastBytes = 16;
/// Offset of `host` in halide_buffer_t.
static constexpr uint64_t hostOffset = 16;

/// Halide says of every access to a buffer which buffer it is, in the access
/// type of its TBAA tag or in that type's parents.
static bool touchesOutput(const Instruction &access) {
  const MDNode *tag = access.getMetadata(LLVMContext::MD_tbaa);
  if (!tag || tag->getNumOperands() < 2)
    return false;
  const auto *type = dyn_cast<MDNode>(tag->getOperand(1));
  while (type && type->getNumOperands() > 1) {
    const auto *name = dyn_cast<MDString>(type->getOperand(0));
    if (name && name->getString() == "out")
      return true;
    type = dyn_cast<MDNode>(type->getOperand(1));
  }
  return false;
}

static bool isWholeVector(const StoreInst &store) {
  Type *type = store.getValueOperand()->getType();
  if (!isa<FixedVectorType>(type) || !touchesOutput(store))
    return false;
  uint64_t bytes = store.getDataLayout().getTypeStoreSize(type);
  return bytes >= leastBytes && isPowerOf2_64(bytes) &&
         store.getAlign().value() >= bytes;
}

/// Whether there is anything to stream.
static bool hasWholeVectors(Function &function) {
  return any_of(instructions(function), [](const Instruction &instruction) {
    const auto *store = dyn_cast<StoreInst>(&instruction);
    return store && isWholeVector(*store);
  });
}

static void stream(Function &function) {
  LLVMContext &context = function.getContext();
  MDNode *one = MDNode::get(context, ConstantAsMetadata::get(ConstantInt::get(
                                         Type::getInt32Ty(context), 1)));
  for (Instruction &instruction : instructions(function)) {
    auto *store = dyn_cast<StoreInst>(&instruction);
    if (store && isWholeVector(*store))
      store->setMetadata(LLVMContext::MD_nontemporal, one);
  }
  // Such stores are not ordered with those by which threads tell each other
  // that they are done.
  for (BasicBlock &block : function)
    if (auto *end = dyn_cast<ReturnInst>(block.getTerminator()))
      IRBuilder<>(end).CreateIntrinsic(Intrinsic::x86_sse_sfence, {});
}

/// All that is known of an output that lies anywhere.
static const Align elementAlign(4);

static void assumeNoAlignment(Function &function) {
  for (Instruction &instruction : instructions(function)) {
    if (!touchesOutput(instruction))
      continue;
    if (auto *store = dyn_cast<StoreInst>(&instruction))
      store->setAlignment(std::min(store->getAlign(), elementAlign));
    else if (auto *load = dyn_cast<LoadInst>(&instruction))
      load->setAlignment(std::min(load->getAlign(), elementAlign));
    else if (auto *masked = dyn_cast<CallBase>(&instruction))
      for (unsigned i = 0; i < masked->arg_size(); ++i)
        if (masked->getParamAlign(i).valueOrOne() > elementAlign) {
          masked->removeParamAttr(i, Attribute::Alignment);
          masked->addParamAttr(i, Attribute::getWithAlignment(
                                      masked->getContext(), elementAlign));
        }
  }
}

/// `name` calls `aligned` or `other`, with its own arguments.
static Function *choose(const std::string &name, Function *aligned,
                        Function *other) {
  Function *chooser = Function::Create(
      other->getFunctionType(), other->getLinkage(), name, other->getParent());
  chooser->copyAttributesFrom(other);
  IRBuilder<> builder(
      BasicBlock::Create(other->getContext(), "entry", chooser));
  Value *buffer = chooser->getArg(chooser->arg_size() - 1);
  Value *host = builder.CreateLoad(
      builder.getPtrTy(), builder.CreateConstInBoundsGEP1_64(
                              builder.getInt8Ty(), buffer, hostOffset));
  Value *place = builder.CreateAnd(
      builder.CreatePtrToInt(host, builder.getInt64Ty()), lineBytes - 1);
  BasicBlock *blocks[2];
  Function *callees[2] = {aligned, other};
  SmallVector<Value *> arguments(make_pointer_range(chooser->args()));
  for (int i = 0; i < 2; ++i) {
    blocks[i] = BasicBlock::Create(other->getContext(), "", chooser);
    IRBuilder<> inside(blocks[i]);
    CallInst *call = inside.CreateCall(callees[i], arguments);
    call->setTailCall();
    inside.CreateRet(call);
  }
  builder.CreateCondBr(builder.CreateIsNull(place), blocks[0], blocks[1]);
  return chooser;
}

void upconv::streamStores(Module &module, StringRef kernel) {
  Function *function = module.getFunction(kernel);
  if (!function || function->isDeclaration())
    return;
  if (!hasWholeVectors(*function)) {
    assumeNoAlignment(*function);
    return;
  }
  std::string name = kernel.str();
  function->setName(name + "_unaligned");
  ValueToValueMapTy values;
  Function *aligned = CloneFunction(function, values);
  aligned->setName(name + "_streamed");
  SmallVector<Use *> uses(make_pointer_range(function->uses()));
  Function *chooser = choose(name, aligned, function);
  for (Use *use : uses)
    use->set(chooser);
  for (Function *each : {function, aligned})
    each->setLinkage(GlobalValue::InternalLinkage);
  stream(*aligned);
  assumeNoAlignment(*function);
}
