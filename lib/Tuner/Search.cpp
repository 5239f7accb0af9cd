//===- Search.cpp - Which schedule to measure next ------------------------===//

#include "upconv/Tuner/Search.h"

#include <algorithm>

using namespace upconv;

Search::Search(const SearchSpace &space, const ScheduleChoice &incumbent,
               uint64_t seed)
    : space(space), random(seed) {
  const size_t guessesPerStrategy = 4;
  guesses = space.firstGuesses(guessesPerStrategy);
  std::reverse(guesses.begin(), guesses.end());
  seen.insert(space.signature(incumbent));
  ranked.insert({1, incumbent});
}

bool Search::claim(const ScheduleChoice &choice) {
  return seen.insert(space.signature(choice)).second;
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
  while (batch.size() < count && !guesses.empty()) {
    if (claim(guesses.back()))
      batch.push_back(guesses.back());
    guesses.pop_back();
  }
  // One in four is drawn at random; the others surround the best few.
  size_t local = count - count / 4;
  const int centres = 3;
  int centre = 0;
  for (auto it = ranked.begin();
       it != ranked.end() && centre < centres && batch.size() < local;
       ++it, ++centre)
    for (const ScheduleChoice &choice : space.neighbours(it->second)) {
      if (batch.size() >= local)
        break;
      if (claim(choice))
        batch.push_back(choice);
    }
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
