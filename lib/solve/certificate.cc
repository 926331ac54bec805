#include "certificate.h"

#include <algorithm>
#include <cmath>

#include "exact_sum.h"

namespace solvent {
namespace {

// Cancellation noise in a sum of doubles, relative to its terms. The sums themselves are far more
// exact; the multipliers, made by a simplex code, are not.
constexpr double kNoise = 1e-11;

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
      if (std::abs(z.value) <= kNoise * z.scale) continue;
      return false;
    }
    difference.AddProduct(-z.value, bound);
  }
  return difference.value() > 1e-10 * difference.magnitude();
}

}  // namespace

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
                 std::span<const double> y, double dual_tolerance,
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
    const double side = d > 0 ? lower[j] : upper[j];
    if (std::isinf(side)) {
      const double scale = std::max({1.0, std::abs(form.cost[j]), z.scale});
      if (std::abs(d) <= dual_tolerance * scale) continue;
      return -kInfinity;
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
  ExactSum slope;
  for (int32_t j = 0; j < form.columns; ++j) {
    if (ray[j] > tiny && !std::isinf(form.upper[j])) return false;
    if (ray[j] < -tiny && !std::isinf(form.lower[j])) return false;
    slope.AddProduct(form.cost[j], ray[j]);
  }
  if (slope.value() > -1e-9 * std::max(slope.magnitude(), tiny)) return false;
  for (int32_t i = 0; i < form.rows; ++i) {
    ExactSum drift;
    for (int64_t k = form.row_start[i]; k < form.row_start[i + 1]; ++k) {
      drift.AddProduct(form.row_value[k], ray[form.column_index[k]]);
    }
    const double noise = 1e-9 * std::max(drift.magnitude(), tiny);
    if (drift.value() > noise && !std::isinf(form.row_upper[i])) return false;
    if (drift.value() < -noise && !std::isinf(form.row_lower[i])) return false;
  }
  return true;
}

}  // namespace solvent
