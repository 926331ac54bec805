// Solves a problem with an LP and a MIP code that are not believed: every point is checked in the
// original problem, and every claim of optimality, infeasibility or unboundedness is proven,
// cross-checked, or passed on as what it is. What may happen and how it is named is said in
// solvent/solution.h, what it may cost in SolveOptions::verify.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lp_engine.h"
#include "mip_solver.h"
#include "progress_tracker.h"
#include "solvent/solve_backend.h"

namespace solvent {

struct SolverCodes {
  std::string name;
  std::function<std::unique_ptr<LpEngine>(const LpModel&, ProgressTracker*)> lp;
  std::function<MipClaim(const MinForm&, const MipRun&, const StopControl&, ProgressTracker*)> mip;
};

struct CheckedSolveHooks {
  // Called with the answer as it stands before second opinions are sought, should the process not
  // survive them. May be empty.
  std::function<void(const SolveResult&)> on_preliminary;
  // As MipRun has it. May be empty.
  std::function<void(const std::vector<double>&)> on_incumbent;
  bool ticks = true;  // report progress once a second from a thread of its own
  // The solver's usual way has ended its process on this problem: leave it out, and let methods
  // that fail differently do the work.
  bool careful = false;
};

// BadRequest when an option is out of its range.
absl::Status CheckSolveOptions(const SolveOptions& options);

absl::StatusOr<SolveResult> CheckedSolve(const Problem& problem, const SolveOptions& options,
                                         const SolveMonitor& monitor, const SolverCodes& codes,
                                         const CheckedSolveHooks& hooks = {});

}  // namespace solvent
