//===- SearchSpace.h - The schedules that a kernel may have ---------------===//
//
// The strategies' own knobs and values (scheduling/strategies/*.yaml), less
// what the strategies' code refuses for this kernel and what cannot fit the
// registers. An estimate from register and load counts orders what is left, so
// that a search begins where the arithmetic says that the best must be.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_TUNER_SEARCHSPACE_H
#define UPCONV_TUNER_SEARCHSPACE_H

#include "upconv/Schedule/Schedule.h"
#include "upconv/Support/Random.h"
#include "upconv/Target/Halide/KernelSpec.h"

#include <optional>
#include <string>
#include <vector>

namespace upconv {

class SearchSpace {
public:
  /// The space of a contraction (spec.hasWeights()) whose sizes are all known.
  /// The schedule and layout that `spec` carries do not matter.
  SearchSpace(const ScheduleTables &tables, KernelSpec spec);

  /// A strategy takes the kernel with these knobs, and the accumulators, the
  /// weight vectors and one broadcast fit the registers.
  bool isLegal(const ScheduleChoice &choice) const;

  /// Cycles per useful vector multiply-add, at best 0.5 (two units): the
  /// greatest of what the units, two loads per cycle and the latency of the
  /// accumulators allow, with the positions and lanes that are wasted. Of a
  /// GPU: GpuEstimate.h.
  double estimate(const ScheduleChoice &choice) const;

  /// Choices of one signature make the same tiles, whatever their knobs say.
  std::string signature(const ScheduleChoice &choice) const;

  /// The micro-tiles (knobs tx, ty, nv and reduce, the others left to the
  /// strategy; of a GPU all knobs, one after the other), best estimate first,
  /// at most `count` of each strategy, the strategies by turns.
  std::vector<ScheduleChoice> firstGuesses(size_t count) const;

  /// The legal ones among `choices`, one of each signature, best estimate
  /// first.
  std::vector<ScheduleChoice>
  legalOnes(std::vector<ScheduleChoice> choices) const;

  /// Every legal choice that differs in one knob, which moves to the next value
  /// up or down or back to the strategy's own; best estimate first.
  std::vector<ScheduleChoice> neighbours(const ScheduleChoice &choice) const;

  /// A legal choice with any knobs; nothing if many draws gave none.
  std::optional<ScheduleChoice> draw(SplitMix64 &random) const;

private:
  /// A knob and those of its values that say more than leaving it out.
  struct Knob {
    std::string name;
    std::vector<int64_t> values;
  };
  struct Strategy {
    std::string name;
    std::vector<Knob> knobs; ///< those that are searched
  };
  std::vector<Knob> searchedKnobs(const StrategyInfo &strategy) const;
  bool isOfOtherKind(const StrategyInfo &strategy, const KnobInfo &knob) const;
  bool isGuessed(const Knob &knob) const;
  KernelSpec with(const ScheduleChoice &choice) const;
  const Strategy *find(const std::string &name) const;

  KernelSpec spec;
  std::vector<Strategy> strategies;
};

} // namespace upconv

#endif // UPCONV_TUNER_SEARCHSPACE_H
