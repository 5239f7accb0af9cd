//===- Weights.cpp - Packed weights as an object or a file of their own ---===//
//
// The object goes straight through the MC streamer: no IR constant is made of
// what may be hundreds of megabytes.
//
//===----------------------------------------------------------------------===//

#include "CallingSequence.h"

#include "upconv/Target/Library/EmitLibrary.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/MC/MCAsmBackend.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCCodeEmitter.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCExpr.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCObjectFileInfo.h"
#include "llvm/MC/MCObjectWriter.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCSectionELF.h"
#include "llvm/MC/MCStreamer.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace upconv;

static_assert(llvm::endianness::native == llvm::endianness::little,
              "weights are written as they lie in memory");

std::string upconv::weightsFileName(const LibraryPlan &plan) {
  return plan.name + ".weights";
}

size_t upconv::packedSize(const LibraryPlan &plan) {
  size_t most = 0;
  for (const LibraryPlan &part : plan.parts)
    most = std::max(most, packedSize(part));
  if (most)
    return most;
  return sizeof(upconv_rt_stamp) + plan.weights.values.size() * sizeof(float);
}

upconv_rt_stamp upconv::expectedStamp(const LibraryPlan &plan) {
  upconv_rt_stamp stamp = {UPCONV_RT_WEIGHTS_MAGIC, 0, packedSize(plan), 0, {}};
  if (plan.weightsMode == WeightsMode::Argument)
    stamp.layout = upconv_rt_hash(plan.packWords.data(),
                                  plan.packWords.size() * sizeof(int64_t));
  else
    stamp.content = upconv_rt_hash(plan.weights.values.data(),
                                   plan.weights.values.size() * sizeof(float));
  return stamp;
}

std::string upconv::emitPackedWeights(const LibraryPlan &plan) {
  upconv_rt_stamp stamp = expectedStamp(plan);
  std::string bytes(reinterpret_cast<const char *>(&stamp), sizeof stamp);
  bytes.append(reinterpret_cast<const char *>(plan.weights.values.data()),
               plan.weights.values.size() * sizeof(float));
  return bytes;
}

llvm::Expected<std::string> upconv::emitWeightsObject(const LibraryPlan &plan) {
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine =
      createMachine(plan);
  if (!machine)
    return machine.takeError();
  size_t size = plan.weights.values.size() * sizeof(float);
  // Code reaches read-only data with 32-bit offsets.
  if (size > size_t(3) << 29)
    return llvm::createStringError(
        "library '" + plan.name +
        "': packed weights must stay below 1.5 GiB to be embedded, got " +
        std::to_string(size) + " bytes");

  const llvm::Target &target = (*machine)->getTarget();
  const llvm::Triple &triple = (*machine)->getTargetTriple();
  const llvm::MCTargetOptions &options = (*machine)->Options.MCOptions;
  const llvm::MCAsmInfo &info = *(*machine)->getMCAsmInfo();
  const llvm::MCRegisterInfo &registers = *(*machine)->getMCRegisterInfo();
  const llvm::MCSubtargetInfo &subtarget = *(*machine)->getMCSubtargetInfo();
  llvm::MCContext context(triple, &info, &registers, &subtarget, nullptr,
                          &options);
  std::unique_ptr<llvm::MCObjectFileInfo> sections(
      target.createMCObjectFileInfo(context, /*PIC=*/true));
  context.setObjectFileInfo(sections.get());

  llvm::SmallString<0> bytes;
  bytes.reserve(size + 4096);
  llvm::raw_svector_ostream stream(bytes);
  std::unique_ptr<llvm::MCAsmBackend> backend(
      target.createMCAsmBackend(subtarget, registers, options));
  std::unique_ptr<llvm::MCObjectWriter> writer =
      backend->createObjectWriter(stream);
  std::unique_ptr<llvm::MCCodeEmitter> emitter(
      target.createMCCodeEmitter(*(*machine)->getMCInstrInfo(), context));
  std::unique_ptr<llvm::MCStreamer> out(target.createMCObjectStreamer(
      triple, context, std::move(backend), std::move(writer),
      std::move(emitter), subtarget));

  out->initSections(/*NoExecStack=*/false, subtarget);
  std::string name = symbolInObject(triple, weightsSymbol(plan));
  llvm::MCSymbol *symbol = context.getOrCreateSymbol(name);
  if (triple.isOSBinFormatELF()) {
    // Without this section a linker would ask for an executable stack.
    out->switchSection(
        context.getELFSection(".note.GNU-stack", llvm::ELF::SHT_PROGBITS, 0));
    out->switchSection(context.getELFSection(
        ".rodata." + name, llvm::ELF::SHT_PROGBITS, llvm::ELF::SHF_ALLOC));
    out->emitSymbolAttribute(symbol, llvm::MCSA_Hidden);
    out->emitSymbolAttribute(symbol, llvm::MCSA_ELF_TypeObject);
    out->emitELFSize(symbol, llvm::MCConstantExpr::create(size, context));
  } else {
    if (triple.isOSBinFormatMachO()) {
      out->emitVersionForTarget(triple, {}, nullptr, {});
      out->emitSymbolAttribute(symbol, llvm::MCSA_PrivateExtern);
    }
    out->switchSection(sections->getReadOnlySection());
  }
  out->emitValueToAlignment(llvm::Align(64));
  out->emitSymbolAttribute(symbol, llvm::MCSA_Global);
  out->emitLabel(symbol);
  out->emitBytes(llvm::StringRef(
      reinterpret_cast<const char *>(plan.weights.values.data()), size));
  out->finish();
  return bytes.str().str();
}
