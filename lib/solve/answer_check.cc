#include "answer_check.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "certificate.h"
#include "lp_settle.h"
#include "min_form.h"
#include "point_polish.h"

namespace solvent {
namespace {

constexpr size_t kMostHistory = 500;
// A value this close to an integer was meant to be one.
constexpr double kIntegerSlack = 1e-5;
// Costs closer than that, relatively, are the same answer.
constexpr double kSameCost = 1e-6;

class AnswerCheck {
 public:
  AnswerCheck(const Problem& problem, const SolveOptions& options, SolveResult claimed)
      : problem_(problem), options_(options), form_(problem), claimed_(std::move(claimed)) {}

  SolveResult Run(bool stopped, bool overdue) {
    result_.iterations = std::max<int64_t>(claimed_.iterations, 0);
    result_.nodes = std::max<int64_t>(claimed_.nodes, 0);
    result_.warm_start_used = claimed_.warm_start_used;
    result_.warning = std::move(claimed_.warning);
    result_.verification.note = std::move(claimed_.verification.note);
    KeepHistory();
    TakePoint();
    SolveStatus status = claimed_.status;
    if (status == SolveStatus::kCancelled && overdue) status = SolveStatus::kTimeLimit;
    // Who was asked to stop, and did, was cancelled, whatever it calls that.
    if (stopped && (status == SolveStatus::kTimeLimit || status == SolveStatus::kFeasible)) {
      status = SolveStatus::kCancelled;
    }
    switch (status) {
      case SolveStatus::kOptimal: SettleOptimal(); break;
      case SolveStatus::kFeasible: SettleStopped(SolveStatus::kFeasible); break;
      case SolveStatus::kTimeLimit: SettleStopped(SolveStatus::kTimeLimit); break;
      case SolveStatus::kCancelled:
        SettleStopped(stopped ? SolveStatus::kCancelled : SolveStatus::kFeasible);
        break;
      case SolveStatus::kInfeasible: SettleInfeasible(); break;
      case SolveStatus::kUnbounded: SettleUnbounded(); break;
      case SolveStatus::kError:
        Fail(claimed_.error.empty() ? "the solver failed" : std::move(claimed_.error));
        break;
      default: Fail("the solver's status is none that is known");
    }
    return std::move(result_);
  }

 private:
  void KeepHistory() {
    std::vector<Progress>& history = claimed_.history;
    if (history.size() > kMostHistory) {
      history.erase(history.begin(), history.end() - static_cast<ptrdiff_t>(kMostHistory));
    }
    result_.history = std::move(history);
  }

  void Note(std::string_view text) {
    std::string& note = result_.verification.note;
    if (!note.empty()) note += "; ";
    note += text;
  }

  void Fail(std::string error) {
    SolveResult failed;
    failed.status = SolveStatus::kError;
    failed.error = std::move(error);
    failed.iterations = result_.iterations;
    failed.nodes = result_.nodes;
    result_ = std::move(failed);
    point_.reset();
  }

  // The claimed point with what is within the tolerances put right, or why it is none.
  void TakePoint() {
    if (!claimed_.has_point) return;
    std::vector<double>& x = claimed_.x;
    if (x.size() != problem_.objective.size()) {
      fault_ = "the solver's point has " + std::to_string(x.size()) + " values for " +
               std::to_string(problem_.objective.size()) + " columns";
      return;
    }
    for (int32_t j = 0; j < form_.columns; ++j) {
      double& v = x[j];
      if (!std::isfinite(v)) {
        fault_ = "the solver's value of " + problem_.ColumnName(j) + " is not finite";
        return;
      }
      if (form_.integer[j] && std::abs(v - std::round(v)) <= kIntegerSlack) v = std::round(v);
      if (v < form_.lower[j] && v >= form_.lower[j] - kFeasibilityTolerance) v = form_.lower[j];
      if (v > form_.upper[j] && v <= form_.upper[j] + kFeasibilityTolerance) v = form_.upper[j];
      if (v == 0) v = 0;  // no negative zeros
    }
    point_ = AsSolution(std::move(x));
    if (point_) return;
    const PointCheck& check = rejected_;
    const bool row = check.worst_row >= 0 && check.max_row_violation >= check.max_bound_violation;
    fault_ = "the solver's point does not satisfy the problem: ";
    if (check.max_integrality_violation > 0 && !row) {
      fault_ += problem_.ColumnName(check.worst_column) + " is not an integer";
    } else if (row) {
      fault_ += "row " + problem_.RowName(check.worst_row) + " is violated";
    } else {
      fault_ += problem_.ColumnName(check.worst_column) + " is outside its bounds";
    }
  }

