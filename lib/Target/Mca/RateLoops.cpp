//===- RateLoops.cpp - Hot loops against a processor's model --------------===//
//
// A loop's cycles per iteration, from LLVM's scheduling model, against those of
// a loop of independent multiply-adds on the same model: so the peak is what
// the model holds possible, and no table of ours. But for AMX, of whose
// instructions LLVM's models know neither units nor times.
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

#include <algorithm>
#include <map>

using namespace upconv;
using namespace llvm;

/// Long enough for a loop's ends not to show.
static constexpr unsigned iterations = 200;

/// What a loop multiplies with. Processors without fused instructions multiply
/// and add; pairs are of bfloat16 numbers, tiles the registers of AMX.
enum class Kind { Separate, Fused, Pairs, Tiles };

/// On vectors or scalars, by LLVM's names of the opcodes.
static bool isMultiplyAdd(StringRef opcode, Kind kind) {
  static const Regex fusedNames("^(FML[AS]|FN?M(ADD|SUB)[SH]|VFN?M(ADD|SUB))");
  static const Regex products("^V?MUL[PS]S");
  switch (kind) {
  case Kind::Separate:
    return products.match(opcode);
  case Kind::Fused:
    return fusedNames.match(opcode);
  case Kind::Pairs:
    return opcode.starts_with("VDPBF16PS");
  case Kind::Tiles:
    return opcode.starts_with("TDPBF16PS");
  }
  return false;
}

/// Cycles of Sapphire Rapids per tdpbf16ps of 16 rows, until its sums can be
/// added to, and per tile loaded from the first cache (Intel 64 and IA-32
/// Architectures Optimization Reference Manual, chapter on AMX).
static constexpr double tileProduct = 16, tileSumsReady = 52, tileLoad = 8;

/// Independent multiply-adds: enough chains to fill four pipes of latency 5, or
/// two of latency 8.
static std::string peakLoop(const AssemblyTarget &target, Kind kind) {
  const unsigned chains = 24;
  bool isArm = Triple(target.triple).isAArch64();
  std::string text;
  for (unsigned i = 0; i < chains; ++i) {
    if (isArm)
      text += formatv("fmla v{0}.4s, v30.4s, v31.4s\n", i);
    else if (kind == Kind::Pairs && target.vectorFloats == 16)
      text += formatv("vdpbf16ps %zmm30, %zmm31, %zmm{0}\n", i);
    else if (kind == Kind::Pairs)
      text += formatv("vdpbf16ps %ymm14, %ymm15, %ymm{0}\n", i % 14);
    else if (kind == Kind::Fused && target.vectorFloats == 16)
      text += formatv("vfmadd231ps %zmm30, %zmm31, %zmm{0}\n", i);
    else if (kind == Kind::Fused)
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
    if (count(assembly.instructions, Kind::Fused) == 0)
      floats = Kind::Separate;
  }

  std::vector<AssemblyLoop> loops() const {
    std::vector<AssemblyLoop> all = innermostLoops(assembly, tables);
    erase_if(all, [&](const AssemblyLoop &loop) {
      return count(body(loop), kindOf(body(loop))) == 0;
    });
    return all;
  }

  RatedLoop describe(const AssemblyLoop &loop) const {
    RatedLoop rated;
    rated.instructions = body(loop).size();
    rated.multiplyAdds = count(body(loop), kindOf(body(loop)));
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
    Model model(tables, *info);
    std::map<Kind, double> peaks = {{Kind::Tiles, 1 / tileProduct}};
    for (auto [loop, row] : zip(loops, rated)) {
      Kind kind = kindOf(body(loop));
      auto [peak, isNew] = peaks.try_emplace(kind);
      if (isNew) {
        Expected<double> measured = peakOf(kind, model);
        if (!measured)
          return measured.takeError();
        peak->second = *measured;
      }
      Expected<double> cycles = kind == Kind::Tiles
                                    ? tileCycles(body(loop), model)
                                    : model.cycles(body(loop));
      if (!cycles)
        return cycles.takeError();
      row.use.push_back(row.multiplyAdds / *cycles / peak->second);
    }
    return Error::success();
  }

private:
  /// Multiply-adds per cycle, as instructions.
  Expected<double> peakOf(Kind kind, Model &model) const {
    Expected<std::unique_ptr<Assembly>> independent =
        Assembly::parse(peakLoop(target, kind), tables, target.features);
    if (!independent)
      return independent.takeError();
    ArrayRef<MCInst> most = (*independent)->instructions;
    Expected<double> cycles = model.cycles(most);
    if (!cycles)
      return cycles.takeError();
    return count(most, kind) / *cycles;
  }
  /// The longest of: products, one after the other; those with the same sums,
  /// each after the one before; loads of tiles; everything else.
  Expected<double> tileCycles(ArrayRef<MCInst> body, Model &model) const {
    std::vector<MCInst> others;
    std::map<MCRegister, double> chains;
    double products = 0, loads = 0;
    for (const MCInst &instruction : body) {
      if (isMultiplyAdd(opcode(instruction), Kind::Tiles)) {
        products += tileProduct;
        chains[instruction.getOperand(0).getReg()] += tileSumsReady;
      } else if (opcode(instruction).starts_with("TILELOADD")) {
        loads += tileLoad;
      } else {
        others.push_back(instruction);
      }
    }
    double longest = std::max(products, loads);
    for (const auto &[sums, cycles] : chains)
      longest = std::max(longest, cycles);
    if (others.empty())
      return longest;
    Expected<double> rest = model.cycles(others);
    if (!rest)
      return rest.takeError();
    return std::max(longest, *rest);
  }
  Kind kindOf(ArrayRef<MCInst> body) const {
    for (Kind kind : {Kind::Tiles, Kind::Pairs})
      if (count(body, kind) > 0)
        return kind;
    return floats;
  }
  StringRef opcode(const MCInst &instruction) const {
    return tables.instructions->getName(instruction.getOpcode());
  }
  ArrayRef<MCInst> body(const AssemblyLoop &loop) const {
    return ArrayRef(assembly.instructions)
        .slice(loop.first, loop.last - loop.first + 1);
  }
  unsigned count(ArrayRef<MCInst> body, Kind kind) const {
    return count_if(body, [&](const MCInst &instruction) {
      return isMultiplyAdd(opcode(instruction), kind);
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
  Kind floats = Kind::Fused;
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
