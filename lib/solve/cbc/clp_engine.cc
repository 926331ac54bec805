#include "clp_engine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "ClpSimplex.hpp"
#include "ClpSolve.hpp"
#include "CoinError.hpp"
#include "guard.h"
#include "min_form.h"
#include "power_scale.h"

namespace solvent {
namespace {

constexpr double kTight = 1e-9;
constexpr double kUsualTolerance = 1e-7;
// Below that many nonzeros presolve costs more than it saves.
constexpr size_t kPresolveNonzeros = 2000;
// Bounds from here on are none.
constexpr double kClpInfinity = 1e30;
// What kFar shrinks the largest side to, and how far kFine may magnify the largest cost.
constexpr double kNearSide = 0x1p16;
constexpr double kLargestFineCost = 0x1p46;
constexpr double kLeastFineStep = 0x1p13;

double ClpBound(double v) {
  constexpr double kNone = std::numeric_limits<double>::max();
  return std::isinf(v) ? (v > 0 ? kNone : -kNone) : v;
}

std::vector<double> ClpBounds(std::span<const double> v) {
  std::vector<double> out(v.size());
  std::transform(v.begin(), v.end(), out.begin(), ClpBound);
  return out;
}

BasisStatus FromClp(ClpSimplex::Status status, double value, double lower, double upper) {
  switch (status) {
    case ClpSimplex::basic: return BasisStatus::kBasic;
    case ClpSimplex::isFixed: return BasisStatus::kFixed;
    case ClpSimplex::isFree:
    case ClpSimplex::superBasic: return BasisStatus::kFree;
    case ClpSimplex::atUpperBound:
    case ClpSimplex::atLowerBound: break;
  }
  // Told by the value: Clp counts a row's logical column with its sign turned.
  if (lower == upper) return BasisStatus::kFixed;
  return std::abs(value - lower) <= std::abs(upper - value) ? BasisStatus::kAtLower
                                                            : BasisStatus::kAtUpper;
}

// `turned`: Clp counts a row's logical column with its sign turned.
ClpSimplex::Status ToClp(BasisStatus status, double lower, double upper, bool turned) {
  if (status == BasisStatus::kBasic) return ClpSimplex::basic;
  if (std::isinf(lower) && std::isinf(upper)) return ClpSimplex::isFree;
  if (lower == upper) return ClpSimplex::isFixed;
  bool at_upper = status == BasisStatus::kAtUpper;
  if (std::isinf(upper)) at_upper = false;
  if (std::isinf(lower)) at_upper = true;
  return at_upper != turned ? ClpSimplex::atUpperBound : ClpSimplex::atLowerBound;
}

class ClpEngine : public LpEngine {
 public:
  ClpEngine(const LpModel& model, ProgressTracker* tracker)
      : nonzeros_(model.value.size()), tracker_(tracker) {
    simplex_.setLogLevel(0);
    std::vector<CoinBigIndex> start(model.start.begin(), model.start.end());
    simplex_.loadProblem(model.columns, model.rows, start.data(), model.index.data(),
                         model.value.data(), ClpBounds(model.lower).data(),
                         ClpBounds(model.upper).data(), model.cost.data(),
                         ClpBounds(model.row_lower).data(), ClpBounds(model.row_upper).data());
    simplex_.setOptimizationDirection(1);
    MeasureCosts();
  }

  void SetColumnBounds(std::span<const double> lower, std::span<const double> upper) override {
    ScaleSides(1);
    std::transform(lower.begin(), lower.end(), simplex_.columnLower(), ClpBound);
    std::transform(upper.begin(), upper.end(), simplex_.columnUpper(), ClpBound);
  }

  void SetRowBounds(std::span<const double> lower, std::span<const double> upper) override {
    ScaleSides(1);
    std::transform(lower.begin(), lower.end(), simplex_.rowLower(), ClpBound);
    std::transform(upper.begin(), upper.end(), simplex_.rowUpper(), ClpBound);
  }

  void SetCost(std::span<const double> cost) override {
    std::copy(cost.begin(), cost.end(), simplex_.objective());
    cost_factor_ = 1;
    MeasureCosts();
  }

