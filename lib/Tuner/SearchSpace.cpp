//===- SearchSpace.cpp - The schedules that a kernel may have -------------===//

#include "upconv/Tuner/SearchSpace.h"

#include "upconv/Target/Halide/CompileKernel.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace upconv;

SearchSpace::SearchSpace(const ScheduleTables &tables, KernelSpec kernel)
    : spec(std::move(kernel)) {
  for (const std::string &name : tables.strategyNames()) {
    spec.schedule = {name, {}};
    if (!scheduleViolation(spec))
      strategies.push_back({name, searchedKnobs(*tables.strategy(name))});
  }
}

/// Not searched: which axis tasks are cut from, a matter of threads and not of
/// the code within a task; vectors wider than the target's; and values that
/// are what the strategy takes by itself.
std::vector<SearchSpace::Knob>
SearchSpace::searchedKnobs(const StrategyInfo &strategy) const {
  std::vector<Knob> knobs;
  for (const KnobInfo &info : strategy.knobs) {
    if (info.name == "task")
      continue;
    Knob knob{info.name, {}, info.values};
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

namespace {
/// A micro-tile in numbers.
struct Tile {
  double columns, rows, vectors;       ///< accumulators: the product
  double wastedPositions, wastedLanes; ///< factors of at least 1
  bool horizontal;

  double accumulators() const { return columns * rows * vectors; }
};
} // namespace

static int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Output positions per residue along the innermost axis, and along the one
/// outside it; 1 where there is none.
static std::pair<int64_t, int64_t> positionsOf(const KernelSpec &spec) {
  auto along = [&](int64_t axis) -> int64_t {
    if (axis < 0)
      return 1;
    int64_t extent = spec.output.shape[axis + 1].constant;
    return spec.anchor == Anchor::ConvTranspose
               ? ceilDiv(extent, spec.strides[axis])
               : extent;
  };
  int64_t rank = spec.spatialRank();
  if (rank == 0)
    return {spec.output.shape[0].constant, 1};
  return {along(rank - 1), along(rank - 2)};
}

/// Output channels of a group, with the residues that lie beside them.
static int64_t contractedChannels(const KernelSpec &spec,
                                  const ScheduleChoice &choice) {
  int64_t channels = spec.outputChannels() / spec.groups;
  if (choice.strategy == "stacked")
    channels *= std::min(spec.strides.back(), spec.window.back());
  return channels;
}

static Tile tileOf(const KernelSpec &spec, const ScheduleChoice &choice) {
  auto [rowLength, rowCount] = positionsOf(spec);
  int64_t lanes = choice.knob("lanes", spec.target.vectorFloats);
  int64_t budget = spec.target.registers >= 32 ? 24 : 12;
  Tile tile;
  tile.horizontal = choice.knob("reduce", 0) != 0;
  int64_t channels = contractedChannels(spec, choice);
  int64_t vectors = ceilDiv(channels, lanes);
  int64_t wanted = choice.knob("nv", choice.strategy == "matmul" ? 4 : 2);
  tile.vectors = tile.horizontal ? channels : std::min(wanted, vectors);
  int64_t columns = choice.knob(
      "tx", std::max<int64_t>(1, budget / std::max<int64_t>(1, tile.vectors)));
  columns = std::min(columns, rowLength);
  int64_t rows = std::min(choice.knob("ty", 1), rowCount);
  int64_t columnTiles = ceilDiv(rowLength, columns);
  // Rows are cut into equal tiles: what is left over is computed twice.
  tile.columns = ceilDiv(rowLength, columnTiles);
  tile.rows = rows;
  tile.wastedPositions = columnTiles * tile.columns / rowLength *
                         (ceilDiv(rowCount, rows) * rows / double(rowCount));
  int64_t reduction = spec.inputChannels() / spec.groups;
  double full = double(tile.horizontal ? reduction : channels);
  tile.wastedLanes = ceilDiv(tile.horizontal ? reduction : channels, lanes) *
                     lanes / full * spec.target.vectorFloats / lanes;
  return tile;
}

double SearchSpace::estimate(const ScheduleChoice &choice) const {
  const double unitsPerCycle = 2, loadsPerCycle = 2, latency = 4;
  Tile tile = tileOf(spec, choice);
  double pixels = tile.columns * tile.rows;
  double loads = (pixels + tile.vectors) / (pixels * tile.vectors);
  double cycles = std::max({1 / unitsPerCycle, loads / loadsPerCycle,
                            latency / tile.accumulators()});
  // A broadcast that is used once folds into the multiply-add; measured at 10
  // to 15 % (docs/ScheduleFormat.md).
  if (tile.vectors == 1 && !tile.horizontal)
    cycles *= 1.12;
  // The sum over the lanes of an accumulator: about eight operations, against
  // the multiply-adds that it gathered.
  if (tile.horizontal) {
    double terms = double(spec.inputChannels()) / spec.target.vectorFloats;
    for (size_t axis = 0; axis < spec.window.size(); ++axis)
      terms *=
          spec.anchor == Anchor::ConvTranspose
              ? std::max(1.0, double(spec.window[axis]) / spec.strides[axis])
              : double(spec.window[axis]);
    cycles += 4 / terms;
  }
  return cycles * tile.wastedPositions * tile.wastedLanes;
}

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

/// A smaller value of the knob gives the same code.
bool SearchSpace::isPointless(const ScheduleChoice &choice,
                              const Knob &knob) const {
  auto own = choice.knobs.find(knob.name);
  if (own == choice.knobs.end())
    return false;
  auto [rowLength, rowCount] = positionsOf(spec);
  int64_t lanes = choice.knob("lanes", spec.target.vectorFloats);
  int64_t reduction = spec.inputChannels() / spec.groups;
  int64_t limit = knob.name == "tx"   ? rowLength
                  : knob.name == "ty" ? rowCount
                  : knob.name == "nv"
                      ? ceilDiv(contractedChannels(spec, choice), lanes)
                  : knob.name == "ku" || knob.name == "kb" ? reduction
                                                           : own->second;
  auto at = llvm::lower_bound(knob.all, own->second);
  int64_t smaller = at == knob.all.begin() ? 0 : *std::prev(at);
  return own->second > limit && (smaller >= limit || limit == 1);
}

bool SearchSpace::isLegal(const ScheduleChoice &choice) const {
  const Strategy *strategy = find(choice.strategy);
  if (!strategy || llvm::any_of(strategy->knobs, [&](const Knob &knob) {
        return isPointless(choice, knob);
      }))
    return false;
  KernelSpec candidate = spec;
  candidate.schedule = choice;
  if (scheduleViolation(candidate))
    return false;
  Tile tile = tileOf(spec, choice);
  return tile.accumulators() + tile.vectors + 1 <= spec.target.registers;
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

std::vector<ScheduleChoice> SearchSpace::firstGuesses(size_t count) const {
  std::vector<std::vector<ScheduleChoice>> perStrategy;
  for (const Strategy &strategy : strategies) {
    std::vector<ScheduleChoice> choices = {{strategy.name, {}}};
    for (const Knob &knob : strategy.knobs) {
      if (knob.name != "tx" && knob.name != "ty" && knob.name != "nv" &&
          knob.name != "reduce")
        continue;
      std::vector<ScheduleChoice> extended = choices;
      for (const ScheduleChoice &choice : choices)
        for (int64_t value : knob.values) {
          extended.push_back(choice);
          extended.back().knobs[knob.name] = value;
        }
      choices = std::move(extended);
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
