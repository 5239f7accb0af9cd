//===- Assembly.cpp - Assembly text as instructions and labels ------------===//

#include "Assembly.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/MC/MCExpr.h"
#include "llvm/MC/MCParser/MCAsmParser.h"
#include "llvm/MC/MCParser/MCTargetAsmParser.h"
#include "llvm/MC/MCStreamer.h"
#include "llvm/MC/MCSymbol.h"
#include "llvm/Support/TargetSelect.h"

#include <mutex>

using namespace upconv;
using namespace llvm;

static void initializeParsers() {
  static std::once_flag once;
  std::call_once(once, [] {
    InitializeAllTargetInfos();
    InitializeAllTargetMCs();
    InitializeAllAsmParsers();
  });
}

Expected<std::unique_ptr<MachineTables>> MachineTables::open(StringRef triple) {
  initializeParsers();
  auto tables = std::make_unique<MachineTables>();
  tables->triple = Triple(triple);
  std::string message;
  tables->target = TargetRegistry::lookupTarget(tables->triple, message);
  if (!tables->target)
    return createStringError(message);
  const Target &target = *tables->target;
  tables->registers.reset(target.createMCRegInfo(tables->triple));
  tables->syntax.reset(target.createMCAsmInfo(*tables->registers,
                                              tables->triple, tables->options));
  tables->instructions.reset(target.createMCInstrInfo());
  tables->analysis.reset(
      target.createMCInstrAnalysis(tables->instructions.get()));
  return tables;
}

std::unique_ptr<MCSubtargetInfo>
MachineTables::processor(StringRef processor, StringRef features) const {
  std::unique_ptr<MCSubtargetInfo> generic(
      target->createMCSubtargetInfo(triple, "", ""));
  if (!processor.empty() && !generic->isCPUStringValid(processor))
    return nullptr;
  return std::unique_ptr<MCSubtargetInfo>(
      target->createMCSubtargetInfo(triple, processor, features));
}

namespace {

/// Keeps instructions and the places of labels.
class Recorder : public MCStreamer {
public:
  Recorder(MCContext &context, Assembly &assembly)
      : MCStreamer(context), assembly(assembly) {}

  void emitInstruction(const MCInst &instruction,
                       const MCSubtargetInfo &) override {
    assembly.instructions.push_back(instruction);
  }
  void emitLabel(MCSymbol *symbol, SMLoc location) override {
    MCStreamer::emitLabel(symbol, location);
    assembly.labels[symbol->getName()] = assembly.instructions.size();
  }
  bool emitSymbolAttribute(MCSymbol *, MCSymbolAttr) override { return true; }
  void emitCommonSymbol(MCSymbol *, uint64_t, Align) override {}

private:
  Assembly &assembly;
};

} // namespace

Expected<std::unique_ptr<Assembly>> Assembly::parse(StringRef text,
                                                    const MachineTables &tables,
                                                    StringRef features) {
  auto assembly = std::make_unique<Assembly>();
  assembly->subtarget = tables.processor("", features);
  SourceMgr &sources = assembly->sources;
  sources.AddNewSourceBuffer(MemoryBuffer::getMemBufferCopy(text), SMLoc());
  std::string complaint;
  sources.setDiagHandler(
      [](const SMDiagnostic &diagnostic, void *to) {
        auto &complaint = *static_cast<std::string *>(to);
        if (complaint.empty() && diagnostic.getKind() == SourceMgr::DK_Error)
          complaint = ("line " + Twine(diagnostic.getLineNo()) + ": " +
                       diagnostic.getMessage())
                          .str();
      },
      &complaint);
  assembly->context = std::make_unique<MCContext>(
      tables.triple, tables.syntax.get(), tables.registers.get(),
      assembly->subtarget.get(), &sources, &tables.options);
  assembly->sections.reset(
      tables.target->createMCObjectFileInfo(*assembly->context, /*PIC=*/true));
  assembly->context->setObjectFileInfo(assembly->sections.get());
  Recorder recorder(*assembly->context, *assembly);
  tables.target->createNullTargetStreamer(recorder);
  std::unique_ptr<MCAsmParser> parser(
      createMCAsmParser(sources, *assembly->context, recorder, *tables.syntax));
  std::unique_ptr<MCTargetAsmParser> targetParser(
      tables.target->createMCAsmParser(*assembly->subtarget, *parser,
                                       *tables.instructions, tables.options));
  if (!targetParser)
    return createStringError("LLVM parses no assembly of '" +
                             tables.triple.str() + "'");
  parser->setTargetParser(*targetParser);
  if (parser->Run(/*NoInitialTextSection=*/false))
    return createStringError("no assembly of '" + tables.triple.str() +
                             "': " + complaint);
  return assembly;
}

/// The symbol that an operand names, or none.
static StringRef symbolOf(const MCOperand &operand) {
  const MCExpr *expression = operand.isExpr() ? operand.getExpr() : nullptr;
  if (auto *specified = dyn_cast_or_null<MCSpecifierExpr>(expression))
    expression = specified->getSubExpr();
  auto *symbol = dyn_cast_or_null<MCSymbolRefExpr>(expression);
  return symbol ? symbol->getSymbol().getName() : "";
}

std::vector<AssemblyLoop> upconv::innermostLoops(const Assembly &assembly,
                                                 const MachineTables &tables) {
  std::vector<AssemblyLoop> loops;
  for (auto [index, instruction] : enumerate(assembly.instructions)) {
    const MCInstrDesc &description =
        tables.instructions->get(instruction.getOpcode());
    if (!description.isBranch())
      continue;
    for (const MCOperand &operand : instruction) {
      auto label = assembly.labels.find(symbolOf(operand));
      if (label != assembly.labels.end() && label->second <= index)
        loops.push_back({label->second, index, label->first().str()});
    }
  }
  // Of two branches to one label the later one closes the loop.
  std::vector<AssemblyLoop> innermost;
  for (const AssemblyLoop &loop : loops)
    if (none_of(loops, [&](const AssemblyLoop &other) {
          bool inside = loop.first <= other.first && other.last <= loop.last;
          bool same = loop.first == other.first && loop.last == other.last;
          bool continued = loop.first == other.first && loop.last < other.last;
          return continued || (inside && !same && loop.first != other.first);
        }))
      innermost.push_back(loop);
  return innermost;
}
