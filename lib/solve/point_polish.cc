#include "point_polish.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace solvent {
namespace {

constexpr double kSnap = 1e-9;

double Snapped(double v, double lower, double upper) {
  for (double at : {lower, upper, std::round(v)}) {
    if (std::abs(v - at) <= kSnap * std::max(1.0, std::min(std::abs(at), std::abs(v))))
      return at + 0.0;  // no negative zeros
  }
  return v;
}

bool IsTight(const PointCheck& c) {
  return c.finite && c.max_integrality_violation == 0 && c.max_bound_violation <= kTightTolerance &&
         (c.max_row_violation <= kTightTolerance || c.max_scaled_row_violation <= 1e-13);
}

}  // namespace

bool IsSolution(const PointCheck& c) {
  return c.finite && c.max_integrality_violation == 0 &&
         c.max_bound_violation <= kFeasibilityTolerance &&
         (c.max_row_violation <= kFeasibilityTolerance ||
          c.max_scaled_row_violation <= kScaledTolerance);
}

void Evaluate(const MinForm& form, CheckedPoint& point) {
  point.check = CheckPoint(form.problem, point.x);
  if (point.check.max_row_violation > 0) {
    std::vector<double> snapped = point.x;
    for (int32_t j = 0; j < form.columns; ++j)
      snapped[j] = Snapped(snapped[j], form.lower[j], form.upper[j]);
    const PointCheck check = CheckPoint(form.problem, snapped);
    // Both measures: what rounding leaves in a row of large terms hides a violation of another.
    if (check.max_row_violation < point.check.max_row_violation &&
        check.max_scaled_row_violation <= point.check.max_scaled_row_violation) {
      point.x = std::move(snapped);
      point.check = check;
    }
  }
  point.cost = form.Cost(point.x);
}

LpModel ModelOf(const MinForm& form) {
  const Problem& p = form.problem;
  return {.rows = form.rows,
          .columns = form.columns,
          .start = p.column_start,
          .index = p.row_index,
          .value = p.value,
          .cost = form.cost,
          .lower = form.lower,
          .upper = form.upper,
          .row_lower = form.row_lower,
          .row_upper = form.row_upper};
}

PointPolisher::PointPolisher(const MinForm& form, LpEngineFactory factory)
    : form_(form), factory_(std::move(factory)) {}

std::optional<CheckedPoint> PointPolisher::Rounded(std::span<const double> x) const {
  if (static_cast<int32_t>(x.size()) != form_.columns) return std::nullopt;
  CheckedPoint point;
  point.x.assign(x.begin(), x.end());
  for (int32_t j = 0; j < form_.columns; ++j) {
    double& v = point.x[j];
    if (!std::isfinite(v)) return std::nullopt;
    if (form_.integer[j]) v = std::round(v);
    v = std::clamp(v, form_.lower[j], form_.upper[j]);
    if (v == 0) v = 0;  // no negative zeros
  }
  Evaluate(form_, point);
  return point;
}

std::optional<CheckedPoint> PointPolisher::SolveRest(const std::vector<double>& rounded,
                                                     const StopControl& control) {
  if (form_.integers == form_.columns) return std::nullopt;
  std::vector<double> lower = form_.lower, upper = form_.upper;
  for (int32_t j = 0; j < form_.columns; ++j) {
    if (form_.integer[j]) lower[j] = upper[j] = rounded[j];
  }
  if (engine_ == nullptr) engine_ = factory_(ModelOf(form_));
  engine_->SetColumnBounds(lower, upper);
  std::optional<CheckedPoint> best;
  for (LpMethod method :
       {LpMethod::kDual, LpMethod::kPrimalFromScratch, LpMethod::kPrimalUnscaled}) {
    if (engine_->Solve(method, control) != LpStatus::kOptimal) break;
    std::optional<CheckedPoint> found = Rounded(engine_->Point());
    if (found && IsSolution(found->check) &&
        (!best || found->check.max_row_violation < best->check.max_row_violation)) {
      best = std::move(found);
    }
    if (best && IsTight(best->check)) break;
  }
  // Sides so large that no double meets them to the other methods' tolerance.
  if (!best && engine_->Solve(LpMethod::kFar, control) == LpStatus::kOptimal) {
    std::optional<CheckedPoint> far = Rounded(engine_->Point());
    if (far && IsSolution(far->check)) best = std::move(far);
  }
  if (form_.wide_costs && engine_->Solve(LpMethod::kFine, control) == LpStatus::kOptimal) {
    std::optional<CheckedPoint> fine = Rounded(engine_->Point());
    if (fine && IsSolution(fine->check) && (!best || fine->cost < best->cost)) return fine;
  }
  return best;
}

std::optional<CheckedPoint> PointPolisher::Polish(std::span<const double> x,
                                                  const StopControl& control) {
  if (form_.empty_integer_range) return std::nullopt;
  std::optional<CheckedPoint> rounded = Rounded(x);
  if (!rounded) return std::nullopt;
  if (IsTight(rounded->check)) {
    if (!form_.wide_costs) return rounded;
    // What the solver's tolerances left lying may still be had.
    std::optional<CheckedPoint> solved = SolveRest(rounded->x, control);
    return solved && solved->cost < rounded->cost ? solved : rounded;
  }
  if (std::optional<CheckedPoint> solved = SolveRest(rounded->x, control)) return solved;
  if (IsSolution(rounded->check)) return rounded;
  return std::nullopt;
}

std::optional<CheckedPoint> PointPolisher::Complete(std::span<const double> x,
                                                    const StopControl& control) {
  if (form_.empty_integer_range || static_cast<int32_t>(x.size()) != form_.columns)
    return std::nullopt;
  std::vector<double> start(x.begin(), x.end());
  for (int32_t j = 0; j < form_.columns; ++j) {
    if (std::isfinite(start[j])) continue;
    if (form_.integer[j]) return std::nullopt;
    start[j] = std::clamp(0.0, form_.lower[j], form_.upper[j]);
  }
  std::optional<CheckedPoint> rounded = Rounded(start);
  if (!rounded) return std::nullopt;
  if (std::optional<CheckedPoint> solved = SolveRest(rounded->x, control)) return solved;
  if (IsSolution(rounded->check)) return rounded;
  return std::nullopt;
}

}  // namespace solvent
