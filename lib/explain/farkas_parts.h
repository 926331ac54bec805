// The few parts of an infeasible relaxation that one certificate of its infeasibility rests on.
#pragma once

#include <vector>

#include "countdown.h"
#include "parts.h"
#include "solvent/solve_backend.h"

namespace solvent {

// From the duals of the problem of least total row violation. Empty when the relaxation has a
// point, or no certificate that can be checked was found.
std::vector<Part> FarkasParts(const Problem& problem, SolveBackend& backend,
                              const Countdown& countdown);

}  // namespace solvent
