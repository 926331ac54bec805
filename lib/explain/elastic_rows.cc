#include "elastic_rows.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ask.h"

namespace solvent {
namespace {

// Of the time that is left, to one point; a better one is not worth more.
constexpr double kShare = 0.05;
constexpr double kLeastSeconds = 0.25;
constexpr double kGap = 0.1;

// The problem within its bounds, where rows that are not `taken` may be violated at a price.
Problem Softened(const Problem& whole, const std::vector<bool>& taken) {
  Problem p;
  p.row_lower = whole.row_lower;
  p.row_upper = whole.row_upper;
  p.column_start = whole.column_start;
  p.row_index = whole.row_index;
  p.value = whole.value;
  p.column_lower = whole.column_lower;
  p.column_upper = whole.column_upper;
  p.column_type = whole.column_type;
  p.objective.assign(whole.num_columns(), 0.0);
  std::vector<double> largest(whole.num_rows(), 0.0);
  for (size_t k = 0; k < whole.value.size(); ++k) {
    double& of = largest[whole.row_index[k]];
    of = std::max(of, std::abs(whole.value[k]));
  }
  for (int32_t i = 0; i < whole.num_rows(); ++i) {
    if (taken[i]) continue;
    for (double direction : {1.0, -1.0}) {
      const double side = direction > 0 ? whole.row_lower[i] : whole.row_upper[i];
      if (std::isinf(side)) continue;
      p.objective.push_back(1 / std::max(1.0, largest[i]));
      p.column_lower.push_back(0);
      p.column_upper.push_back(kInfinity);
      p.column_type.push_back(ColumnType::kContinuous);
      p.row_index.push_back(i);
      p.value.push_back(direction);
      p.column_start.push_back(static_cast<int64_t>(p.value.size()));
    }
  }
  return p;
}

}  // namespace

std::vector<Part> ElasticRows(const Problem& problem, const std::vector<Part>& among,
                              SolveBackend& backend, const Countdown& countdown,
                              FeasibilityTest& test, FeasibilityVerdict& verdict) {
  using Answer = FeasibilityVerdict::Answer;
  std::vector<bool> taken(problem.num_rows());
  size_t rows = 0, count = 0;
  for (const Part& part : among) rows += part.kind == ConflictPart::Kind::kRow;
  while (!countdown.Over() && 2 * count <= rows) {
    SolveOptions options;
    const double left = countdown.Remaining();
    options.time_limit_seconds = std::max({1e-3, kShare * left, std::min(kLeastSeconds, left)});
    options.gap_tolerance = kGap;
    options.want_duals = false;
    options.verify = false;  // the point is looked at, and the last word is the test's
    SolveMonitor monitor;
    monitor.stop = countdown.token();
    const Problem softened = Softened(problem, taken);
    absl::StatusOr<SolveResult> solved = Ask(backend, softened, options, monitor);
    if (!solved.ok()) return {};
    if (!solved->has_point) {
      if (count == 0 || solved->status != SolveStatus::kInfeasible) return {};
      std::vector<Part> kept;
      std::vector<bool> in_rows(problem.num_columns());
      for (int32_t j = 0; j < problem.num_columns(); ++j) {
        for (int64_t k = problem.column_start[j]; k < problem.column_start[j + 1]; ++k)
          in_rows[j] = in_rows[j] || taken[problem.row_index[k]];
      }
      for (const Part& part : among) {
        if ((part.kind == ConflictPart::Kind::kRow ? taken : in_rows)[part.index])
          kept.push_back(part);
      }
      verdict = test.Run(kept);
      if (verdict.answer != Answer::kContradictory) kept.clear();
      return kept;
    }
    solved->x.resize(problem.num_columns());
    const std::vector<double> activity = problem.Activity(solved->x);
    size_t added = 0;
    for (const Part& part : among) {
      if (part.kind != ConflictPart::Kind::kRow || taken[part.index] ||
          !Violates(problem, part, solved->x, activity))
        continue;
      taken[part.index] = true;
      ++added;
    }
    if (added == 0) return {};  // a point of the whole, or nearly one
    count += added;
  }
  return {};
}

}  // namespace solvent