  std::optional<CheckedPoint> AsSolution(std::vector<double> x) {
    PointCheck check = CheckPoint(problem_, x);
    if (!IsSolution(check)) {
      rejected_ = check;
      return std::nullopt;
    }
    const double cost = form_.Cost(x);
    return CheckedPoint{std::move(x), cost, check};
  }

  // Points that are there without any solver: all at zero or the bound nearest to it, all at the
  // better bound, and the one that the caller brought along.
  std::vector<CheckedPoint> SimplePoints() {
    std::vector<CheckedPoint> points;
    auto add = [&](std::vector<double> x) {
      if (x.size() != problem_.objective.size()) return;
      if (auto point = AsSolution(std::move(x))) points.push_back(*std::move(point));
    };
    std::vector<double> zero(form_.columns), best(form_.columns);
    for (int32_t j = 0; j < form_.columns; ++j) {
      if (form_.lower[j] > form_.upper[j]) return points;
      zero[j] = std::clamp(0.0, form_.lower[j], form_.upper[j]);
      const double bound = form_.cost[j] > 0 ? form_.lower[j] : form_.upper[j];
      best[j] = form_.cost[j] != 0 && std::isfinite(bound) ? bound : zero[j];
    }
    add(std::move(zero));
    add(std::move(best));
    add(options_.warm_start);
    return points;
  }

  bool Better(double a, double b) const {
    return a < b - kSameCost * std::max(form_.cost_unit, std::abs(b));
  }

  double Slack(double cost) const {
    return std::max({options_.absolute_gap,
                     options_.gap_tolerance * std::abs(form_.ToOriginal(cost)),
                     kSameCost * std::max(form_.cost_unit, std::abs(cost))});
  }

  // Moves one column after the other as far as its bounds and rows allow, where that is better.
  std::vector<double> Stepped(std::vector<double> x) const {
    std::vector<double> activity = problem_.Activity(x);
    for (int32_t j = 0; j < form_.columns; ++j) {
      if (form_.cost[j] == 0) continue;
      const double direction = form_.cost[j] > 0 ? -1 : 1;
      double step = direction > 0 ? form_.upper[j] - x[j] : x[j] - form_.lower[j];
      for (int64_t k = problem_.column_start[j]; k < problem_.column_start[j + 1] && step > 0;
           ++k) {
        const int32_t i = problem_.row_index[k];
        const double rate = direction * problem_.value[k];
        const double room =
            rate > 0 ? form_.row_upper[i] - activity[i] : activity[i] - form_.row_lower[i];
        step = std::min(step, std::max(room, 0.0) / std::abs(rate));
      }
      if (form_.integer[j]) step = std::floor(step + 1e-9);
      if (!std::isfinite(step) || step <= 0) continue;
      x[j] += direction * step;
      for (int64_t k = problem_.column_start[j]; k < problem_.column_start[j + 1]; ++k) {
        activity[problem_.row_index[k]] += direction * step * problem_.value[k];
      }
    }
    return x;
  }

  // True when a better point than the claimed optimum was found, which then takes its place.
  bool Improve() {
    const double allowed = point_->cost - Slack(point_->cost);
    std::vector<CheckedPoint> others = SimplePoints();
    if (auto stepped = AsSolution(Stepped(point_->x))) others.push_back(*std::move(stepped));
    bool false_claim = false;
    for (CheckedPoint& other : others) {
      if (other.cost < allowed) false_claim = true;
      if (Better(other.cost, point_->cost)) point_ = std::move(other);
    }
    return false_claim;
  }

  void PutPoint() {
    Verification& v = result_.verification;
    result_.has_point = true;
    result_.objective = point_->check.objective;
    v.point_checked = true;
    v.max_row_violation = point_->check.max_row_violation;
    v.max_bound_violation = point_->check.max_bound_violation;
    v.max_integrality_violation = point_->check.max_integrality_violation;
    result_.x = point_->x;
  }

  // The claimed bound, in the terms of the minimization, unless the point refutes it.
  std::optional<double> Bound() {
    if (!std::isfinite(claimed_.bound)) return std::nullopt;
    const double bound = form_.FromOriginal(claimed_.bound);
    if (point_ && Better(point_->cost, bound)) {
      Note("the solver's bound is beyond its own point and was dropped");
      return std::nullopt;
    }
    return point_ ? std::min(bound, point_->cost) : bound;
  }

  void PutBound(double bound) {
    result_.bound = point_ && bound == point_->cost ? result_.objective : form_.ToOriginal(bound);
    if (point_) result_.gap = RelativeGap(result_.objective, result_.bound);
  }

