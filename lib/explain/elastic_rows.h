// Which rows a conflict of whole numbers can be among: what a point of the others violates.
#pragma once

#include <vector>

#include "countdown.h"
#include "feasibility_test.h"
#include "parts.h"
#include "solvent/solve_backend.h"

namespace solvent {

// The parts that are left of `among` when it is cut down to a few rows, which contradict each other
// within the bounds; `verdict` is the test of them. Starts with no row and adds those that a point
// of the rows taken so far, chosen to violate little, violates: every conflict has one among them.
// Empty when that did not lead anywhere in time, or to more than half of the rows.
std::vector<Part> ElasticRows(const Problem& problem, const std::vector<Part>& among,
                              SolveBackend& backend, const Countdown& countdown,
                              FeasibilityTest& test, FeasibilityVerdict& verdict);

}  // namespace solvent
