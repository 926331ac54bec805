#include "lp_settle.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "certificate.h"
#include "farkas.h"

namespace solvent {
namespace {

constexpr double kEqualCost = 1e-7;
constexpr double kTolerancePenalty = 1000;
// What the rounding of the point's own values may make of its cost.
constexpr double kCostRounding = 2e-16;

using Methods = std::initializer_list<LpMethod>;
constexpr Methods kMethods = {LpMethod::kUsual,
                              LpMethod::kDual,
                              LpMethod::kFine,
                              LpMethod::kDualFromScratch,
                              LpMethod::kPrimalFromScratch,
                              LpMethod::kPrimalUnscaled,
                              LpMethod::kFar};
constexpr Methods kCarefulMethods = {LpMethod::kPrimalFromScratch, LpMethod::kFine,
                                     LpMethod::kPrimalUnscaled, LpMethod::kFar};

// A relaxation's point: integer columns may be fractional.
std::optional<CheckedPoint> CheckRelaxed(const MinForm& form, std::vector<double> x) {
  CheckedPoint point;
  for (int32_t j = 0; j < form.columns; ++j) {
    if (!std::isfinite(x[j])) return std::nullopt;
    x[j] = std::clamp(x[j], form.lower[j], form.upper[j]);
    if (x[j] == 0) x[j] = 0;  // no negative zeros
  }
  point.x = std::move(x);
  Evaluate(form, point);
  PointCheck as_continuous = point.check;
  as_continuous.max_integrality_violation = 0;
  if (!IsSolution(as_continuous)) return std::nullopt;
  return point;
}

std::optional<CheckedPoint> AnyPoint(const MinForm& form, const LpEngineFactory& factory,
                                     const StopControl& control) {
  LpModel model = ModelOf(form);
  const std::vector<double> no_cost(form.columns, 0.0);
  model.cost = no_cost;
  std::unique_ptr<LpEngine> engine = factory(model);
  for (LpMethod method : kFreshMethods) {
    if (engine->Solve(method, control) != LpStatus::kOptimal) continue;
    if (auto point = CheckRelaxed(form, engine->Point())) return point;
  }
  return std::nullopt;
}

class Settler {
 public:
  Settler(const MinForm& form, const LpEngineFactory& factory, const StopControl& control)
      : form_(form),
        factory_(factory),
        control_(control),
        engine_(factory(ModelOf(form))),
        implied_(form) {}

  LpVerdict Run(bool insist, const LpBasis& start, bool careful) {
    if (!careful && !start.columns.empty() && engine_->SetBasis(start.columns, start.rows)) {
      const LpStatus status = engine_->Solve(LpMethod::kFromBasis, control_);
      if (status == LpStatus::kStopped) return Stopped();
      if (status != LpStatus::kFailed && Judge(status)) {
        verdict_.from_basis = true;
        verdict_.iterations = engine_->iterations();
        return std::move(verdict_);
      }
      // Without a proof it is as if this had not been tried.
      verdict_ = LpVerdict();
      engine_ = factory_(ModelOf(form_));
    }
    bool said_infeasible = false, said_unbounded = false;
    std::optional<LpStatus> first;
    for (LpMethod method : careful ? kCarefulMethods : kMethods) {
      const LpStatus status = engine_->Solve(method, control_);
      if (status == LpStatus::kStopped) return Stopped();
      if (status == LpStatus::kFailed) continue;
      if (!first) first = status;
      said_infeasible |= status == LpStatus::kInfeasible;
      said_unbounded |= status == LpStatus::kUnbounded;
      if (Judge(status)) break;
      // Without any bound some column still improves the objective, be it ever so little.
      if (!insist && verdict_.status == LpStatus::kOptimal && verdict_.bound > -kInfinity) break;
    }
    // One that also has a ray may be called unbounded, or nothing, though it has no point.
    if (!verdict_.proven &&
        (said_infeasible || said_unbounded || verdict_.status == LpStatus::kFailed)) {
      if (FindFarkasProof(form_, form_.lower, form_.upper, factory_, control_))
        Prove(LpStatus::kInfeasible, "farkas");
    }
    // Nor is "optimal" more than a word where no multipliers support any bound at all.
    const bool boundless = verdict_.status == LpStatus::kOptimal && verdict_.bound == -kInfinity;
    if (!verdict_.proven && (said_unbounded || said_infeasible || boundless)) {
      if (auto ray = FindUnboundedRay(form_, factory_, control_)) ProveUnbounded(*ray);
    }
    if (verdict_.status == LpStatus::kFailed && control_.Stopped()) return Stopped();
    // Never "infeasible" or "unbounded" without a proof: a simplex code says so of what only lies
    // far away, or where rows nearly depend on each other.
    verdict_.corrected =
        first.has_value() && verdict_.status != LpStatus::kFailed && *first != verdict_.status;
    verdict_.iterations = engine_->iterations();
    return std::move(verdict_);
  }

