// Random numbers of the modeling language: one generator a run, so that runs repeat. It is Knuth's
// portable subtractive one (The Stanford GraphBase, GB_FLIP), so that models with random data have
// the same data here as elsewhere.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace solvent::mathprog {

class RandomSource {
 public:
  explicit RandomSource(uint32_t seed) {
    uint32_t mask = seed & kMost, previous = mask, next = 1;
    state_[54] = previous;
    for (int i = 21; i != 0; i = (i + 21) % 55) {
      state_[static_cast<size_t>(i - 1)] = next;
      next = (previous - next) & kMost;
      mask = (mask & 1) != 0 ? 0x40000000u + (mask >> 1) : mask >> 1;
      next = (next - mask) & kMost;
      previous = state_[static_cast<size_t>(i - 1)];
    }
    for (int i = 0; i < 5; ++i) Mix();
    left_ = 54;  // the last of the five gave its first number away
  }

  // Whole numbers in [0, 2^24).
  double Irand224() { return static_cast<double>(Next() & 0xFFFFFFu); }
  // In [0, 1).
  double Uniform01() { return static_cast<double>(Next()) * 0x1p-31; }
  double Normal01() {
    for (;;) {  // polar method
      const double u = 2 * Uniform01() - 1, v = 2 * Uniform01() - 1, s = u * u + v * v;
      if (s > 0 && s <= 1) return v * std::sqrt(-2 * std::log(s) / s);
    }
  }

 private:
  static constexpr uint32_t kMost = 0x7FFFFFFFu;

  void Mix() {
    for (size_t i = 0; i < 24; ++i) state_[i] = (state_[i] - state_[i + 31]) & kMost;
    for (size_t i = 24; i < 55; ++i) state_[i] = (state_[i] - state_[i - 24]) & kMost;
    left_ = 55;
  }
  uint32_t Next() {
    if (left_ == 0) Mix();
    return state_[static_cast<size_t>(--left_)];
  }

  std::array<uint32_t, 55> state_{};  // taken from the back
  int left_ = 0;
};

}  // namespace solvent::mathprog
