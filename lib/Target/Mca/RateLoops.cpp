//===- RateLoops.cpp - Hot loops against a processor's model --------------===//
//
// A loop's cycles per iteration, from LLVM's scheduling model, against those of
// a loop of independent multiply-adds on the same model: so the peak is what
// the model holds possible, and no table of ours.
//
//===----------------------------------------------------------------------===//

#include "upconv/Target/Mca/RateLoops.h"

#include "Assembly.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MCA/Context.h"
#include "llvm/MCA/CustomBehaviour.h"
#include "llvm/MCA/InstrBuilder.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Regex.h"

using namespace upconv;
using namespace llvm;

/// Long enough for a loop's ends not to show.
static constexpr unsigned iterations = 200;

/// On vectors or scalars, by LLVM's names of the opcodes; processors without
/// fused ones multiply and add.
static bool isMultiplyAdd(StringRef opcode, bool fused) {
  static const Regex fusedNames("^(FML[AS]|FN?M(ADD|SUB)[SH]|VFN?M(ADD|SUB))");
  static const Regex products("^V?MUL[PS]S");
  return (fused ? fusedNames : products).match(opcode);
}

/// Independent multiply-adds: enough chains to fill four pipes of latency 5.
static std::string peakLoop(const AssemblyTarget &target, bool fused) {
  const unsigned chains = 24;
  bool isArm = Triple(target.triple).isAArch64();
  std::string text;
  for (unsigned i = 0; i < chains; ++i) {
    if (isArm)
      text += formatv("fmla v{0}.4s, v30.4s, v31.4s\n", i);
    else if (fused && target.vectorFloats == 16)
      text += formatv("vfmadd231ps %zmm30, %zmm31, %zmm{0}\n", i);
    else if (fused)
      text += formatv("vfmadd231ps %ymm14, %ymm15, %ymm{0}\n", i % 14);
    else
      text += formatv("mulps %xmm14, %xmm{0}\naddps %xmm15, %xmm{0}\n", i % 14);
  }
  return text;
}

namespace {

/// Runs instructions through the model of one processor.
class Model {
public:
  Model(const MachineTables &tables, const MCSubtargetInfo &processor)
      : tables(tables), processor(processor),
        instruments(processor, *tables.instructions) {}

  /// Cycles of one iteration.
  Expected<double> cycles(ArrayRef<MCInst> body) {
    mca::InstrBuilder builder(processor, *tables.instructions,
                              *tables.registers, tables.analysis.get(),
                              instruments, /*CallLatency=*/100);
    SmallVector<mca::Instrument *> none;
    std::unique_ptr<mca::InstrPostProcess> post(
        tables.target->createInstrPostProcess(processor, *tables.instructions));
    std::vector<std::unique_ptr<mca::Instruction>> sequence;
    for (const MCInst &instruction : body) {
      Expected<std::unique_ptr<mca::Instruction>> built =
          builder.createInstruction(instruction, none);
      if (!built)
        return built.takeError();
      if (post)
        post->postProcessInstruction(*built->get(), instruction);
      sequence.push_back(std::move(*built));
    }
    mca::CircularSourceMgr source(sequence, iterations);
    std::unique_ptr<mca::CustomBehaviour> behaviour(
        tables.target->createCustomBehaviour(processor, source,
                                             *tables.instructions));
    if (!behaviour)
      behaviour = std::make_unique<mca::CustomBehaviour>(processor, source,
                                                         *tables.instructions);
    mca::Context context(*tables.registers, processor);
    // Sizes of 0 are the model's own; memory operands do not alias.
    mca::PipelineOptions options(0, 0, 0, 0, 0, 0, /*NoAlias=*/true);
    auto pipeline =
        processor.getSchedModel().isOutOfOrder()
            ? context.createDefaultPipeline(options, source, *behaviour)
            : context.createInOrderPipeline(options, source, *behaviour);
    Expected<unsigned> total = pipeline->run();
    if (!total)
      return total.takeError();
    return double(*total) / iterations;
  }

private:
  const MachineTables &tables;
  const MCSubtargetInfo &processor;
  mca::InstrumentManager instruments;
};

/// A text whose loops are rated.
class Rating {
public:
  Rating(const AssemblyTarget &target, const MachineTables &tables,
         const Assembly &assembly)
      : target(target), tables(tables), assembly(assembly) {
    fused = any_of(assembly.instructions, [&](const MCInst &instruction) {
      return isMultiplyAdd(opcode(instruction), /*fused=*/true);
    });
  }

