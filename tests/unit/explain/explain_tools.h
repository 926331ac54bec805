// What the tests of explanations share.
#pragma once

#include <cstdint>

#include "solvent/cbc_backend.h"

namespace solvent::testing {

inline SolveBackend& Cbc() {
  static SolveBackend* backend = MakeCbcBackend().release();
  return *backend;
}

// SplitMix64, the same everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  int64_t Int(int64_t low, int64_t high) {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return low + static_cast<int64_t>(z % static_cast<uint64_t>(high - low + 1));
  }

 private:
  uint64_t state_;
};

}  // namespace solvent::testing
