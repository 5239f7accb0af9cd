//===- SearchSpace.cpp - The schedules that a kernel may have -------------===//

#include "upconv/Tuner/SearchSpace.h"

#include "GpuEstimate.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <set>

using namespace upconv;

SearchSpace::SearchSpace(const ScheduleTables &tables, KernelSpec kernel)
    : spec(std::move(kernel)) {
  // What needs a permission is searched where the incumbent has it.
  bool sums = spec.schedule.multipliesSums();
  for (const std::string &name : tables.strategyNames()) {
    spec.schedule = {name, {}};
    if (spec.schedule.multipliesSums() == sums && !scheduleViolation(spec))
      strategies.push_back({name, searchedKnobs(*tables.strategy(name))});
  }
}

/// A GPU's kernels have a thread per element where a strategy is not one of
/// their own, and knobs of a CPU's micro-tiles mean nothing there.
bool SearchSpace::isOfOtherKind(const StrategyInfo &strategy,
                                const KnobInfo &knob) const {
  if (!spec.target.isGpu())
    return false;
  return !strategy.knob("bc") || llvm::all_of(knob.values, [&](int64_t value) {
    return scheduleViolation(with({strategy.name, {{knob.name, value}}}))
        .has_value();
  });
}

/// Not searched: which axis tasks are cut from, a matter of threads and not of
/// the code within a task; vectors wider than the target's; lanes to multiply
/// by and tile registers where no instruction uses them; and values that are
/// what the strategy takes by itself.
std::vector<SearchSpace::Knob>
SearchSpace::searchedKnobs(const StrategyInfo &strategy) const {
  std::vector<Knob> knobs;
  for (const KnobInfo &info : strategy.knobs) {
    if (info.name == "task" ||
        (info.name == "splat" &&
         !llvm::StringRef(spec.target.halide).starts_with("arm")) ||
        (info.name == "amx" &&
         !(spec.target.matrixTiles && spec.multipliesPairs())) ||
        isOfOtherKind(strategy, info))
      continue;
    Knob knob{info.name, {}};
    for (int64_t value : info.values)
      if (std::to_string(value) != info.defaultText &&
          (info.name != "lanes" || value < spec.target.vectorFloats))
        knob.values.push_back(value);
    if (!knob.values.empty())
      knobs.push_back(std::move(knob));
  }
  return knobs;
}

const SearchSpace::Strategy *SearchSpace::find(const std::string &name) const {
  auto it = llvm::find_if(strategies,
                          [&](const Strategy &s) { return s.name == name; });
  return it == strategies.end() ? nullptr : &*it;
}

//===----------------------------------------------------------------------===//
// The estimate
//===----------------------------------------------------------------------===//

KernelSpec SearchSpace::with(const ScheduleChoice &choice) const {
  KernelSpec candidate = spec;
  candidate.schedule = choice;
  return candidate;
}

static double accumulators(const StageShape &shape) {
  return double(shape.columns) * shape.rows * shape.vectors;
}

/// Of one vector multiply-add. In tile registers an instruction does one for 16
/// pixels and 16 pairs of channels (docs/RationaleKernels.md).
static double cyclesOf(const StageShape &shape) {
  if (shape.tileRegisters > 0)
    return std::max(16.0, 52.0 / double(shape.tileRegisters)) / 256;
  const double unitsPerCycle = 2, loadsPerCycle = 2, latency = 4;
  double pixels = double(shape.columns) * shape.rows;
  double loads = (pixels + shape.vectors) / (pixels * shape.vectors);
  double cycles = std::max({1 / unitsPerCycle, loads / loadsPerCycle,
                            latency / accumulators(shape)});
  // A broadcast that is used once folds into the multiply-add: 10 to 15 %
  // (scheduling/x86-64-v4/conv-transpose-f32.yaml).
  return shape.vectors == 1 && !shape.horizontal ? 1.12 * cycles : cycles;
}

double SearchSpace::estimate(const ScheduleChoice &choice) const {
  if (spec.target.isGpu())
    return gpuEstimate(with(choice));
  // Sums over lanes merge in pairs: two shuffles and an addition per sum.
  const double cyclesPerSum = 2;
  double cycles = 0;
  for (const StageShape &shape : stageShapes(with(choice)))
    cycles += shape.vectorMacs * cyclesOf(shape) + shape.sums * cyclesPerSum;
  double useful = double(std::max<int64_t>(1, usefulMacs(spec)));
  return cycles / (useful / spec.target.vectorFloats);
}

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

bool SearchSpace::isLegal(const ScheduleChoice &choice) const {
  if (!find(choice.strategy))
    return false;
  KernelSpec candidate = with(choice);
  if (scheduleViolation(candidate))
    return false;
  if (spec.target.isGpu()) // whose rules have counted the registers
    return true;
  return llvm::all_of(stageShapes(candidate), [&](const StageShape &shape) {
    if (shape.tileRegisters > 0) // whose rules have counted them
      return true;
    return accumulators(shape) + shape.vectors + 1 <= spec.target.registers;
  });
}

