// The CBC backend's work, with the hooks that a worker process needs.
#pragma once

#include "checked_solve.h"

namespace solvent {

// Waits for other solves in this process (the time limit counts from then on), then solves.
absl::StatusOr<SolveResult> CbcSolve(const Problem& problem, const SolveOptions& options,
                                     const SolveMonitor& monitor,
                                     const CheckedSolveHooks& hooks = {});

}  // namespace solvent
