//===- Assembly.h - Assembly text as instructions and labels --------------===//

#ifndef UPCONV_LIB_TARGET_MCA_ASSEMBLY_H
#define UPCONV_LIB_TARGET_MCA_ASSEMBLY_H

#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCInstrAnalysis.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCObjectFileInfo.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/MCTargetOptions.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/SourceMgr.h"

#include <memory>
#include <vector>

namespace upconv {

/// LLVM's tables for one triple.
class MachineTables {
public:
  static llvm::Expected<std::unique_ptr<MachineTables>>
  open(llvm::StringRef triple);

  /// Null if `processor` is unknown.
  std::unique_ptr<llvm::MCSubtargetInfo>
  processor(llvm::StringRef processor, llvm::StringRef features) const;

  llvm::Triple triple;
  llvm::MCTargetOptions options;
  const llvm::Target *target = nullptr;
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> syntax;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  std::unique_ptr<llvm::MCInstrAnalysis> analysis;
};

/// A text, parsed. Instructions refer to symbols that this object owns.
class Assembly {
public:
  static llvm::Expected<std::unique_ptr<Assembly>>
  parse(llvm::StringRef text, const MachineTables &tables,
        llvm::StringRef features);

  std::vector<llvm::MCInst> instructions;
  /// Of every label, the index of the instruction behind it.
  llvm::StringMap<size_t> labels;

private:
  llvm::SourceMgr sources;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
  std::unique_ptr<llvm::MCContext> context;
  std::unique_ptr<llvm::MCObjectFileInfo> sections;
};

/// A loop without another one inside: instructions [first, last], the last one
/// branches back to the first.
struct AssemblyLoop {
  size_t first, last;
  std::string label;
};
std::vector<AssemblyLoop> innermostLoops(const Assembly &assembly,
                                         const MachineTables &tables);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_MCA_ASSEMBLY_H
