//===- Search.h - Which schedule to measure next --------------------------===//
//
// What is known to do for other kernels and the best guesses of every strategy,
// the surroundings of the best ones measured, and a share of random choices
// against local minima. Knows nothing of how a choice is measured.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_TUNER_SEARCH_H
#define UPCONV_TUNER_SEARCH_H

#include "upconv/Tuner/SearchSpace.h"

#include <map>
#include <set>

namespace upconv {

class Search {
public:
  /// `incumbent` is what times are compared with: its ratio is 1, and it is
  /// never proposed. `known`: what is worth a trial before anything is
  /// measured, legal here or not.
  Search(const SearchSpace &space, const ScheduleChoice &incumbent,
         const std::vector<ScheduleChoice> &known, uint64_t seed);

  /// The next choices to measure, at most `count`; none when there is nothing
  /// left to try. What was proposed or recorded is not proposed again.
  std::vector<ScheduleChoice> next(size_t count);

  /// The same, all of them drawn at random: what a search that knows nothing
  /// would measure. Equal seeds draw equal choices.
  std::vector<ScheduleChoice> draw(size_t count);

  /// The time of a choice as a ratio to the incumbent's; nothing if it could
  /// not be compiled, was wrong or took too long.
  void record(const ScheduleChoice &choice, std::optional<double> ratio);

  /// The fastest so far, the incumbent included.
  const ScheduleChoice &best() const { return ranked.begin()->second; }
  double bestRatio() const { return ranked.begin()->first; }
  /// The fastest choices measured, at most `count`, without the incumbent and
  /// those that are slower than it.
  std::vector<ScheduleChoice> leaders(size_t count) const;
  size_t measured() const { return ranked.size() - 1; }

private:
  bool claim(const ScheduleChoice &choice);
  void addBeginnings(std::vector<ScheduleChoice> &batch, size_t count);
  void addNeighbours(std::vector<ScheduleChoice> &batch, size_t count);
  void addDraws(std::vector<ScheduleChoice> &batch, size_t count);

  const SearchSpace &space;
  SplitMix64 random;
  std::vector<ScheduleChoice> beginnings; ///< the next one last
  std::set<std::string> seen;
  std::multimap<double, ScheduleChoice> ranked;
};

} // namespace upconv

#endif // UPCONV_TUNER_SEARCH_H