  bool SetBasis(std::span<const BasisStatus> columns, std::span<const BasisStatus> rows) override {
    if (std::ssize(columns) != simplex_.numberColumns() ||
        std::ssize(rows) != simplex_.numberRows()) {
      return false;
    }
    auto basic = [](BasisStatus s) { return s == BasisStatus::kBasic; };
    if (std::count_if(columns.begin(), columns.end(), basic) +
            std::count_if(rows.begin(), rows.end(), basic) !=
        simplex_.numberRows()) {
      return false;
    }
    auto bound = [](double v) {
      return std::abs(v) >= kClpInfinity ? std::copysign(kInfinity, v) : v;
    };
    simplex_.createStatus();
    for (int j = 0; j < simplex_.numberColumns(); ++j) {
      simplex_.setColumnStatus(j, ToClp(columns[j], bound(simplex_.columnLower()[j]),
                                        bound(simplex_.columnUpper()[j]), false));
    }
    for (int i = 0; i < simplex_.numberRows(); ++i) {
      simplex_.setRowStatus(
          i, ToClp(rows[i], bound(simplex_.rowLower()[i]), bound(simplex_.rowUpper()[i]), true));
    }
    return true;
  }

  LpStatus Solve(LpMethod method, const StopControl& control) override {
    Guard guard{.control = &control, .tracker = tracker_, .report_iterations = true};
    GuardSimplexHandler handler(&guard);
    simplex_.passInEventHandler(&handler);
    LpStatus status = LpStatus::kFailed;
    try {
      status = Run(method);
    } catch (const CoinError&) {
      status = LpStatus::kFailed;
    }
    // The handler just passed in points to this frame.
    ClpEventHandler idle;
    simplex_.passInEventHandler(&idle);
    return guard.fired ? LpStatus::kStopped : status;
  }

  std::vector<double> Point() const override {
    const double* x = simplex_.primalColumnSolution();
    return Divided(x, simplex_.numberColumns(), side_factor_);
  }

  std::vector<double> RowDuals() const override {
    const double* y = simplex_.dualRowSolution();
    return Divided(y, simplex_.numberRows(), cost_factor_);
  }

  std::vector<double> FarkasRay() const override {
    if (simplex_.status() != 1) return {};
    return Take(simplex_.infeasibilityRay(), simplex_.numberRows());
  }

  std::vector<double> UnboundedRay() const override {
    if (simplex_.status() != 2) return {};
    return Take(simplex_.unboundedRay(), simplex_.numberColumns());
  }

  void Basis(std::vector<BasisStatus>& columns, std::vector<BasisStatus>& rows) const override {
    if (!simplex_.statusExists()) return;
    columns.resize(simplex_.numberColumns());
    for (int j = 0; j < simplex_.numberColumns(); ++j) {
      columns[j] = FromClp(simplex_.getColumnStatus(j), simplex_.primalColumnSolution()[j],
                           simplex_.columnLower()[j], simplex_.columnUpper()[j]);
    }
    rows.resize(simplex_.numberRows());
    for (int i = 0; i < simplex_.numberRows(); ++i) {
      rows[i] = FromClp(simplex_.getRowStatus(i), simplex_.primalRowSolution()[i],
                        simplex_.rowLower()[i], simplex_.rowUpper()[i]);
    }
  }

  int64_t iterations() const override { return iterations_; }

  bool BeginSteps() override {
    steps_ = std::make_unique<ClpSimplex>(simplex_);
    steps_->scaling(0);  // Clp's tableau columns are those of the unscaled problem only then
    if (steps_->startup(0) != 0) {
      steps_.reset();
      return false;
    }
    step_basics_.resize(static_cast<size_t>(steps_->numberRows()));
    steps_->getBasics(step_basics_.data());
    return true;
  }

  std::vector<double> Step(bool row, int32_t index) override {
    if (steps_ == nullptr) return {};
    const int columns = steps_->numberColumns();
    const ClpSimplex::Status status =
        row ? steps_->getRowStatus(index) : steps_->getColumnStatus(index);
    if (status == ClpSimplex::basic) return {};
    std::vector<double> tableau(step_basics_.size());
    steps_->getBInvACol(row ? columns + index : index, tableau.data());
    std::vector<double> step(static_cast<size_t>(columns));
    for (size_t k = 0; k < tableau.size(); ++k) {
      if (step_basics_[k] < columns) step[step_basics_[k]] = -tableau[k];
    }
    if (!row) {
      step[index] = 1;
      return step;
    }
    // Clp counts a row's logical column with its sign turned, here and there.
    double moved = 0;
    const CoinPackedMatrix& by_column = *steps_->matrix();
    for (int j = 0; j < columns; ++j) {
      if (step[j] == 0) continue;
      for (CoinBigIndex k = by_column.getVectorStarts()[j];
           k < by_column.getVectorStarts()[j] + by_column.getVectorLengths()[j]; ++k) {
        if (by_column.getIndices()[k] == index) moved += by_column.getElements()[k] * step[j];
      }
    }
    if (moved == 0) return {};
    for (double& v : step) v /= moved;
    return step;
  }

