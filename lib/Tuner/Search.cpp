//===- Search.cpp - Which schedule to measure next ------------------------===//

#include "upconv/Tuner/Search.h"

#include <algorithm>

using namespace upconv;

/// By turns, for each has what the other misses: arithmetic knows the registers
/// of this kernel, experience knows the memory behind them.
static std::vector<ScheduleChoice>
byTurns(const std::vector<ScheduleChoice> &first,
        const std::vector<ScheduleChoice> &second) {
  std::vector<ScheduleChoice> result;
  for (size_t i = 0; i < std::max(first.size(), second.size()); ++i)
    for (const auto *choices : {&first, &second})
      if (i < choices->size())
        result.push_back((*choices)[i]);
  return result;
}

Search::Search(const SearchSpace &space, const ScheduleChoice &incumbent,
               const std::vector<ScheduleChoice> &known, uint64_t seed)
    : space(space), random(seed) {
  const size_t guessesPerStrategy = 4;
  beginnings = byTurns(space.legalOnes(known),
                       space.firstGuesses(guessesPerStrategy));
  std::reverse(beginnings.begin(), beginnings.end());
  seen.insert(space.signature(incumbent));
  ranked.insert({1, incumbent});
}

bool Search::claim(const ScheduleChoice &choice) {
  return seen.insert(space.signature(choice)).second;
}

void Search::addBeginnings(std::vector<ScheduleChoice> &batch, size_t count) {
  while (batch.size() < count && !beginnings.empty()) {
    if (claim(beginnings.back()))
      batch.push_back(beginnings.back());
    beginnings.pop_back();
  }
}

void Search::addNeighbours(std::vector<ScheduleChoice> &batch, size_t count) {
  const int centres = 3;
  int centre = 0;
  for (auto it = ranked.begin();
       it != ranked.end() && centre < centres && batch.size() < count;
       ++it, ++centre)
    for (const ScheduleChoice &choice : space.neighbours(it->second)) {
      if (batch.size() >= count)
        break;
      if (claim(choice))
        batch.push_back(choice);
    }
}

/// Until the batch has `count`, or what is left is hard to hit.
void Search::addDraws(std::vector<ScheduleChoice> &batch, size_t count) {
  // A resumed search draws once more what the earlier run has drawn.
  const size_t draws = 64 + seen.size();
  for (size_t draw = 0; draw < draws && batch.size() < count; ++draw)
    if (std::optional<ScheduleChoice> choice = space.draw(random))
      if (claim(*choice))
        batch.push_back(*choice);
}

std::vector<ScheduleChoice> Search::draw(size_t count) {
  std::vector<ScheduleChoice> batch;
  addDraws(batch, count);
  return batch;
}

std::vector<ScheduleChoice> Search::next(size_t count) {
  std::vector<ScheduleChoice> batch;
  // Half begins elsewhere, one in four surrounds the best few, one in four is
  // drawn at random; what has run out leaves its place to the next.
  addBeginnings(batch, count - count / 2);
  addNeighbours(batch, count - count / 4);
  addDraws(batch, count);
  return batch;
}

void Search::record(const ScheduleChoice &choice, std::optional<double> ratio) {
  // A log may know choices that the strategies no longer take.
  if (!space.isLegal(choice))
    return;
  seen.insert(space.signature(choice));
  if (ratio)
    ranked.insert({*ratio, choice});
}

std::vector<ScheduleChoice> Search::leaders(size_t count) const {
  std::vector<ScheduleChoice> result;
  for (const auto &[ratio, choice] : ranked)
    if (ratio < 1 && result.size() < count)
      result.push_back(choice);
  return result;
}
