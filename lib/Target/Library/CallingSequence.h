//===- CallingSequence.h - A LibraryPlan as an LLVM module ----------------===//

#ifndef UPCONV_LIB_TARGET_LIBRARY_CALLINGSEQUENCE_H
#define UPCONV_LIB_TARGET_LIBRARY_CALLINGSEQUENCE_H

#include "PlanQueries.h"

#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>

namespace upconv {

/// A machine for the plan's triple, position independent.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createMachine(const LibraryPlan &plan);

/// A C name as the triple's object files spell it: Apple's begin with '_'.
std::string symbolInObject(const llvm::Triple &triple, llvm::StringRef name);

/// The library's functions, calling the runtime (declared only) and the
/// kernels.
llvm::Expected<std::unique_ptr<llvm::Module>>
buildCallingSequence(const LibraryPlan &plan, llvm::LLVMContext &context);

/// The functions of a library of several parts, each calling the same function
/// of the strongest part that the processor runs.
llvm::Expected<std::unique_ptr<llvm::Module>>
buildDispatch(const LibraryPlan &plan, llvm::LLVMContext &context);

/// Links the runtime in, makes everything but the public functions internal,
/// verifies and optimises.
llvm::Error finishCallingSequence(const LibraryPlan &plan, llvm::Module &module,
                                  llvm::TargetMachine &machine);

/// The finished module as a relocatable object or as assembly.
llvm::Expected<std::string> emitMachineCode(llvm::Module &module,
                                            llvm::TargetMachine &machine,
                                            llvm::CodeGenFileType type);

/// The object of the calling sequence.
llvm::Expected<std::string> emitCallingSequenceObject(const LibraryPlan &plan);
/// The object of the weights.
llvm::Expected<std::string> emitWeightsObject(const LibraryPlan &plan);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_LIBRARY_CALLINGSEQUENCE_H
