#include <algorithm>
#include <cmath>
#include <string>

#include "ask.h"
#include "basis_kernel.h"
#include "countdown.h"
#include "min_form.h"
#include "solvent/error.h"
#include "solvent/explain.h"
#include "status_macros.h"

namespace solvent {
namespace {

// The linear problem that is left when all integer columns stay at their values in `x`.
Problem FixIntegers(const Problem& problem, std::span<const double> x) {
  Problem fixed = problem;
  for (int32_t j = 0; j < problem.num_columns(); ++j) {
    if (problem.column_type[j] == ColumnType::kContinuous) continue;
    fixed.column_type[j] = ColumnType::kContinuous;
    fixed.column_lower[j] = fixed.column_upper[j] = std::round(x[j]);
  }
  return fixed;
}

// In the problem's own sense.
Range Turned(const Range& range, double sign) {
  return sign > 0 ? range : Range{-range.upper, -range.lower};
}

// A row that does not bind: its sides can move up to its activity and change nothing.
void NearerSide(const Problem& problem, int32_t row, double activity, RowSensitivity& out) {
  const double lower = problem.row_lower[row], upper = problem.row_upper[row];
  if (std::isinf(lower) && std::isinf(upper)) return;
  if (activity - lower <= upper - activity) {
    out.bound = lower;
    out.bound_range.upper = activity;
  } else {
    out.bound = upper;
    out.bound_range.lower = activity;
  }
}

void AddRanges(const Problem& problem, const MinForm& form, const BasisKernel& kernel,
               Sensitivity& out) {
  for (RowSensitivity& row : out.rows) {
    row.dual = kernel.RowDual(row.row) == 0 ? 0 : form.sign * kernel.RowDual(row.row);
    const double activity = kernel.Activity(row.row);
    if (kernel.RowIsBasic(row.row)) {
      NearerSide(problem, row.row, activity, row);
      continue;
    }
    const double lower = problem.row_lower[row.row], upper = problem.row_upper[row.row];
    row.bound = std::abs(activity - lower) <= std::abs(upper - activity) ? lower : upper;
    row.bound_range = kernel.BindingBoundRange(row.row);
  }
  for (ColumnSensitivity& column : out.columns) {
    const double d = kernel.ReducedCost(column.column);
    column.reduced_cost = d == 0 ? 0 : form.sign * d;
    column.cost_range = Turned(kernel.CostRange(column.column), form.sign);
  }
  out.ranges = true;
}

}  // namespace

absl::StatusOr<Sensitivity> AnalyzeSensitivity(const Problem& problem, std::span<const double> x,
                                               SolveBackend& backend,
                                               const ExplainOptions& options) {
  RETURN_IF_ERROR(problem.Check());
  if (!(options.time_limit_seconds > 0)) return BadRequest("the time limit must be positive");
  const Countdown countdown(options.time_limit_seconds, options.stop);
  Sensitivity out;
  out.fixed_integers = problem.is_mip();
  Problem fixed;
  if (out.fixed_integers && problem.num_integers() == problem.num_columns()) {
    out.note = "all variables are integer: what is left when they are fixed has nothing to move";
    return out;
  }
  if (out.fixed_integers) {
    RETURN_IF_ERROR(AnalyzePoint(problem, x).status());
    fixed = FixIntegers(problem, x);
    out.note =
        "of the linear problem that is left with all integer variables fixed at their values";
  }
  const Problem& linear = out.fixed_integers ? fixed : problem;
  SolveOptions solve;
  solve.time_limit_seconds = options.time_limit_seconds;
  SolveMonitor monitor;
  monitor.stop = countdown.token();
  ASSIGN_OR_RETURN(const SolveResult solved, Ask(backend, linear, solve, monitor));
  if (solved.status != SolveStatus::kOptimal ||
      static_cast<int32_t>(solved.row_dual.size()) != linear.num_rows()) {
    out.note = solved.status == SolveStatus::kOptimal
                   ? "the solver gave no duals"
                   : "the linear problem was not solved to an optimum: " +
                         std::string(ToString(solved.status));
    return out;
  }
  out.computed = true;
  out.objective = solved.objective;
  for (int32_t i = 0; i < linear.num_rows(); ++i)
    out.rows.push_back({.row = i, .dual = solved.row_dual[i], .bound = {}, .bound_range = {}});
  for (int32_t j = 0; j < linear.num_columns(); ++j)
    out.columns.push_back({.column = j, .reduced_cost = solved.reduced_cost[j], .cost_range = {}});

  const MinForm form(linear);
  std::string why;
  const std::optional<BasisKernel> kernel =
      BasisKernel::Make(form, solved.x, solved.column_basis, solved.row_basis, countdown, why);
  if (kernel) {
    AddRanges(linear, form, *kernel, out);
  } else {
    out.note += (out.note.empty() ? "" : "; ") + why;
  }
  return out;
}

}  // namespace solvent