 private:
  LpVerdict Stopped() {
    LpVerdict stopped;
    stopped.status = LpStatus::kStopped;
    stopped.iterations = engine_->iterations();
    stopped.point = CheckRelaxed(form_, engine_->Point());
    return stopped;
  }

  void Prove(LpStatus status, const char* method) {
    verdict_.status = status;
    verdict_.proven = true;
    verdict_.method = method;
    if (status == LpStatus::kInfeasible) verdict_.point.reset();
  }

  bool ProveUnbounded(const std::vector<double>& ray) {
    if (!IsUnboundedRay(form_, ray)) return false;
    std::optional<CheckedPoint> point = std::move(verdict_.point);
    if (!point) point = CheckRelaxed(form_, engine_->Point());
    if (!point) point = AnyPoint(form_, factory_, control_);
    if (!point) return false;
    verdict_.point = std::move(point);
    Prove(LpStatus::kUnbounded, "ray");
    return true;
  }

  bool Judge(LpStatus status) {
    switch (status) {
      case LpStatus::kInfeasible:
        if (!IsFarkasProof(form_, form_.lower, form_.upper, engine_->FarkasRay())) return false;
        Prove(LpStatus::kInfeasible, "farkas");
        return true;
      case LpStatus::kUnbounded: return ProveUnbounded(engine_->UnboundedRay());
      default: return JudgeOptimal();
    }
  }

  bool JudgeOptimal() {
    std::optional<CheckedPoint> point = CheckRelaxed(form_, engine_->Point());
    if (!point) return false;
    std::vector<double> y = engine_->RowDuals();
    const double bound = DualBound(form_, form_.lower, form_.upper, y, implied_);
    const bool meets = BoundMeetsCost(form_, bound, *point);
    // A point that costs less than the bound makes use of a tolerance: another is better unless it
    // is far off.
    const double distance =
        point->cost < bound ? kTolerancePenalty * (bound - point->cost) : point->cost - bound;
    const bool better =
        verdict_.status != LpStatus::kOptimal || distance < distance_ ||
        (std::isinf(bound) && std::isinf(verdict_.bound) && point->cost < verdict_.point->cost);
    if (!meets && !better) return false;
    distance_ = distance;
    verdict_.status = LpStatus::kOptimal;
    verdict_.bound = std::min(bound, point->cost);
    verdict_.point = std::move(point);
    verdict_.reduced_cost = ReducedCosts(form_, y);
    verdict_.row_dual = std::move(y);
    engine_->Basis(verdict_.column_basis, verdict_.row_basis);
    if (meets) Prove(LpStatus::kOptimal, "dual_bound");
    return meets;
  }

  const MinForm& form_;
  const LpEngineFactory& factory_;
  const StopControl& control_;
  std::unique_ptr<LpEngine> engine_;
  ImpliedBounds implied_;
  LpVerdict verdict_;
  double distance_ = kInfinity;  // of its point from the bound that came with it
};

}  // namespace

bool BoundMeetsCost(const MinForm& form, double bound, const CheckedPoint& point) {
  double terms = 0;
  for (int32_t j = 0; j < form.columns; ++j) terms += std::abs(form.cost[j] * point.x[j]);
  return std::abs(point.cost - bound) <=
         kEqualCost * std::max(form.cost_unit, std::abs(point.cost)) + kCostRounding * terms;
}

LpVerdict SettleLp(const MinForm& form, const LpEngineFactory& factory, const StopControl& control,
                   bool insist, const LpBasis& start, bool careful) {
  return Settler(form, factory, control).Run(insist, start, careful);
}

}  // namespace solvent
