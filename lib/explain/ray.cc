#include <algorithm>
#include <cmath>
#include <string>

#include "ask.h"
#include "certificate.h"
#include "countdown.h"
#include "min_form.h"
#include "solvent/error.h"
#include "solvent/explain.h"
#include "status_macros.h"

namespace solvent {
namespace {

// Shorter than that, of a direction whose longest step is 1, is noise of the simplex code.
constexpr double kNoise = 1e-9;

// Directions within a unit box that leave no row or bound, the best of which is sought.
Problem Directions(const Problem& problem, const MinForm& form) {
  Problem p;
  p.objective = form.cost;
  p.column_start = problem.column_start;
  p.row_index = problem.row_index;
  p.value = problem.value;
  p.column_type.assign(problem.objective.size(), ColumnType::kContinuous);
  for (int32_t j = 0; j < form.columns; ++j) {
    p.column_lower.push_back(std::isinf(form.lower[j]) ? -1 : 0);
    p.column_upper.push_back(std::isinf(form.upper[j]) ? 1 : 0);
  }
  for (int32_t i = 0; i < form.rows; ++i) {
    p.row_lower.push_back(std::isinf(form.row_lower[i]) ? -kInfinity : 0);
    p.row_upper.push_back(std::isinf(form.row_upper[i]) ? kInfinity : 0);
  }
  return p;
}

}  // namespace

absl::StatusOr<Ray> FindUnboundedDirection(const Problem& problem, SolveBackend& backend,
                                           const ExplainOptions& options) {
  RETURN_IF_ERROR(problem.Check());
  if (!(options.time_limit_seconds > 0)) return BadRequest("the time limit must be positive");
  const Countdown countdown(options.time_limit_seconds, options.stop);
  const MinForm form(problem);
  SolveOptions solve;
  solve.time_limit_seconds = options.time_limit_seconds;
  solve.want_duals = false;
  SolveMonitor monitor;
  monitor.stop = countdown.token();
  ASSIGN_OR_RETURN(SolveResult solved, Ask(backend, Directions(problem, form), solve, monitor));
  Ray ray;
  double largest = 0;
  for (double v : solved.x) largest = std::max(largest, std::abs(v));
  if (solved.status != SolveStatus::kOptimal || largest == 0 ||
      !(solved.objective < -kNoise * largest)) {
    ray.note = solved.status == SolveStatus::kOptimal ? "no direction of endless improvement exists"
                                                      : "no direction was found in time";
    return ray;
  }
  std::vector<double> direction = std::move(solved.x);
  for (double& v : direction) v = std::abs(v) <= kNoise * largest ? 0 : v / largest;
  if (!IsUnboundedRay(form, direction)) {
    ray.note = "no direction could be confirmed";
    return ray;
  }
  ray.found = true;
  for (int32_t j = 0; j < form.columns; ++j) {
    if (direction[j] == 0) continue;
    ray.steps.push_back({j, ParsePartName(problem.ColumnName(j)), direction[j]});
    ray.objective_change += problem.objective[j] * direction[j];
  }
  if (problem.is_mip())
    ray.note =
        "a direction of the relaxation: where columns are integer, go along it in whole steps";
  return ray;
}

}  // namespace solvent
