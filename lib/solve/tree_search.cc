#include "tree_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "certificate.h"
#include "farkas.h"

namespace solvent {
namespace {

constexpr double kFractional = 1e-6;     // further from an integer than that is fractional
constexpr double kCostNoise = 1e-9;      // relative; costs closer than that are equal
constexpr double kLargestBranch = 1e15;  // beyond it v and v + 1 are no longer distinct enough
constexpr int64_t kNodesAfterOpen = 500;

// The step in which the cost of integer points moves, or 0.
double CostGrid(const MinForm& form) {
  for (double scale : {1.0, 2.0, 4.0, 5.0, 10.0, 100.0, 1000.0, 10000.0}) {
    int64_t divisor = 0;
    bool fits = true;
    for (int32_t j = 0; j < form.columns && fits; ++j) {
      if (form.cost[j] == 0) continue;
      const double v = form.cost[j] * scale;
      fits = form.integer[j] && std::abs(v) < 1e12 &&
             std::abs(v - std::round(v)) <= 1e-15 * std::abs(v);
      if (fits) divisor = std::gcd(divisor, std::llround(v));
    }
    if (fits && divisor > 0) return static_cast<double>(divisor) / scale;
  }
  return 0;
}

}  // namespace

TreeSearch::TreeSearch(const MinForm& form, const LpEngineFactory& factory, PointPolisher& polisher,
                       TreeOptions options)
    : form_(form),
      polisher_(polisher),
      options_(options),
      propagator_(form),
      implied_(form),
      factory_(factory),
      grid_(CostGrid(form)) {}

double TreeSearch::Slack() const {
  const double cost = result_.best->cost;
  return std::max(options_.absolute_gap, options_.relative_gap * std::abs(form_.ToOriginal(cost)));
}

bool TreeSearch::CloseByBound(double bound) {
  if (!result_.best) return false;
  const double cost = result_.best->cost;
  const double noise = kCostNoise * std::max(form_.cost_unit, std::abs(cost));
  if (bound >= cost - noise) return true;
  if (grid_ > 0 && bound > cost - grid_ * (1 - 1e-6) + noise) return true;
  if (bound < cost - Slack()) return false;
  weakest_ = std::min(weakest_, bound);
  return true;
}

bool TreeSearch::FixByReducedCost(Node& node, double bound,
                                  const std::vector<double>& reduced) const {
  if (!result_.best) return false;
  const double room = result_.best->cost - bound;  // points beyond it are no better
  if (!(room >= 0)) return false;
  bool changed = false;
  for (int32_t j = 0; j < form_.columns; ++j) {
    if (!form_.integer[j] || node.lower[j] == node.upper[j] || reduced[j] == 0) continue;
    // A reduced cost towards a bound that is not there is noise that the bound left out.
    if (std::isinf(reduced[j] > 0 ? node.lower[j] : node.upper[j])) continue;
    const double steps = std::floor(room / std::abs(reduced[j]) + 1e-6);
    if (!(steps < node.upper[j] - node.lower[j])) continue;
    (reduced[j] > 0 ? node.upper[j] = node.lower[j] + steps
                    : node.lower[j] = node.upper[j] - steps);
    changed = true;
  }
  return changed;
}

void TreeSearch::Offer(const std::vector<double>& x, const StopControl& control) {
  std::optional<CheckedPoint> point = polisher_.Polish(x, control);
  if (!point) return;
  if (result_.best) {
    const double noise = kCostNoise * std::max(form_.cost_unit, std::abs(result_.best->cost));
    if (point->cost >= result_.best->cost - noise) return;
  }
  result_.best = std::move(point);
  result_.improved = true;
}

bool TreeSearch::ProvenEmpty(const Node& node, const StopControl& control) {
  if (IsFarkasProof(form_, node.lower, node.upper, engine_->FarkasRay())) return true;
  return FindFarkasProof(form_, node.lower, node.upper, factory_, control).has_value();
}

double TreeSearch::NodeBound(const Node& node, std::vector<double>* reduced) {
  return DualBound(form_, node.lower, node.upper, engine_->RowDuals(), implied_, reduced);
}

bool TreeSearch::FindRay(const StopControl& control) {
  if (sought_ray_) return false;
  sought_ray_ = true;
  result_.root_unbounded = IsUnboundedRay(form_, engine_->UnboundedRay()) ||
                           FindUnboundedRay(form_, factory_, control).has_value();
  return result_.root_unbounded;
}

TreeSearch::Verdict TreeSearch::Process(Node& node, const StopControl& control) {
  if (!propagator_.Tighten(node.lower, node.upper)) return Verdict::kClosed;
  engine_->SetColumnBounds(node.lower, node.upper);
  LpStatus status = engine_->Solve(LpMethod::kDual, control);
  // A dual method calls unbounded what only has its optimum far away: others must agree.
  auto settled = [](LpStatus s) { return s != LpStatus::kFailed && s != LpStatus::kUnbounded; };
  for (size_t i = 0; !settled(status) && i < std::size(kFreshMethods); ++i) {
    status = engine_->Solve(kFreshMethods[i], control);
  }
  if (status == LpStatus::kInfeasible) {
    if (ProvenEmpty(node, control)) return Verdict::kClosed;
    // Nor is it believed that a node is empty while others find a point, or a ray, in it.
    for (LpMethod method : {LpMethod::kDualFromScratch, LpMethod::kPrimalFromScratch,
                            LpMethod::kPrimalUnscaled, LpMethod::kFar}) {
      const LpStatus other = engine_->Solve(method, control);
      if (other != LpStatus::kOptimal && other != LpStatus::kUnbounded) continue;
      status = other;
      break;
    }
  }
  if (status == LpStatus::kUnbounded &&
      engine_->Solve(LpMethod::kFar, control) == LpStatus::kOptimal)
    status = LpStatus::kOptimal;
  std::vector<double> reduced, x;
  double bound = -kInfinity;
  if (status == LpStatus::kOptimal) {
    x = engine_->Point();
    bound = NodeBound(node, &reduced);
    if (bound == -kInfinity) {
      // Costs below the solver's tolerance, towards bounds that are not there.
      const LpStatus fine = engine_->Solve(LpMethod::kFine, control);
      if (fine == LpStatus::kStopped || fine == LpStatus::kUnbounded) status = fine;
      if (fine == LpStatus::kOptimal) {
        x = engine_->Point();
        bound = NodeBound(node, &reduced);
      }
    }
  }
  switch (status) {
    case LpStatus::kStopped:
    case LpStatus::kFailed: return Verdict::kOpen;
    case LpStatus::kUnbounded: FindRay(control); return Verdict::kOpen;
    case LpStatus::kInfeasible:
      // Empty only by a hair: smaller pieces may be decided by integer reasoning.
      return Branch(node, engine_->Point(), control);
    case LpStatus::kOptimal: break;
  }
  // No multipliers support any bound: the point is no more than where the solver gave up.
  if (bound == -kInfinity && FindRay(control)) return Verdict::kOpen;
  if (CloseByBound(bound)) return Verdict::kClosed;

  double most = 0;
  for (int32_t j = 0; j < form_.columns; ++j) {
    if (form_.integer[j]) most = std::max(most, std::abs(x[j] - std::round(x[j])));
  }
  if (most <= kFractional) {
    Offer(x, control);
    if (CloseByBound(bound)) return Verdict::kClosed;
  }
  if (FixByReducedCost(node, bound, reduced) && !propagator_.Tighten(node.lower, node.upper))
    return Verdict::kClosed;
  return Branch(node, x, control);
}

// All integer columns are fixed: what is left is one linear problem, or a single point.
TreeSearch::Verdict TreeSearch::CloseFixed(const Node& node, const StopControl& control) {
  if (form_.integers == form_.columns) {
    // Evaluating the point is a proof by itself, whether it is a solution or not.
    Offer(node.lower, control);
    return Verdict::kClosed;
  }
  for (LpMethod method : {LpMethod::kDualFromScratch, LpMethod::kFine, LpMethod::kPrimalFromScratch,
                          LpMethod::kPrimalUnscaled, LpMethod::kFar}) {
    switch (engine_->Solve(method, control)) {
      case LpStatus::kOptimal:
        Offer(engine_->Point(), control);
        if (CloseByBound(NodeBound(node))) return Verdict::kClosed;
        break;
      case LpStatus::kInfeasible:
        if (ProvenEmpty(node, control)) return Verdict::kClosed;
        break;
      default: break;
    }
  }
  return Verdict::kOpen;
}

TreeSearch::Verdict TreeSearch::Branch(const Node& node, const std::vector<double>& x,
                                       const StopControl& control) {
  int32_t pick = -1;
  double best_score = -1;
  bool all_fixed = true;
  for (int32_t j = 0; j < form_.columns; ++j) {
    if (!form_.integer[j] || node.lower[j] >= node.upper[j]) continue;
    all_fixed = false;
    const double v = std::clamp(std::isfinite(x[j]) ? x[j] : 0.0, node.lower[j], node.upper[j]);
    if (std::abs(v) > kLargestBranch) continue;
    const double score = std::abs(v - std::round(v));
    if (score > best_score) {
      best_score = score;
      pick = j;
    }
  }
  if (all_fixed) return CloseFixed(node, control);
  if (pick < 0) return Verdict::kOpen;
  const double v =
      std::clamp(std::isfinite(x[pick]) ? x[pick] : 0.0, node.lower[pick], node.upper[pick]);
  auto push = [&](double low, double high) {
    if (low > high) return;
    stack_.push_back(node);
    stack_.back().lower[pick] = low;
    stack_.back().upper[pick] = high;
  };
  const double low = node.lower[pick], high = node.upper[pick];
  if (best_score > kFractional) {
    const double down = std::floor(v);
    const bool down_first = v - down < 0.5;
    if (down_first) push(down + 1, high);
    push(low, down);
    if (!down_first) push(down + 1, high);
  } else {
    // The relaxation is integral here, yet its point did not settle the node: split around it.
    const double at = std::round(v);
    push(low, at - 1);
    push(at + 1, high);
    push(at, at);
  }
  return Verdict::kBranched;
}

TreeResult TreeSearch::Run(std::optional<CheckedPoint> incumbent, const StopControl& control) {
  result_ = TreeResult{};
  result_.best = std::move(incumbent);
  weakest_ = kInfinity;
  sought_ray_ = false;
  stack_.clear();
  if (form_.empty_integer_range) {
    result_.complete = true;
    result_.bound = kInfinity;
    return std::move(result_);
  }
  engine_ = factory_(ModelOf(form_));
  stack_.push_back({form_.lower, form_.upper});
  bool open = false;
  int64_t node_limit = options_.node_limit;
  while (!stack_.empty()) {
    if (control.Stopped() || result_.nodes >= node_limit) {
      open = true;
      break;
    }
    Node node = std::move(stack_.back());
    stack_.pop_back();
    ++result_.nodes;
    if (Process(node, control) != Verdict::kOpen) continue;
    result_.undecided |= !control.Stopped() && !result_.root_unbounded;
    if (result_.best || result_.root_unbounded) {
      open = true;
      break;
    }
    // No proof will come of it any more, but others may still hold a point.
    if (!open) node_limit = std::min(node_limit, result_.nodes + kNodesAfterOpen);
    open = true;
  }
  result_.iterations = engine_->iterations();
  result_.complete = !open;
  if (result_.complete) {
    result_.bound = result_.best ? std::min(weakest_, result_.best->cost) : kInfinity;
  }
  return std::move(result_);
}

}  // namespace solvent
