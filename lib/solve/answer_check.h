// What can be said of a solver's result without solving anything: which of its claims hold.
#pragma once

#include "solvent/problem.h"
#include "solvent/solve_backend.h"

namespace solvent {

// `claimed` as far as it holds, as solvent/checked_backend.h says; any result is fit to be given.
// `stopped`: it was asked to stop early, and `overdue` that its time was over when it was.
SolveResult CheckAnswer(const Problem& problem, const SolveOptions& options, SolveResult claimed,
                        bool stopped, bool overdue);

}  // namespace solvent
