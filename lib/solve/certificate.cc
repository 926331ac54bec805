#include "certificate.h"

#include <algorithm>
#include <cmath>

#include "exact_sum.h"

namespace solvent {
namespace {

// Cancellation noise in a sum of doubles, relative to its terms. The sums themselves are far more
// exact; the multipliers, made by a simplex code, are not.
constexpr double kNoise = 1e-13;
// Likewise for reduced costs, which a bound counts as zero up to there.
constexpr double kCostNoise = 1e-12;
// A column without a bound that takes part in a proof by noise alone: the proof must hold as long
// as the column is no further from zero than this.
constexpr double kFarPoint = 1e12;
// What the rounding of good multipliers leaves, which a slight change of them would take away.
constexpr double kMultiplierNoise = 1e-14;
constexpr double kNearPoint = 1e9;
// Share of a ray's drift along a row that is rounding.
constexpr double kDriftNoise = 1e-12;
constexpr int kImpliedRounds = 10;

struct Combination {
  double value;  // sum of y_i a_ij
  double scale;  // largest term
};

Combination ColumnCombination(const MinForm& form, std::span<const double> y, int32_t j) {
  const Problem& p = form.problem;
  ExactSum sum;
  double scale = 0;
  for (int64_t k = p.column_start[j]; k < p.column_start[j + 1]; ++k) {
    const double multiplier = y[p.row_index[k]];
    if (multiplier == 0) continue;
    sum.AddProduct(p.value[k], multiplier);
    scale = std::max(scale, std::abs(p.value[k] * multiplier));
  }
  return {sum.value(), scale};
}

bool AllFinite(std::span<const double> v) {
  return std::all_of(v.begin(), v.end(), [](double d) { return std::isfinite(d); });
}

// Whether rows combined by sign * y exclude every point of the box.
bool Separates(const MinForm& form, std::span<const double> lower, std::span<const double> upper,
               std::span<const double> y, double sign) {
  // Every point of the rows has sum y_i (a_i x) >= need; every point of the box has it <= reach.
  double largest = 0;
  for (double v : y) largest = std::max(largest, std::abs(v));
  if (largest == 0) return false;
  std::vector<double> kept(y.size());
  ExactSum difference;  // need - reach
  double noise = 0;
  for (int32_t i = 0; i < form.rows; ++i) {
    const double v = sign * y[i];
    if (v == 0) continue;
    const double bound = v > 0 ? form.row_lower[i] : form.row_upper[i];
    if (std::isinf(bound)) {
      // Leaving a multiplier out yields another combination, just as good a witness if it works.
      if (std::abs(v) <= 1e-7 * largest) continue;
      return false;
    }
    kept[i] = v;
    difference.AddProduct(v, bound);
  }
  for (int32_t j = 0; j < form.columns; ++j) {
    const Combination z = ColumnCombination(form, kept, j);
    if (z.value == 0) continue;
    const double bound = z.value > 0 ? upper[j] : lower[j];
    if (std::isinf(bound)) {
      if (std::abs(z.value) > kNoise * z.scale) return false;
      const bool rounding = std::abs(z.value) <= kMultiplierNoise * z.scale;
      noise += std::abs(z.value) * (rounding ? kNearPoint : kFarPoint);
      continue;
    }
    difference.AddProduct(-z.value, bound);
  }
  return difference.value() - noise > 1e-10 * difference.magnitude();
}

}  // namespace

double ImpliedBounds::lower(int32_t column) {
  Find();
  return lower_[column];
}

double ImpliedBounds::upper(int32_t column) {
  Find();
  return upper_[column];
}

void ImpliedBounds::Find() {
  if (found_) return;
  found_ = true;
  lower_ = form_.lower;
  upper_ = form_.upper;
  bool more = true;
  for (int round = 0; more && round < kImpliedRounds; ++round) {
    more = false;
    for (int32_t i = 0; i < form_.rows; ++i) more |= FindInRow(i);
  }
}

// Gives bounds to columns that have none: what is found first stays, so nothing creeps.
bool ImpliedBounds::FindInRow(int32_t row) {
  ExactSum least, most;
  int least_open = 0, most_open = 0;  // columns without the bound that the sum needs
  const int64_t begin = form_.row_start[row], end = form_.row_start[row + 1];
  for (int64_t k = begin; k < end; ++k) {
    const int32_t j = form_.column_index[k];
    const double a = form_.row_value[k];
    const double at_least = a > 0 ? lower_[j] : upper_[j];
    const double at_most = a > 0 ? upper_[j] : lower_[j];
    std::isinf(at_least) ? void(++least_open) : least.AddProduct(a, at_least);
    std::isinf(at_most) ? void(++most_open) : most.AddProduct(a, at_most);
  }
  const double row_lower = form_.row_lower[row], row_upper = form_.row_upper[row];
  const bool use_upper = !std::isinf(row_upper) && least_open <= 1;
  const bool use_lower = !std::isinf(row_lower) && most_open <= 1;
  bool found = false;
  for (int64_t k = begin; k < end && (use_upper || use_lower); ++k) {
    const int32_t j = form_.column_index[k];
    const double a = form_.row_value[k];
    // Outwards by more than the sums may be off.
    auto give = [&](bool is_upper, double room, double size) {
      const double v = room / a, margin = 1e-9 * (size / std::abs(a));
      double& bound = is_upper ? upper_[j] : lower_[j];
      const double moved = is_upper ? v + margin : v - margin;
      if (!std::isinf(bound) || !std::isfinite(moved)) return;
      bound = moved;
      found = true;
    };
    const double own_least = a > 0 ? lower_[j] : upper_[j];
    const double own_most = a > 0 ? upper_[j] : lower_[j];
    if (use_upper && std::isinf(own_most)) {
      // Its own term, when finite, is part of the sum.
      const double own = std::isinf(own_least) ? 0 : a * own_least;
      if (std::isinf(own_least) || least_open == 0)
        give(a > 0, row_upper - (least.value() - own), std::abs(row_upper) + least.magnitude());
    }
    if (use_lower && std::isinf(own_least)) {
      const double own = std::isinf(own_most) ? 0 : a * own_most;
      if (std::isinf(own_most) || most_open == 0)
        give(a < 0, row_lower - (most.value() - own), std::abs(row_lower) + most.magnitude());
    }
  }
  return found;
}

std::vector<double> ReducedCosts(const MinForm& form, std::span<const double> y) {
  std::vector<double> d(form.columns);
  for (int32_t j = 0; j < form.columns; ++j) {
    const Problem& p = form.problem;
    ExactSum sum;
    sum.Add(form.cost[j]);
    for (int64_t k = p.column_start[j]; k < p.column_start[j + 1]; ++k) {
      sum.AddProduct(-p.value[k], y[p.row_index[k]]);
    }
    d[j] = sum.value();
  }
  return d;
}

double DualBound(const MinForm& form, std::span<const double> lower, std::span<const double> upper,
                 std::span<const double> y, ImpliedBounds& implied,
                 std::vector<double>* reduced_costs) {
  if (reduced_costs != nullptr) reduced_costs->assign(form.columns, 0.0);
  if (static_cast<int32_t>(y.size()) != form.rows || !AllFinite(y)) return -kInfinity;
  std::vector<double> kept(y.size());
  ExactSum bound;
  for (int32_t i = 0; i < form.rows; ++i) {
    const double side = y[i] > 0 ? form.row_lower[i] : form.row_upper[i];
    // A multiplier towards a bound that is not there proves nothing; without it the rest does.
    if (y[i] == 0 || std::isinf(side)) continue;
    kept[i] = y[i];
    bound.AddProduct(y[i], side);
  }
  for (int32_t j = 0; j < form.columns; ++j) {
    const Combination z = ColumnCombination(form, kept, j);
    const double d = form.cost[j] - z.value;
    if (d == 0) continue;
    if (reduced_costs != nullptr) (*reduced_costs)[j] = d;
    double side = d > 0 ? lower[j] : upper[j];
    if (std::isinf(side)) {
      if (std::abs(d) <= kCostNoise * std::max(std::abs(form.cost[j]), z.scale)) continue;
      side = d > 0 ? implied.lower(j) : implied.upper(j);
      if (std::isinf(side)) return -kInfinity;
    }
    bound.AddProduct(d, side);
  }
  return bound.value() - 1e-15 * bound.magnitude();
}

bool IsFarkasProof(const MinForm& form, std::span<const double> lower,
                   std::span<const double> upper, std::span<const double> y) {
  if (static_cast<int32_t>(y.size()) != form.rows || !AllFinite(y)) return false;
  return Separates(form, lower, upper, y, 1) || Separates(form, lower, upper, y, -1);
}

bool IsUnboundedRay(const MinForm& form, std::span<const double> ray) {
  if (static_cast<int32_t>(ray.size()) != form.columns || !AllFinite(ray)) return false;
  double largest = 0;
  for (double v : ray) largest = std::max(largest, std::abs(v));
  if (largest == 0) return false;
  const double tiny = 1e-9 * largest;
  std::vector<double> kept(ray.begin(), ray.end());
  ExactSum slope;
  for (int32_t j = 0; j < form.columns; ++j) {
    if (ray[j] > 0 ? !std::isinf(form.upper[j]) : ray[j] < 0 && !std::isinf(form.lower[j])) {
      if (std::abs(ray[j]) > tiny) return false;
      kept[j] = 0;  // another ray, just as good if it holds
    }
    slope.AddProduct(form.cost[j], kept[j]);
  }
  if (slope.value() > -1e-9 * std::max(slope.magnitude(), tiny)) return false;
  for (int32_t i = 0; i < form.rows; ++i) {
    ExactSum drift;
    for (int64_t k = form.row_start[i]; k < form.row_start[i + 1]; ++k) {
      drift.AddProduct(form.row_value[k], kept[form.column_index[k]]);
    }
    const double noise = kDriftNoise * drift.magnitude();
    if (drift.value() > noise && !std::isinf(form.row_upper[i])) return false;
    if (drift.value() < -noise && !std::isinf(form.row_lower[i])) return false;
  }
  return true;
}

}  // namespace solvent