 private:
  static std::vector<double> Take(double* ray, int size) {
    std::vector<double> out;
    if (ray != nullptr) out.assign(ray, ray + size);
    delete[] ray;
    return out;
  }

  static std::vector<double> Divided(const double* v, int size, double factor) {
    std::vector<double> out(v, v + size);
    if (factor != 1) {
      for (double& d : out) d /= factor;
    }
    return out;
  }

  // Of the costs as they were given.
  void MeasureCosts() {
    const std::span<const double> cost(simplex_.objective(),
                                       static_cast<size_t>(simplex_.numberColumns()));
    const double most = LargestSize(cost);
    double least = most;
    for (double c : cost) {
      if (c != 0) least = std::min(least, std::abs(c));
    }
    usual_cost_factor_ = CostFactor(cost);
    fine_cost_factor_ = 1;
    if (most == 0) return;
    fine_cost_factor_ = std::min(std::max(ScaleToOne(least), kLeastFineStep * ScaleToOne(most)),
                                 kLargestFineCost * ScaleToOne(most));
  }

  void ScaleCosts(double factor) {
    if (factor == cost_factor_) return;
    double* cost = simplex_.objective();
    for (int j = 0; j < simplex_.numberColumns(); ++j) cost[j] *= factor / cost_factor_;
    cost_factor_ = factor;
  }

  double FarFactor() const {
    double most = 0;
    auto look = [&most](const double* v, int size) {
      for (int i = 0; i < size; ++i) {
        if (std::abs(v[i]) < kClpInfinity) most = std::max(most, std::abs(v[i]));
      }
    };
    look(simplex_.columnLower(), simplex_.numberColumns());
    look(simplex_.columnUpper(), simplex_.numberColumns());
    look(simplex_.rowLower(), simplex_.numberRows());
    look(simplex_.rowUpper(), simplex_.numberRows());
    most /= side_factor_;
    return most > kNearSide ? kNearSide * ScaleToOne(most) : 1;
  }

  void ScaleSides(double factor) {
    if (factor == side_factor_) return;
    auto scale = [&](double* v, int size) {
      for (int i = 0; i < size; ++i) {
        if (std::abs(v[i]) < kClpInfinity) v[i] *= factor / side_factor_;
      }
    };
    scale(simplex_.columnLower(), simplex_.numberColumns());
    scale(simplex_.columnUpper(), simplex_.numberColumns());
    scale(simplex_.rowLower(), simplex_.numberRows());
    scale(simplex_.rowUpper(), simplex_.numberRows());
    side_factor_ = factor;
  }

  LpStatus Run(LpMethod method) {
    ScaleCosts(method == LpMethod::kFine ? fine_cost_factor_ : usual_cost_factor_);
    ScaleSides(method == LpMethod::kFar ? FarFactor() : 1);
    const bool usual = method == LpMethod::kUsual || method == LpMethod::kFromBasis;
    const double tolerance = usual ? kUsualTolerance : kTight;
    simplex_.setPrimalTolerance(tolerance);
    simplex_.setDualTolerance(tolerance);
    simplex_.setPerturbation(method == LpMethod::kUsual ? 50 : 100);
    simplex_.scaling(method == LpMethod::kPrimalUnscaled ? 0 : 3);
    switch (method) {
      case LpMethod::kUsual:
        if (nonzeros_ >= kPresolveNonzeros) {
          ClpSolve options;
          options.setSolveType(ClpSolve::useDual);
          options.setPresolveType(ClpSolve::presolveOn);
          options.setSpecialOption(2, 1);  // no signal handlers
          simplex_.initialSolve(options);
        } else {
          simplex_.dual();
        }
        break;
      case LpMethod::kFromBasis:
      case LpMethod::kDual: simplex_.dual(); break;
      case LpMethod::kDualFromScratch:
        simplex_.allSlackBasis(true);
        simplex_.dual();
        break;
      case LpMethod::kPrimalFromScratch:
      case LpMethod::kPrimalUnscaled:
        simplex_.allSlackBasis(true);
        simplex_.primal();
        break;
      case LpMethod::kFar: simplex_.allSlackBasis(true); [[fallthrough]];
      case LpMethod::kFine: {
        // Noise may count as much as what is sought: not for ever.
        const int usual_limit = simplex_.maximumIterations();
        simplex_.setMaximumIterations(500 + simplex_.numberRows() + simplex_.numberColumns());
        simplex_.primal();
        simplex_.setMaximumIterations(usual_limit);
        if (simplex_.status() == 3) return LpStatus::kFailed;
        break;
      }
    }
    iterations_ += simplex_.numberIterations();
    switch (simplex_.status()) {
      case 0: return LpStatus::kOptimal;
      case 1: return LpStatus::kInfeasible;
      case 2: return LpStatus::kUnbounded;
      case 3:
      case 5: return LpStatus::kStopped;
      default: return LpStatus::kFailed;
    }
  }

