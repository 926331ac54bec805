#include "farkas_parts.h"

#include <algorithm>
#include <cmath>

#include "ask.h"
#include "certificate.h"
#include "exact_sum.h"
#include "min_form.h"

namespace solvent {
namespace {

// Multipliers below that, relative to the largest, are noise of the simplex code.
constexpr double kNoise = 1e-9;

// Each row may be violated at a price of 1, in either direction.
Problem Elastic(const Problem& problem, const MinForm& form) {
  Problem elastic;
  elastic.row_lower = problem.row_lower;
  elastic.row_upper = problem.row_upper;
  elastic.column_start = problem.column_start;
  elastic.row_index = problem.row_index;
  elastic.value = problem.value;
  elastic.column_lower = form.lower;
  elastic.column_upper = form.upper;
  elastic.objective.assign(form.columns, 0.0);
  for (int32_t i = 0; i < form.rows; ++i) {
    for (double direction : {1.0, -1.0}) {
      elastic.objective.push_back(1);
      elastic.column_lower.push_back(0);
      elastic.column_upper.push_back(kInfinity);
      elastic.row_index.push_back(i);
      elastic.value.push_back(direction);
      elastic.column_start.push_back(static_cast<int64_t>(elastic.value.size()));
    }
  }
  elastic.column_type.assign(elastic.objective.size(), ColumnType::kContinuous);
  return elastic;
}

}  // namespace

std::vector<Part> FarkasParts(const Problem& problem, SolveBackend& backend,
                              const Countdown& countdown) {
  const MinForm form(problem);
  SolveOptions options;
  options.time_limit_seconds = std::max(1e-3, countdown.Remaining());
  SolveMonitor monitor;
  monitor.stop = countdown.token();
  absl::StatusOr<SolveResult> solved = Ask(backend, Elastic(problem, form), options, monitor);
  if (!solved.ok() || solved->status != SolveStatus::kOptimal || !(solved->objective > 0) ||
      static_cast<int32_t>(solved->row_dual.size()) != form.rows)
    return {};
  std::vector<double> y = solved->row_dual;
  double largest = 0;
  for (double v : y) largest = std::max(largest, std::abs(v));
  for (double& v : y) {
    if (std::abs(v) <= kNoise * largest) v = 0;
  }
  if (!IsFarkasProof(form, form.lower, form.upper, y)) return {};

  std::vector<bool> lower_used(form.columns), upper_used(form.columns), row_used(form.rows);
  for (int32_t i = 0; i < form.rows; ++i) row_used[i] = y[i] != 0;
  for (int32_t j = 0; j < form.columns; ++j) {
    ExactSum sum;
    for (int64_t k = problem.column_start[j]; k < problem.column_start[j + 1]; ++k)
      sum.AddProduct(problem.value[k], y[problem.row_index[k]]);
    // All points of the rows have y'Ax >= need: the bounds keep it below.
    if (std::abs(sum.value()) <= kNoise * sum.magnitude()) continue;
    (sum.value() > 0 ? upper_used : lower_used)[j] = true;
  }
  std::vector<Part> parts;
  for (const Part& part : PartsOf(problem)) {
    const std::vector<bool>& used = part.kind == ConflictPart::Kind::kRow          ? row_used
                                    : part.kind == ConflictPart::Kind::kLowerBound ? lower_used
                                                                                   : upper_used;
    if (used[part.index]) parts.push_back(part);
  }
  return parts;
}

}  // namespace solvent
