// Asks a backend that may be anybody's: what comes back fits the problem, and nothing is thrown.
#pragma once

#include "absl/status/statusor.h"
#include "solvent/solve_backend.h"

namespace solvent {

// As SolveBackend::Solve. Internal for a point that does not satisfy `problem`, and for an
// exception; duals that do not fit are dropped.
absl::StatusOr<SolveResult> Ask(SolveBackend& backend, const Problem& problem,
                                const SolveOptions& options, const SolveMonitor& monitor);

}  // namespace solvent