  // As the minimization has them; empty unless the claimed ones fit.
  std::vector<double> Duals() const {
    std::vector<double> y = claimed_.row_dual;
    if (y.size() != static_cast<size_t>(form_.rows)) return {};
    for (double& d : y) {
      if (!std::isfinite(d)) return {};
      d *= form_.sign;
    }
    return y;
  }

  bool ProvesOptimum(std::span<const double> y) const {
    ImpliedBounds implied(form_);
    return BoundMeetsCost(form_, DualBound(form_, form_.lower, form_.upper, y, implied), *point_);
  }

  void PutDuals(const std::vector<double>& y) {
    result_.row_dual = y;
    for (double& d : result_.row_dual) d = d == 0 ? 0 : form_.sign * d;
    result_.reduced_cost = ReducedCosts(form_, y);
    for (double& d : result_.reduced_cost) d = d == 0 ? 0 : form_.sign * d;
    auto fits = [](const std::vector<BasisStatus>& basis, int32_t size) {
      return basis.size() == static_cast<size_t>(size) &&
             std::all_of(basis.begin(), basis.end(),
                         [](BasisStatus s) { return s <= BasisStatus::kFixed; });
    };
    if (!fits(claimed_.column_basis, form_.columns) || !fits(claimed_.row_basis, form_.rows))
      return;
    result_.column_basis = std::move(claimed_.column_basis);
    result_.row_basis = std::move(claimed_.row_basis);
  }

  void SettleOptimal() {
    if (!point_) {
      Fail(fault_.empty() ? "the solver called the problem optimal and gave no point"
                          : std::move(fault_));
      return;
    }
    Verification& v = result_.verification;
    const std::vector<double> y = Duals();
    const bool by_duals = !y.empty() && ProvesOptimum(y);
    if (by_duals || ProvesOptimum(std::vector<double>(form_.rows, 0.0))) {
      result_.status = SolveStatus::kOptimal;
      v.trust = Trust::kProven;
      v.method = "dual_bound";
      PutPoint();
      PutBound(point_->cost);
      if (form_.integers == 0 && options_.want_duals && by_duals) PutDuals(y);
      return;
    }
    if (Improve()) {
      result_.status = SolveStatus::kFeasible;
      v.corrected = true;
      PutPoint();
      Note("the solver's claim of optimality was found false");
      return;
    }
    const std::optional<double> bound = Bound();
    PutPoint();
    if (bound) PutBound(*bound);
    if (bound && *bound < point_->cost - Slack(point_->cost)) {
      result_.status = SolveStatus::kFeasible;
      Note("the gap asked for was not reached");
      return;
    }
    result_.status = SolveStatus::kOptimal;
    v.trust = Trust::kSolverWord;
  }

  void SettleStopped(SolveStatus status) {
    result_.status = status;
    if (point_) {
      const std::optional<double> bound = Bound();
      PutPoint();
      if (bound) PutBound(*bound);
      return;
    }
    if (status == SolveStatus::kFeasible) {
      Fail(fault_.empty() ? "the solver gave no point" : std::move(fault_));
      return;
    }
    if (!fault_.empty()) Note(fault_);
    if (const std::optional<double> bound = Bound()) PutBound(*bound);
  }

  void SettleInfeasible() {
    if (point_ || !SimplePoints().empty()) {
      Fail("the solver called the problem infeasible, which has a point");
      return;
    }
    result_.status = SolveStatus::kInfeasible;
    result_.verification.trust = Trust::kSolverWord;
    if (!form_.empty_integer_range) return;
    result_.verification.trust = Trust::kProven;
    result_.verification.method = "tree";
  }

  void SettleUnbounded() {
    const std::vector<double> none(form_.rows, 0.0);
    ImpliedBounds implied(form_);
    if (std::isfinite(DualBound(form_, form_.lower, form_.upper, none, implied))) {
      Fail("the solver called the problem unbounded, which the columns' bounds exclude");
      return;
    }
    result_.status = SolveStatus::kUnbounded;
    result_.verification.trust = Trust::kSolverWord;
  }

  const Problem& problem_;
  const SolveOptions& options_;
  const MinForm form_;
  SolveResult claimed_;
  SolveResult result_;
  std::optional<CheckedPoint> point_;
  std::string fault_;    // why the claimed point is none
  PointCheck rejected_;  // of the last point that was none
};

}  // namespace

SolveResult CheckAnswer(const Problem& problem, const SolveOptions& options, SolveResult claimed,
                        bool stopped, bool overdue) {
  return AnswerCheck(problem, options, std::move(claimed)).Run(stopped, overdue);
}

}  // namespace solvent
