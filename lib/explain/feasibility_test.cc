#include "feasibility_test.h"

#include <algorithm>
#include <utility>

#include "ask.h"
#include "min_form.h"
#include "propagation.h"
#include "solvent/error.h"

namespace solvent {
namespace {

// Of the time that is left, to one test, and at least so many seconds.
constexpr double kShare = 0.1;
constexpr double kLeastSeconds = 0.25;

bool Contradicts(const Problem& problem) {
  const MinForm form(problem);
  if (form.empty_integer_range) return true;
  std::vector<double> lower = form.lower, upper = form.upper;
  return !Propagator(form).Tighten(lower, upper);
}

}  // namespace

bool FeasibilityTest::Propagates(std::span<const Part> parts) {
  ++count_;
  return Contradicts(MakeSubproblem(problem_, parts, false).problem);
}

FeasibilityVerdict FeasibilityTest::Run(std::span<const Part> parts, bool relaxed) {
  using Answer = FeasibilityVerdict::Answer;
  FeasibilityVerdict verdict;
  if (countdown_.Over()) return verdict;
  ++count_;
  const Subproblem sub = MakeSubproblem(problem_, parts, relaxed);
  std::vector<double> near_zero(problem_.num_columns());
  for (int32_t j = 0; j < problem_.num_columns(); ++j)
    near_zero[j] = std::clamp(0.0, problem_.column_lower[j], problem_.column_upper[j]);
  if (Contradicts(sub.problem)) {
    verdict.answer = Answer::kContradictory;
    verdict.trust = Trust::kProven;
    return verdict;
  }
  if (sub.problem.num_columns() == 0) {  // rows without terms, that hold
    verdict.answer = Answer::kSatisfiable;
    verdict.x = std::move(near_zero);
    return verdict;
  }
  SolveOptions options;
  const double left = countdown_.Remaining();
  options.time_limit_seconds = std::max({1e-3, kShare * left, std::min(kLeastSeconds, left)});
  options.want_duals = false;
  SolveMonitor monitor;
  monitor.stop = countdown_.token();
  absl::StatusOr<SolveResult> solved = Ask(backend_, sub.problem, options, monitor);
  if (!solved.ok()) {
    verdict.trouble = std::string(Message(solved.status()));
    return verdict;
  }
  if (solved->has_point) {
    verdict.answer = Answer::kSatisfiable;
    verdict.x = std::move(near_zero);
    for (size_t j = 0; j < sub.columns.size(); ++j) verdict.x[sub.columns[j]] = solved->x[j];
  } else if (solved->status == SolveStatus::kInfeasible) {
    verdict.answer = Answer::kContradictory;
    verdict.linear = solved->verification.method == "farkas";
  }
  verdict.trust = solved->verification.trust;
  return verdict;
}

}  // namespace solvent
