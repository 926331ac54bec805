#include "checked_solve.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "lp_settle.h"
#include "mip_settle.h"
#include "solvent/error.h"
#include "status_macros.h"
#include "stop_control.h"

namespace solvent {
namespace {

void PutPoint(CheckedPoint point, SolveResult& result) {
  result.has_point = true;
  result.objective = point.check.objective;
  Verification& v = result.verification;
  v.point_checked = true;
  v.max_row_violation = point.check.max_row_violation;
  v.max_bound_violation = point.check.max_bound_violation;
  v.max_integrality_violation = point.check.max_integrality_violation;
  result.x = std::move(point.x);
}

void PutBound(const MinForm& form, double bound, SolveResult& result) {
  if (!std::isfinite(bound)) return;
  result.bound = form.ToOriginal(bound);
  // Proven equal up to rounding: then it is the same number.
  if (result.status == SolveStatus::kOptimal && result.has_point) {
    const double cost = form.Cost(result.x);
    if (std::abs(bound - cost) <= 1e-9 * std::max(form.cost_unit, std::abs(cost)))
      result.bound = result.objective;
  }
  if (result.has_point) result.gap = RelativeGap(result.objective, result.bound);
}

SolveResult FromLp(const MinForm& form, LpVerdict verdict, const StopControl& control,
                   bool want_duals) {
  SolveResult result;
  Verification& v = result.verification;
  v.trust = verdict.proven ? Trust::kProven : Trust::kSolverWord;
  v.method = verdict.method;
  v.corrected = verdict.corrected;
  result.iterations = verdict.iterations;
  switch (verdict.status) {
    case LpStatus::kOptimal:
      result.status = SolveStatus::kOptimal;
      PutPoint(std::move(*verdict.point), result);
      // A proof that meets the cost within its tolerance closes the gap.
      PutBound(form, verdict.proven ? form.Cost(result.x) : verdict.bound, result);
      if (!verdict.proven) v.note = "no dual bound that meets the objective could be checked";
      if (want_duals) {
        for (double& y : verdict.row_dual) y = y == 0 ? 0 : form.sign * y;
        for (double& d : verdict.reduced_cost) d = d == 0 ? 0 : form.sign * d;
        result.row_dual = std::move(verdict.row_dual);
        result.reduced_cost = std::move(verdict.reduced_cost);
        result.column_basis = std::move(verdict.column_basis);
        result.row_basis = std::move(verdict.row_basis);
      }
      break;
    case LpStatus::kInfeasible: result.status = SolveStatus::kInfeasible; break;
    case LpStatus::kUnbounded: result.status = SolveStatus::kUnbounded; break;
    case LpStatus::kStopped:
      result.status = control.Cancelled() ? SolveStatus::kCancelled : SolveStatus::kTimeLimit;
      v = Verification{};
      if (verdict.point) PutPoint(std::move(*verdict.point), result);
      break;
    case LpStatus::kFailed:
      result.status = SolveStatus::kError;
      v = Verification{};
      result.error = "the LP solver found no answer that could be confirmed";
      break;
  }
  return result;
}

SolveResult FromMip(const MinForm& form, MipVerdict verdict) {
  SolveResult result;
  Verification& v = result.verification;
  result.status = verdict.status;
  v.trust = verdict.trust;
  v.method = std::move(verdict.method);
  v.note = std::move(verdict.note);
  v.corrected = verdict.corrected;
  v.seconds = verdict.verify_seconds;
  result.error = std::move(verdict.error);
  result.nodes = verdict.nodes;
  result.iterations = verdict.iterations;
  result.warm_start_used = verdict.warm_start_used;
  // An unbounded problem has points, none of which is worth showing.
  if (verdict.point && verdict.status != SolveStatus::kUnbounded)
    PutPoint(std::move(*verdict.point), result);
  if (verdict.status != SolveStatus::kUnbounded && verdict.status != SolveStatus::kInfeasible)
    PutBound(form, verdict.bound, result);
  return result;
}

MinForm RoundedForm(const Problem& problem) {
  MinForm form(problem);
  form.RoundRows();
  return form;
}

class Solve {
 public:
  Solve(const Problem& problem, const SolveOptions& options, const SolveMonitor& monitor,
        const SolverCodes& codes, const CheckedSolveHooks& hooks)
      : options_(options),
        codes_(codes),
        hooks_(hooks),
        control_(monitor.stop, options.time_limit_seconds),
        form_(RoundedForm(problem)),
        tracker_(form_, monitor.on_progress, hooks.ticks) {}

