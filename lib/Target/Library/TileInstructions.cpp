//===- TileInstructions.cpp - Calls that are instructions of AMX ----------===//
//
// Halide has no calls without a result and hence none of LLVM's intrinsics that
// name a tile register. Its code calls functions in their place
// (lib/Target/Halide/MatrixTiles.h): the registers' numbers, a base, a distance
// from it and a stride in bytes.
//
//===----------------------------------------------------------------------===//

#include "TileInstructions.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicsX86.h"

using namespace upconv;
using llvm::Intrinsic::ID;

static ID instructionOf(llvm::StringRef function) {
  return llvm::StringSwitch<ID>(function)
      .Case("upconv_tile_configure", llvm::Intrinsic::x86_ldtilecfg)
      .Case("upconv_tile_zero", llvm::Intrinsic::x86_tilezero)
      .Case("upconv_tile_load", llvm::Intrinsic::x86_tileloadd64)
      .Case("upconv_tile_multiply", llvm::Intrinsic::x86_tdpbf16ps)
      .Case("upconv_tile_store", llvm::Intrinsic::x86_tilestored64)
      .Case("upconv_tile_release", llvm::Intrinsic::x86_tilerelease)
      .Default(llvm::Intrinsic::not_intrinsic);
}

static void replace(llvm::CallInst &call, ID instruction) {
  llvm::IRBuilder<> builder(&call);
  auto tile = [&](unsigned argument) {
    auto *number = llvm::cast<llvm::ConstantInt>(call.getArgOperand(argument));
    return builder.getInt8(number->getZExtValue());
  };
  llvm::SmallVector<llvm::Value *> operands;
  switch (instruction) {
  case llvm::Intrinsic::x86_ldtilecfg:
    operands = {call.getArgOperand(0)};
    break;
  case llvm::Intrinsic::x86_tilezero:
    operands = {tile(0)};
    break;
  case llvm::Intrinsic::x86_tileloadd64:
  case llvm::Intrinsic::x86_tilestored64:
    operands = {
        tile(0),
        builder.CreatePtrAdd(call.getArgOperand(1), call.getArgOperand(2)),
        call.getArgOperand(3)};
    break;
  case llvm::Intrinsic::x86_tdpbf16ps:
    operands = {tile(0), tile(1), tile(2)};
    break;
  default:
    break;
  }
  builder.CreateIntrinsic(instruction, operands);
  call.replaceAllUsesWith(llvm::PoisonValue::get(call.getType()));
  call.eraseFromParent();
}

/// Whatever processor the function is for.
static void allowTiles(llvm::Function &function) {
  std::string features =
      function.getFnAttribute("target-features").getValueAsString().str();
  features += features.empty() ? "" : ",";
  function.addFnAttr("target-features", features + "+amx-tile,+amx-bf16");
}

void upconv::replaceTileCalls(llvm::Module &module) {
  llvm::SmallSetVector<llvm::Function *, 4> users;
  for (llvm::Function &function : llvm::make_early_inc_range(module)) {
    ID instruction = instructionOf(function.getName());
    if (instruction == llvm::Intrinsic::not_intrinsic)
      continue;
    for (llvm::User *user : llvm::make_early_inc_range(function.users())) {
      auto *call = llvm::cast<llvm::CallInst>(user);
      users.insert(call->getFunction());
      replace(*call, instruction);
    }
    function.eraseFromParent();
  }
  for (llvm::Function *user : users)
    allowTiles(*user);
}
