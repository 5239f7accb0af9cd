//===- Random.h - Numbers that are the same everywhere --------------------===//

#ifndef UPCONV_SUPPORT_RANDOM_H
#define UPCONV_SUPPORT_RANDOM_H

#include <cstdint>

namespace upconv {

/// Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014.
class SplitMix64 {
public:
  explicit SplitMix64(uint64_t state) : state(state) {}

  uint64_t next() {
    uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

private:
  uint64_t state;
};

} // namespace upconv

#endif // UPCONV_SUPPORT_RANDOM_H
