// The CBC backend's work, with the hooks that a worker process needs.
#pragma once

#include <span>

#include "checked_solve.h"
#include "solvent/infeasible_core.h"

namespace solvent {

// Waits for other solves in this process (the time limit counts from then on), then solves.
absl::StatusOr<SolveResult> CbcSolve(const Problem& problem, const SolveOptions& options,
                                     const SolveMonitor& monitor,
                                     const CheckedSolveHooks& hooks = {});

// Likewise. Clp alone does it.
absl::StatusOr<InfeasibleCore> ClpFindCore(const Problem& problem, std::span<const CorePart> parts,
                                           const SolveOptions& options,
                                           const SolveMonitor& monitor);

}  // namespace solvent
