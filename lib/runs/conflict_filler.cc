#include "conflict_filler.h"

#include <algorithm>
#include <utility>

namespace solvent {

void FillConflict(const ConflictFinder& find, const Problem& problem, SolveBackend& backend,
                  double time_limit_seconds, std::stop_token stop, Json& report) {
  if (!find || report.Find("conflict") == nullptr) return;
  const double seconds = std::min(kMostConflictSeconds, kConflictShare * time_limit_seconds);
  if (seconds <= 0) return;
  absl::StatusOr<Json> analysis = find(problem, backend, seconds, std::move(stop));
  // The verdict stands without its reasons.
  if (!analysis.ok() || !analysis->is_object()) return;
  report.Set("conflict", (*analysis)["iis_constraints"]);
  report.Set("infeasibility_analysis", *std::move(analysis));
}

}  // namespace solvent
