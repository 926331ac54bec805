// Small random problems with badly scaled data, and their exact answers: costs of 1e-10 to 1e8 in
// one objective, sides up to 1e12, columns that only rows keep from infinity, constants far larger
// than the objective, and gaps that may be used.
#pragma once

#include <cstdint>

#include "reference.h"
#include "solvent/problem.h"

namespace solvent::testing {

struct ScaledProblem {
  Problem problem;
  double gap = 0;       // to be asked for
  Reference reference;  // exact, unless its answer is kNone
};

// At most six columns and four rows, some columns integer. The answer is found by looking at every
// basis in integer arithmetic.
ScaledProblem MakeScaledProblem(uint64_t seed);

// A knapsack of some 70 columns under a constant that nearly cancels its objective, or dwarfs it,
// with a gap of 0.001 to 0.5. The answer is found by dynamic programming.
ScaledProblem MakeGapProblem(uint64_t seed);

}  // namespace solvent::testing
