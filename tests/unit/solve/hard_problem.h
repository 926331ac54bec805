// Problems that keep a solver busy.
#pragma once

#include <cstdint>

#include "solvent/problem.h"

namespace solvent::testing {

// Market split: equations over 0/1 columns with slacks to be minimized. Small, and out of reach for
// branch and bound beyond some 40 columns; points are found at once.
Problem MarketSplit(int rows, int columns, uint64_t seed);

// A knapsack whose optimum takes a moment; deterministic.
Problem Knapsack(int columns, uint64_t seed);

}  // namespace solvent::testing
