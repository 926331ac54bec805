// Random numbers of the modeling language: one generator a run, so that runs repeat.
#pragma once

#include <cmath>
#include <cstdint>

namespace solvent::mathprog {

class RandomSource {
 public:
  explicit RandomSource(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull + 0x1234567) {}

  // Whole numbers in [0, 2^24).
  double Irand224() { return static_cast<double>(Next() >> 40); }
  // In [0, 1).
  double Uniform01() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  double Normal01() {
    for (;;) {  // polar method
      const double u = 2 * Uniform01() - 1, v = 2 * Uniform01() - 1, s = u * u + v * v;
      if (s > 0 && s < 1) return u * std::sqrt(-2 * std::log(s) / s);
    }
  }

 private:
  uint64_t Next() {  // splitmix64
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  uint64_t state_;
};

}  // namespace solvent::mathprog
