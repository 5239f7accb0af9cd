//===- SizeFunctions.cpp - What can be asked of a library -----------------===//
//
// Sizes and shapes for given extents, what is wrong with extents, and what the
// library says of itself.
//
//===----------------------------------------------------------------------===//

#include "ModuleBuilder.h"

#include "upconv/Runtime/Runtime.h"

using namespace upconv;
using llvm::BasicBlock;
using llvm::Function;
using llvm::Value;
using mlir::AffineExpr;

/// What a run wants of its caller: nothing where the workspace is on a device.
Value *ModuleBuilder::hostWorkspaceSize(Value *results) {
  if (onDevice())
    return builder.getInt64(0);
  return extents.getWorkspaceSize(builder, results);
}

/// For generic hosts: both results are optional.
void ModuleBuilder::buildSizes() {
  sizes =
      define("_sizes", i32, {pointer, i32, pointer, pointer},
             {"extents", "threads", "workspace_size", "output_shapes"}, false);
  if (extents.function())
    returnIf(isNull(sizes->getArg(0)), UPCONV_RT_INVALID_ARGUMENT);
  Value *results = evaluateExtents(sizes->getArg(0));
  auto storeIfWanted = [&](Value *target, llvm::function_ref<void()> store) {
    auto *wanted = BasicBlock::Create(context, "wanted", sizes);
    auto *next = BasicBlock::Create(context, "next", sizes);
    builder.CreateCondBr(isNull(target), next, wanted);
    builder.SetInsertPoint(wanted);
    store();
    builder.CreateBr(next);
    builder.SetInsertPoint(next);
  };
  storeIfWanted(sizes->getArg(2), [&] {
    builder.CreateStore(hostWorkspaceSize(results), sizes->getArg(2));
  });
  storeIfWanted(sizes->getArg(3), [&] {
    unsigned at = 0;
    for (const Port &port : plan.outputs)
      for (AffineExpr dimension : port.shape)
        builder.CreateStore(extents.get(builder, results, dimension),
                            element(sizes->getArg(3), at++));
  });
  builder.CreateRet(builder.getInt32(UPCONV_RT_OK));
}

void ModuleBuilder::buildExtentsError() {
  extentsError =
      define("_extents_error", pointer, {pointer}, {"extents"}, false);
  auto *none = llvm::ConstantPointerNull::get(builder.getPtrTy());
  if (!extents.function()) {
    builder.CreateRet(none);
    return;
  }
  Value *array = localArray(i64, extents.valueCount(), "values");
  Value *code =
      builder.CreateCall(extents.function(), {extentsError->getArg(0), array});
  auto *good = BasicBlock::Create(context, "good", extentsError);
  auto *choice = llvm::SwitchInst::Create(builder.CreateLShr(code, 8), good,
                                          extents.messages().size(),
                                          builder.GetInsertBlock());
  builder.SetInsertPoint(good);
  builder.CreateRet(none);
  for (size_t i = 0; i < extents.messages().size(); ++i) {
    auto *block = BasicBlock::Create(context, "rule", extentsError);
    choice->addCase(builder.getInt32(i + 1), block);
    builder.SetInsertPoint(block);
    builder.CreateRet(builder.CreateGlobalString(extents.messages()[i]));
  }
}

void ModuleBuilder::buildWorkspaceSize() {
  Function *function = define("_workspace_size", i64, {pointer, i32},
                              {"inputs", "threads"}, true);
  returnIf(isNull(function->getArg(0)), builder.getInt64(-1));
  Value *given = gatherExtents(function->getArg(0));
  Value *results = evaluateExtents(given, builder.getInt64(-1));
  builder.CreateRet(hostWorkspaceSize(results));
}

void ModuleBuilder::buildOutputShape() {
  Function *function = define("_output_shape", i32, {pointer, pointer},
                              {"inputs", "shapes"}, true);
  returnIf(isNull(function->getArg(0)), UPCONV_RT_INVALID_ARGUMENT);
  returnIf(isNull(function->getArg(1)), UPCONV_RT_INVALID_ARGUMENT);
  Value *given = gatherExtents(function->getArg(0));
  Value *results = evaluateExtents(given);
  unsigned at = 0;
  auto put = [&](Value *value) {
    builder.CreateStore(value, element(function->getArg(1), at++));
  };
  for (size_t i = 0; i < plan.outputs.size(); ++i) {
    for (AffineExpr dimension : plan.outputs[i].shape)
      put(extents.get(builder, results, dimension));
    put(extents.getOutputCount(builder, results, i));
  }
  builder.CreateRet(builder.getInt32(UPCONV_RT_OK));
}

/// The structure is upconv_rt_info.
void ModuleBuilder::buildDescribe() {
  define("_describe", pointer, {}, {}, true);
  auto string = [&](llvm::StringRef text) -> llvm::Constant * {
    return builder.CreateGlobalString(text, "", 0, &module);
  };
  auto orNull = [&](Function *function) -> llvm::Constant * {
    if (function)
      return function;
    return llvm::ConstantPointerNull::get(builder.getPtrTy());
  };
  std::vector<llvm::Constant *> fields = {
      builder.getInt64(sizeof(upconv_rt_info)),
      string(UPCONV_VERSION),
      string(plan.modelName),
      string(emitDescription(plan)),
      prepare,
      core,
      sizes,
      extentsError,
      statusString,
      builder.getInt64(takesWeights(plan) ? packedSize(plan) : 0),
      orNull(checkWeights),
      orNull(pack)};
  llvm::Constant *data = llvm::ConstantStruct::getAnon(context, fields);
  auto *global = new llvm::GlobalVariable(module, data->getType(), true,
                                          llvm::GlobalValue::InternalLinkage,
                                          data, plan.name + "_info_data");
  builder.CreateRet(global);
}
