// Why an infeasible run of a model has no answer, in its own result.
#pragma once

#include <functional>
#include <stop_token>

#include "absl/status/statusor.h"
#include "solvent/json.h"
#include "solvent/problem.h"
#include "solvent/solve_backend.h"

namespace solvent {

// The parts that contradict each other as an infeasibility analysis shows them (ConflictToJson of
// solvent/explain.h), or null when none were found in that time.
using ConflictFinder = std::function<absl::StatusOr<Json>(const Problem&, SolveBackend&,
                                                          double seconds, std::stop_token)>;

// Of a run's time limit, to the search for its conflict; never more than kMostConflictSeconds.
inline constexpr double kConflictShare = 0.1;
inline constexpr double kMostConflictSeconds = 2;

// Fills the member "conflict" of `report`, if it is there, with the names of the rows, and adds the
// whole analysis as "infeasibility_analysis". Leaves it null when nothing was found.
void FillConflict(const ConflictFinder& find, const Problem& problem, SolveBackend& backend,
                  double time_limit_seconds, std::stop_token stop, Json& report);

}  // namespace solvent
