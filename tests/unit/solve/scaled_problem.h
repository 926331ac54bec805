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

// Rows of coefficients from 1e-4 to 1e4, two of them near-copies of each other, around a point of
// values up to 1e6 that satisfies all of them to the last digit. That there is a point, and how
// good it is, is all that is known.
ScaledProblem MakeNearProblem(uint64_t seed);

}  // namespace solvent::testing