  const size_t nonzeros_;
  ProgressTracker* tracker_;
  ClpSimplex simplex_;
  std::unique_ptr<ClpSimplex> steps_;
  std::vector<int> step_basics_;
  int64_t iterations_ = 0;
  double cost_factor_ = 1;  // that the costs in simplex_ are multiplied by
  double side_factor_ = 1;  // likewise sides and bounds, and so the point
  double usual_cost_factor_ = 1;
  double fine_cost_factor_ = 1;
};

// Without rows every column goes to its better bound; without columns every row is 0.
class TrivialEngine : public LpEngine {
 public:
  explicit TrivialEngine(const LpModel& model)
      : rows_(model.rows),
        cost_(model.cost.begin(), model.cost.end()),
        lower_(model.lower.begin(), model.lower.end()),
        upper_(model.upper.begin(), model.upper.end()),
        x_(model.columns),
        y_(model.rows) {
    TrivialEngine::SetRowBounds(model.row_lower, model.row_upper);
  }

  void SetColumnBounds(std::span<const double> lower, std::span<const double> upper) override {
    lower_.assign(lower.begin(), lower.end());
    upper_.assign(upper.begin(), upper.end());
  }
  void SetRowBounds(std::span<const double> lower, std::span<const double> upper) override {
    violated_ = -1;
    for (int32_t i = 0; i < rows_; ++i) {
      if (lower[i] <= 0 && upper[i] >= 0) continue;
      violated_ = i;
      violation_sign_ = lower[i] > 0 ? 1 : -1;
    }
  }
  void SetCost(std::span<const double> cost) override { cost_.assign(cost.begin(), cost.end()); }

  bool SetBasis(std::span<const BasisStatus>, std::span<const BasisStatus>) override {
    return false;  // there is nothing to gain
  }

  LpStatus Solve(LpMethod, const StopControl&) override {
    if (violated_ >= 0) return LpStatus::kInfeasible;
    ray_.assign(cost_.size(), 0.0);
    bool unbounded = false;
    for (size_t j = 0; j < cost_.size(); ++j) {
      const double near_zero = std::clamp(0.0, lower_[j], upper_[j]);
      x_[j] = cost_[j] > 0 ? lower_[j] : cost_[j] < 0 ? upper_[j] : near_zero;
      if (!std::isinf(x_[j])) continue;
      ray_[j] = x_[j] > 0 ? 1 : -1;
      x_[j] = near_zero;
      unbounded = true;
    }
    return unbounded ? LpStatus::kUnbounded : LpStatus::kOptimal;
  }

  std::vector<double> Point() const override { return x_; }
  std::vector<double> RowDuals() const override { return y_; }
  std::vector<double> FarkasRay() const override {
    std::vector<double> ray(rows_, 0.0);
    if (violated_ >= 0) ray[violated_] = violation_sign_;
    return ray;
  }
  std::vector<double> UnboundedRay() const override { return ray_; }
  void Basis(std::vector<BasisStatus>& columns, std::vector<BasisStatus>& rows) const override {
    columns.resize(x_.size());
    for (size_t j = 0; j < x_.size(); ++j) {
      columns[j] = lower_[j] == upper_[j] ? BasisStatus::kFixed
                   : x_[j] == lower_[j]   ? BasisStatus::kAtLower
                   : x_[j] == upper_[j]   ? BasisStatus::kAtUpper
                                          : BasisStatus::kFree;
    }
    rows.assign(rows_, BasisStatus::kBasic);
  }
  int64_t iterations() const override { return 0; }

 private:
  const int32_t rows_;
  std::vector<double> cost_, lower_, upper_, x_, y_, ray_;
  int32_t violated_ = -1;
  double violation_sign_ = 1;
};

}  // namespace

std::unique_ptr<LpEngine> MakeClpEngine(const LpModel& model, ProgressTracker* tracker) {
  if (model.rows == 0 || model.columns == 0) return std::make_unique<TrivialEngine>(model);
  return std::make_unique<ClpEngine>(model, tracker);
}

}  // namespace solvent
