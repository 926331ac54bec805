#include <algorithm>
#include <cmath>
#include <string>

#include "solvent/error.h"
#include "solvent/explain.h"
#include "status_macros.h"

namespace solvent {

absl::StatusOr<PointAnalysis> AnalyzePoint(const Problem& problem, std::span<const double> x) {
  RETURN_IF_ERROR(problem.Check());
  if (static_cast<int32_t>(x.size()) != problem.num_columns())
    return BadRequest("the point must have one value per column");
  for (double v : x) {
    if (!std::isfinite(v)) return BadRequest("the point's values must be finite");
  }
  PointAnalysis analysis;
  analysis.objective = problem.Objective(x);
  const std::vector<double> activity = problem.Activity(x);
  analysis.rows.reserve(activity.size());
  for (int32_t i = 0; i < problem.num_rows(); ++i) {
    RowAnalysis row;
    row.row = i;
    row.activity = activity[i] == 0 ? 0 : activity[i];
    row.slack = std::min(problem.row_upper[i] - activity[i], activity[i] - problem.row_lower[i]);
    if (row.slack == 0) row.slack = 0;  // no negative zero
    row.binding = std::abs(row.slack) < kBindingSlack;
    analysis.binding_rows += row.binding;
    analysis.rows.push_back(row);
  }
  for (int32_t j = 0; j < problem.num_columns(); ++j) {
    const double value = problem.objective[j] * x[j];
    if (value != 0) analysis.contributions.push_back({j, value});
  }
  if (problem.objective_offset != 0)
    analysis.contributions.push_back({-1, problem.objective_offset});
  std::stable_sort(analysis.contributions.begin(), analysis.contributions.end(),
                   [](const Contribution& a, const Contribution& b) {
                     return std::abs(a.value) > std::abs(b.value);
                   });
  return analysis;
}

}  // namespace solvent