  std::vector<AssemblyLoop> loops() const {
    std::vector<AssemblyLoop> all = innermostLoops(assembly, tables);
    erase_if(all,
             [&](const AssemblyLoop &loop) { return count(body(loop)) == 0; });
    return all;
  }

  RatedLoop describe(const AssemblyLoop &loop) const {
    RatedLoop rated;
    rated.instructions = body(loop).size();
    rated.multiplyAdds = count(body(loop));
    rated.stackOperands =
        count_if(body(loop), [&](const MCInst &i) { return touchesStack(i); });
    return rated;
  }

  /// Of the multiply-adds that `processor` could start in the loop's time.
  Error rate(const std::string &processor, ArrayRef<AssemblyLoop> loops,
             std::vector<RatedLoop> &rated) const {
    std::unique_ptr<MCSubtargetInfo> info =
        tables.processor(processor, target.features);
    if (!info)
      return createStringError("'" + processor + "' is no processor of '" +
                               target.triple + "'");
    if (!info->getSchedModel().hasInstrSchedModel())
      return createStringError("LLVM has no model of '" + processor + "'");
    Expected<std::unique_ptr<Assembly>> independent =
        Assembly::parse(peakLoop(target, fused), tables, target.features);
    if (!independent)
      return independent.takeError();
    Model model(tables, *info);
    ArrayRef<MCInst> most = (*independent)->instructions;
    Expected<double> least = model.cycles(most);
    if (!least)
      return least.takeError();
    double peak = count(most) / *least;
    for (auto [loop, row] : zip(loops, rated)) {
      Expected<double> cycles = model.cycles(body(loop));
      if (!cycles)
        return cycles.takeError();
      row.use.push_back(row.multiplyAdds / *cycles / peak);
    }
    return Error::success();
  }

private:
  StringRef opcode(const MCInst &instruction) const {
    return tables.instructions->getName(instruction.getOpcode());
  }
  ArrayRef<MCInst> body(const AssemblyLoop &loop) const {
    return ArrayRef(assembly.instructions)
        .slice(loop.first, loop.last - loop.first + 1);
  }
  unsigned count(ArrayRef<MCInst> body) const {
    return count_if(body, [&](const MCInst &instruction) {
      return isMultiplyAdd(opcode(instruction), fused);
    });
  }
  bool touchesStack(const MCInst &instruction) const {
    return any_of(instruction, [&](const MCOperand &operand) {
      if (!operand.isReg() || !operand.getReg())
        return false;
      StringRef name = tables.registers->getName(operand.getReg());
      return name == "SP" || name == "RSP";
    });
  }

  const AssemblyTarget &target;
  const MachineTables &tables;
  const Assembly &assembly;
  bool fused = true;
};

} // namespace

/// Halide's names of the loops by label: LLVM writes the name of a block behind
/// its label, `.LBB0_6:  // %"5_for_acc1.s1.ci"`.
static StringMap<std::string> loopNames(StringRef text) {
  static const Regex named("^(\\.?L[A-Za-z0-9_$]+):.*%\"?[0-9]+_for_([^\"]+)");
  StringMap<std::string> names;
  SmallVector<StringRef> lines, parts;
  text.split(lines, '\n');
  for (StringRef line : lines)
    if (named.match(line, &parts))
      names[parts[1]] = parts[2].str();
  return names;
}

Expected<std::vector<RatedLoop>>
upconv::rateLoops(StringRef text, const AssemblyTarget &target,
                  ArrayRef<std::string> processors) {
  Expected<std::unique_ptr<MachineTables>> tables =
      MachineTables::open(target.triple);
  if (!tables)
    return tables.takeError();
  Expected<std::unique_ptr<Assembly>> assembly =
      Assembly::parse(text, **tables, target.features);
  if (!assembly)
    return assembly.takeError();
  StringMap<std::string> names = loopNames(text);
  Rating rating(target, **tables, **assembly);
  std::vector<AssemblyLoop> loops = rating.loops();
  std::vector<RatedLoop> rated;
  for (const AssemblyLoop &loop : loops) {
    rated.push_back(rating.describe(loop));
    rated.back().name = names.lookup(loop.label);
  }
  for (const std::string &processor : processors)
    if (Error error = rating.rate(processor, loops, rated))
      return std::move(error);
  return rated;
}
