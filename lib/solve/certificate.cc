#include "certificate.h"

#include <algorithm>
#include <cmath>

#include "exact_sum.h"
#include "power_scale.h"

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
// Multiples of a ray that are tried for whole numbers, and how far from those they may be.
constexpr double kLargestMultiple = 1e6;
constexpr double kFractionNoise = 1e-10;
// What writing decimals as doubles may make of costs that cancel.
constexpr double kDecimalNoise = 1e-15;
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

// Whether the cost falls along `ray` by more than `share` of its terms, or of `least`.
bool Improves(const MinForm& form, std::span<const double> ray, double share, double least) {
  ExactSum slope;
  for (int32_t j = 0; j < form.columns; ++j) slope.AddProduct(form.cost[j], ray[j]);
  return slope.value() < 0 && slope.value() <= -share * std::max(slope.magnitude(), least);
}

// Whether no row drifts towards a bound along `ray` by more than `share` of its terms.
bool StaysInRows(const MinForm& form, std::span<const double> ray, double share) {
  for (int32_t i = 0; i < form.rows; ++i) {
    ExactSum drift;
    for (int64_t k = form.row_start[i]; k < form.row_start[i + 1]; ++k)
      drift.AddProduct(form.row_value[k], ray[form.column_index[k]]);
    const double noise = share * drift.magnitude();
    if (drift.value() > noise && !std::isinf(form.row_upper[i])) return false;
    if (drift.value() < -noise && !std::isinf(form.row_lower[i])) return false;
  }
  return true;
}

// The least denominator of a fraction next to `v`, or 0 when none is small.
double Denominator(double v) {
  double rest = std::abs(v), before = 0, denominator = 1;
  while (denominator <= kLargestMultiple) {
    const double scaled = std::abs(v) * denominator;
    if (std::abs(scaled - std::round(scaled)) <= kFractionNoise * std::max(1.0, scaled))
      return denominator;
    rest = 1 / (rest - std::floor(rest));
    const double next = std::floor(rest) * denominator + before;
    before = denominator;
    denominator = next;
  }
  return 0;
}

// A multiple of `ray` in whole numbers, up to its rounding; empty when there is none of small ones.
std::vector<double> WholeMultiple(std::span<const double> ray) {
  double least = kInfinity;
  const double tiny = kFractionNoise * LargestSize(ray);
  for (double v : ray) {
    if (std::abs(v) > tiny) least = std::min(least, std::abs(v));
  }
  double common = 1;
  for (double v : ray) {
    if (std::abs(v) <= tiny) continue;
    const double denominator = Denominator(v / least * common);
    if (denominator == 0) return {};
    common *= denominator;
    if (common > kLargestMultiple) return {};
  }
  std::vector<double> whole;
  for (double v : ray) whole.push_back(std::abs(v) <= tiny ? 0 : std::round(v / least * common));
  return whole;
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
      const double cost = std::abs(form.cost[j]);
      // Where it is half of the cost or more, it may be that cost, left uncompensated.
      const bool hides_cost = cost > 0 && std::abs(d) >= cost / 2;
      if (std::abs(d) <= kCostNoise * std::max(cost, z.scale) && !hides_cost) continue;
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
  const double largest = LargestSize(ray);
  if (largest == 0) return false;
  const double tiny = 1e-9 * largest;
  std::vector<double> kept(ray.begin(), ray.end());
  for (int32_t j = 0; j < form.columns; ++j) {
    if (ray[j] > 0 ? !std::isinf(form.upper[j]) : ray[j] < 0 && !std::isinf(form.lower[j])) {
      if (std::abs(ray[j]) > tiny) return false;
      kept[j] = 0;  // another ray, just as good if it holds
    }
  }
  if (Improves(form, kept, 1e-9, tiny) && StaysInRows(form, kept, kDriftNoise)) return true;
  // What costs that nearly cancel leave over is told from rounding where there is none.
  const std::vector<double> whole = WholeMultiple(kept);
  return !whole.empty() && Improves(form, whole, kDecimalNoise, 0) && StaysInRows(form, whole, 0);
}

}  // namespace solvent