std::string SearchSpace::signature(const ScheduleChoice &choice) const {
  if (spec.target.isGpu())
    return gpuSignature(with(choice));
  KernelSpec kernel = with(choice);
  ScheduleChoice others = choice;
  for (const char *name : {"tx", "ty", "nv", "lanes", "stream", "ahead"})
    others.knobs.erase(name);
  // Residues that cannot share the outermost loop share what they do without.
  if (kernel.schedule.fusesResidues() && taskUnit(kernel) == 1) {
    if (kernel.schedule.fusesTiles())
      others.knobs["fuse"] = 2;
    else
      others.knobs.erase("fuse");
  }
  std::string text = toString(others);
  if (streamsOutput(kernel))
    text += " streamed";
  if (prefetchesInput(kernel))
    text += " ahead";
  for (const StageShape &shape : stageShapes(kernel))
    text += " " + std::to_string(shape.columns) + "x" +
            std::to_string(shape.rows) + "x" + std::to_string(shape.vectors) +
            "x" + std::to_string(shape.lanes);
  return text;
}

static void byEstimate(const SearchSpace &space,
                       std::vector<ScheduleChoice> &choices) {
  std::vector<std::pair<double, ScheduleChoice>> keyed;
  for (ScheduleChoice &choice : choices)
    keyed.push_back({space.estimate(choice), std::move(choice)});
  llvm::stable_sort(
      keyed, [](const auto &a, const auto &b) { return a.first < b.first; });
  choices.clear();
  for (auto &[estimate, choice] : keyed)
    choices.push_back(std::move(choice));
}

/// A block's tile is a GPU's micro-tile, and more knobs than can be crossed:
/// after each of them the best go on.
bool SearchSpace::isGuessed(const Knob &knob) const {
  return spec.target.isGpu() || knob.name == "tx" || knob.name == "ty" ||
         knob.name == "nv" || knob.name == "reduce" || knob.name == "amx";
}

std::vector<ScheduleChoice>
SearchSpace::legalOnes(std::vector<ScheduleChoice> choices) const {
  llvm::erase_if(choices, [&](const ScheduleChoice &choice) {
    return !isLegal(choice);
  });
  byEstimate(*this, choices);
  std::set<std::string> seen;
  llvm::erase_if(choices, [&](const ScheduleChoice &choice) {
    return !seen.insert(signature(choice)).second;
  });
  return choices;
}

std::vector<ScheduleChoice> SearchSpace::firstGuesses(size_t count) const {
  const size_t width = 32;
  std::vector<std::vector<ScheduleChoice>> perStrategy;
  for (const Strategy &strategy : strategies) {
    std::vector<ScheduleChoice> choices = {{strategy.name, {}}};
    for (const Knob &knob : strategy.knobs) {
      if (!isGuessed(knob))
        continue;
      std::vector<ScheduleChoice> extended = choices;
      for (const ScheduleChoice &choice : choices)
        for (int64_t value : knob.values) {
          extended.push_back(choice);
          extended.back().knobs[knob.name] = value;
        }
      choices = std::move(extended);
      if (spec.target.isGpu()) {
        choices = legalOnes(std::move(choices));
        if (choices.size() > width)
          choices.resize(width);
      }
    }
    llvm::erase_if(choices, [&](const ScheduleChoice &choice) {
      return !isLegal(choice);
    });
    byEstimate(*this, choices);
    if (choices.size() > count)
      choices.resize(count);
    perStrategy.push_back(std::move(choices));
  }
  std::vector<ScheduleChoice> guesses;
  for (size_t turn = 0; turn < count; ++turn)
    for (std::vector<ScheduleChoice> &choices : perStrategy)
      if (turn < choices.size())
        guesses.push_back(std::move(choices[turn]));
  return guesses;
}

std::vector<ScheduleChoice>
SearchSpace::neighbours(const ScheduleChoice &choice) const {
  std::vector<ScheduleChoice> result;
  const Strategy *strategy = find(choice.strategy);
  if (!strategy)
    return result;
  auto add = [&](const Knob &knob, std::optional<int64_t> value) {
    ScheduleChoice moved = choice;
    if (value)
      moved.knobs[knob.name] = *value;
    else
      moved.knobs.erase(knob.name);
    if (isLegal(moved))
      result.push_back(std::move(moved));
  };
  for (const Knob &knob : strategy->knobs) {
    auto own = choice.knobs.find(knob.name);
    if (own == choice.knobs.end()) {
      for (int64_t value : knob.values)
        add(knob, value);
      continue;
    }
    add(knob, std::nullopt);
    auto at = llvm::lower_bound(knob.values, own->second);
    if (at != knob.values.begin())
      add(knob, *std::prev(at));
    if (at != knob.values.end() && std::next(at) != knob.values.end())
      add(knob, *std::next(at));
  }
  byEstimate(*this, result);
  return result;
}

std::optional<ScheduleChoice> SearchSpace::draw(SplitMix64 &random) const {
  for (int attempt = 0; attempt < 1000 && !strategies.empty(); ++attempt) {
    const Strategy &strategy = strategies[random.next() % strategies.size()];
    ScheduleChoice choice{strategy.name, {}};
    for (const Knob &knob : strategy.knobs) {
      // As often the strategy's own value as all the others together.
      size_t index = random.next() % (2 * knob.values.size());
      if (index < knob.values.size())
        choice.knobs[knob.name] = knob.values[index];
    }
    if (isLegal(choice))
      return choice;
  }
  return std::nullopt;
}
