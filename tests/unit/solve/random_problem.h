// Small random problems of many kinds, infeasible and unbounded ones among them; the same seed
// makes the same problem everywhere.
#pragma once

#include <cstdint>

#include "solvent/problem.h"

namespace solvent::testing {

enum class RandomClass : uint8_t { kLinear, kBinary, kInteger, kMixed };
inline constexpr int kRandomClasses = 4;
const char* ToString(RandomClass random_class);

struct RandomProblem {
  RandomClass random_class;
  Problem problem;
};

RandomProblem MakeRandomProblem(uint64_t seed);

}  // namespace solvent::testing