  SolveResult Run() {
    const bool linear = form_.integers == 0 || form_.rows == 0 || form_.columns == 0;
    SolveResult result = linear && !form_.empty_integer_range ? RunLp() : RunMip();
    if (result.has_point && result.status != SolveStatus::kUnbounded)
      tracker_.Incumbent(form_.FromOriginal(result.objective));
    tracker_.SetPhase(SolvePhase::kDone);
    Finish(result);
    return result;
  }

 private:
  void Finish(SolveResult& result) const {
    result.solver = codes_.name;
    result.seconds = control_.Elapsed();
    std::optional<double> final_cost;
    if (result.has_point) final_cost = form_.FromOriginal(result.objective);
    result.history = tracker_.History(final_cost);
    if (!options_.warm_start.empty() && !result.warm_start_used)
      result.warning = "the warm start does not satisfy the problem and was not used";
  }

  SolveResult RunLp() {
    tracker_.SetPhase(SolvePhase::kRoot);
    LpEngineFactory lp = [this](const LpModel& model) { return codes_.lp(model, &tracker_); };
    LpVerdict verdict = SettleLp(form_, lp, control_, options_.verify,
                                 {options_.start_columns, options_.start_rows}, hooks_.careful);
    const bool from_basis = verdict.from_basis;
    SolveResult result = FromLp(form_, std::move(verdict), control_, options_.want_duals);
    if (form_.integers > 0) {
      // Decided column by column: there are no duals of a MIP.
      result.row_dual.clear();
      result.reduced_cost.clear();
      result.column_basis.clear();
      result.row_basis.clear();
    }
    result.warm_start_used = from_basis;
    return result;
  }

  SolveResult RunMip() {
    LpEngineFactory lp = [this](const LpModel& model) { return codes_.lp(model, nullptr); };
    MipSolver mip = [this](const MipRun& run, const StopControl& control) {
      MipRun watched = run;
      // A second opinion has worse points at first than the run before it had.
      if (!run.second_opinion) watched.on_incumbent = hooks_.on_incumbent;
      return codes_.mip(form_, watched, control, &tracker_);
    };
    MipSettler settler(form_, options_, lp, mip, control_, tracker_, hooks_.careful);
    return FromMip(form_, settler.Run([this](const MipVerdict& verdict) {
      if (!hooks_.on_preliminary) return;
      SolveResult preliminary = FromMip(form_, verdict);
      Finish(preliminary);
      hooks_.on_preliminary(preliminary);
    }));
  }

  const SolveOptions& options_;
  const SolverCodes& codes_;
  const CheckedSolveHooks& hooks_;
  const StopControl control_;
  const MinForm form_;
  ProgressTracker tracker_;
};

}  // namespace

absl::Status CheckSolveOptions(const SolveOptions& options) {
  if (!(options.time_limit_seconds > 0)) return BadRequest("the time limit must be positive");
  if (!(options.gap_tolerance >= 0 && options.gap_tolerance <= 1))
    return BadRequest("the gap tolerance must be between 0 and 1");
  if (!(options.absolute_gap >= 0)) return BadRequest("the absolute gap must not be negative");
  if (options.node_limit && *options.node_limit < 0)
    return BadRequest("the node limit must not be negative");
  if (options.grace_seconds && !(*options.grace_seconds >= 0))
    return BadRequest("the grace time must not be negative");
  return absl::OkStatus();
}

absl::StatusOr<SolveResult> CheckedSolve(const Problem& problem, const SolveOptions& options,
                                         const SolveMonitor& monitor, const SolverCodes& codes,
                                         const CheckedSolveHooks& hooks) {
  RETURN_IF_ERROR(problem.Check());
  RETURN_IF_ERROR(CheckSolveOptions(options));
  return Solve(problem, options, monitor, codes, hooks).Run();
}

}  // namespace solvent
