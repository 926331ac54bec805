#include "basis_kernel.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "exact_sum.h"

namespace solvent {
namespace {

constexpr double kPivot = 1e-11;     // relative to the kernel's largest entry
constexpr double kTolerance = 1e-6;  // relative; of the point and the duals
constexpr double kNoise = 1e-11;     // a change smaller than that is none

// Steps up (sign 1) or down that `value` may go at `rate` before it leaves [lower, upper].
double Room(double value, double rate, double lower, double upper, double sign) {
  const double speed = sign * rate;
  if (std::abs(speed) <= kNoise) return kInfinity;
  const double room = speed > 0 ? (upper - value) / speed : (lower - value) / speed;
  return std::max(0.0, room);
}

}  // namespace

bool BasisKernel::Collect(std::span<const BasisStatus> columns, std::span<const BasisStatus> rows) {
  column_status_.assign(columns.begin(), columns.end());
  row_status_.assign(rows.begin(), rows.end());
  column_place_.assign(form_->columns, -1);
  row_place_.assign(form_->rows, -1);
  for (int32_t j = 0; j < form_->columns; ++j) {
    if (columns[j] != BasisStatus::kBasic) continue;
    column_place_[j] = static_cast<int32_t>(basic_columns_.size());
    basic_columns_.push_back(j);
  }
  for (int32_t i = 0; i < form_->rows; ++i) {
    if (rows[i] == BasisStatus::kBasic) continue;
    row_place_[i] = static_cast<int32_t>(binding_rows_.size());
    binding_rows_.push_back(i);
    const double to_lower = std::abs(activity_[i] - form_->row_lower[i]);
    const double to_upper = std::abs(form_->row_upper[i] - activity_[i]);
    if (std::min(to_lower, to_upper) > kTolerance * std::max(1.0, std::abs(activity_[i])))
      return false;  // a row that does not bind must be basic
    if (form_->row_lower[i] == form_->row_upper[i]) {
      row_status_[i] = BasisStatus::kFixed;
    } else {
      row_status_[i] = to_lower <= to_upper ? BasisStatus::kAtLower : BasisStatus::kAtUpper;
    }
  }
  return basic_columns_.size() == binding_rows_.size();
}

// Gauss-Jordan with row pivoting: small, dense, and looked at by everything that follows.
bool BasisKernel::Invert(const Countdown& countdown) {
  const size_t n = size();
  const Problem& p = form_->problem;
  std::vector<double> a(n * n, 0.0);  // by binding row, then basic column
  double largest = 0;
  for (size_t s = 0; s < n; ++s) {
    const int32_t j = basic_columns_[s];
    for (int64_t k = p.column_start[j]; k < p.column_start[j + 1]; ++k) {
      const int32_t place = row_place_[p.row_index[k]];
      if (place < 0) continue;
      a[static_cast<size_t>(place) * n + s] = p.value[k];
      largest = std::max(largest, std::abs(p.value[k]));
    }
  }
  std::vector<double>& inverse = inverse_;  // starts as the identity by binding row
  inverse.assign(n * n, 0.0);
  for (size_t i = 0; i < n; ++i) inverse[i * n + i] = 1;
  for (size_t c = 0; c < n; ++c) {
    if (countdown.Over()) return false;
    size_t pivot = c;
    for (size_t r = c + 1; r < n; ++r) {
      if (std::abs(a[r * n + c]) > std::abs(a[pivot * n + c])) pivot = r;
    }
    if (std::abs(a[pivot * n + c]) <= kPivot * largest) return false;
    if (pivot != c) {
      std::swap_ranges(&a[pivot * n], &a[pivot * n] + n, &a[c * n]);
      std::swap_ranges(&inverse[pivot * n], &inverse[pivot * n] + n, &inverse[c * n]);
    }
    const double scale = 1 / a[c * n + c];
    for (size_t k = 0; k < n; ++k) {
      a[c * n + k] *= scale;
      inverse[c * n + k] *= scale;
    }
    for (size_t r = 0; r < n; ++r) {
      const double factor = a[r * n + c];
      if (r == c || factor == 0) continue;
      for (size_t k = 0; k < n; ++k) {
        a[r * n + k] -= factor * a[c * n + k];
        inverse[r * n + k] -= factor * inverse[c * n + k];
      }
    }
  }
  return true;
}

// Duals of the basis, which must be those of an optimum.
bool BasisKernel::SolveDuals() {
  y_.assign(form_->rows, 0.0);
  double scale = 1;
  for (double c : form_->cost) scale = std::max(scale, std::abs(c));
  for (size_t r = 0; r < size(); ++r) {
    ExactSum sum;
    for (size_t s = 0; s < size(); ++s)
      sum.AddProduct(form_->cost[basic_columns_[s]], Inverse(s, r));
    double& y = y_[binding_rows_[r]];
    y = std::abs(sum.value()) <= kNoise * sum.magnitude() ? 0 : sum.value();
    const BasisStatus status = row_status_[binding_rows_[r]];
    const double allowed = kTolerance * std::max(scale, sum.magnitude());
    if (status == BasisStatus::kAtLower && y < -allowed) return false;
    if (status == BasisStatus::kAtUpper && y > allowed) return false;
  }
  const Problem& p = form_->problem;
  d_.assign(form_->columns, 0.0);
  for (int32_t j = 0; j < form_->columns; ++j) {
    if (column_place_[j] >= 0) continue;
    ExactSum sum;
    sum.Add(form_->cost[j]);
    for (int64_t k = p.column_start[j]; k < p.column_start[j + 1]; ++k)
      sum.AddProduct(-p.value[k], y_[p.row_index[k]]);
    d_[j] = std::abs(sum.value()) <= kNoise * sum.magnitude() ? 0 : sum.value();
    const double allowed = kTolerance * std::max(scale, sum.magnitude());
    if (form_->lower[j] == form_->upper[j]) continue;
    if (column_status_[j] == BasisStatus::kAtLower && d_[j] < -allowed) return false;
    if (column_status_[j] == BasisStatus::kAtUpper && d_[j] > allowed) return false;
  }
  return true;
}

std::optional<BasisKernel> BasisKernel::Make(const MinForm& form, std::span<const double> x,
                                             std::span<const BasisStatus> columns,
                                             std::span<const BasisStatus> rows,
                                             const Countdown& countdown, std::string& why) {
  if (static_cast<int32_t>(columns.size()) != form.columns ||
      static_cast<int32_t>(rows.size()) != form.rows) {
    why = "the solver gave no basis";
    return std::nullopt;
  }
  BasisKernel kernel(form);
  kernel.x_.assign(x.begin(), x.end());
  kernel.activity_ = form.problem.Activity(x);
  if (!kernel.Collect(columns, rows)) {
    why = "the solver's basis does not fit its point";
    return std::nullopt;
  }
  if (kernel.size() > kLargestKernel) {
    why = "more than a thousand rows bind: ranges would take too long";
    return std::nullopt;
  }
  if (!kernel.Invert(countdown)) {
    why = countdown.Over() ? "time ran out before the ranges" : "the solver's basis is singular";
    return std::nullopt;
  }
  if (!kernel.SolveDuals()) {
    why = "the solver's basis is not optimal within tolerances";
    return std::nullopt;
  }
  return kernel;
}

Range BasisKernel::CostRange(int32_t column) const {
  const double cost = form_->cost[column];
  const int32_t place = column_place_[column];
  if (place < 0) {
    // Only its own reduced cost moves.
    if (form_->lower[column] == form_->upper[column]) return {};
    switch (column_status_[column]) {
      case BasisStatus::kAtLower: return {cost - std::max(0.0, d_[column]), kInfinity};
      case BasisStatus::kAtUpper: return {-kInfinity, cost - std::min(0.0, d_[column])};
      default: return {cost, cost};
    }
  }
  // Its cost moves all duals along its row of the inverse, and with them all reduced costs.
  double up = kInfinity, down = kInfinity;
  auto limit = [&](double value, double rate, double lower, double upper) {
    up = std::min(up, Room(value, rate, lower, upper, 1));
    down = std::min(down, Room(value, rate, lower, upper, -1));
  };
  const size_t s = static_cast<size_t>(place);
  for (size_t r = 0; r < size(); ++r) {
    const int32_t row = binding_rows_[r];
    if (row_status_[row] == BasisStatus::kAtLower) limit(y_[row], Inverse(s, r), 0, kInfinity);
    if (row_status_[row] == BasisStatus::kAtUpper) limit(y_[row], Inverse(s, r), -kInfinity, 0);
  }
  const Problem& p = form_->problem;
  for (int32_t j = 0; j < form_->columns; ++j) {
    if (column_place_[j] >= 0 || form_->lower[j] == form_->upper[j]) continue;
    double rate = 0;
    for (int64_t k = p.column_start[j]; k < p.column_start[j + 1]; ++k) {
      const int32_t r = row_place_[p.row_index[k]];
      if (r >= 0) rate -= p.value[k] * Inverse(s, static_cast<size_t>(r));
    }
    switch (column_status_[j]) {
      case BasisStatus::kAtLower: limit(d_[j], rate, 0, kInfinity); break;
      case BasisStatus::kAtUpper: limit(d_[j], rate, -kInfinity, 0); break;
      default: limit(d_[j], rate, 0, 0); break;
    }
  }
  return {cost - down, cost + up};
}

Range BasisKernel::BindingBoundRange(int32_t row) const {
  const size_t r = static_cast<size_t>(row_place_[row]);
  double up = kInfinity, down = kInfinity;
  auto limit = [&](double value, double rate, double lower, double upper) {
    up = std::min(up, Room(value, rate, lower, upper, 1));
    down = std::min(down, Room(value, rate, lower, upper, -1));
  };
  const Problem& p = form_->problem;
  std::vector<double> rates(form_->rows, 0.0);
  for (size_t s = 0; s < size(); ++s) {
    const double rate = Inverse(s, r);
    if (std::abs(rate) <= kNoise) continue;
    const int32_t j = basic_columns_[s];
    limit(x_[j], rate, form_->lower[j], form_->upper[j]);
    for (int64_t k = p.column_start[j]; k < p.column_start[j + 1]; ++k)
      rates[p.row_index[k]] += p.value[k] * rate;
  }
  for (int32_t i = 0; i < form_->rows; ++i) {
    if (row_place_[i] >= 0 || rates[i] == 0) continue;
    limit(activity_[i], rates[i], form_->row_lower[i], form_->row_upper[i]);
  }
  const bool at_lower = row_status_[row] == BasisStatus::kAtLower;
  const bool at_upper = row_status_[row] == BasisStatus::kAtUpper;
  const double bound = at_upper ? form_->row_upper[row] : form_->row_lower[row];
  Range range{bound - down, bound + up};
  // One side of a row cannot pass the other.
  if (at_lower) range.upper = std::min(range.upper, form_->row_upper[row]);
  if (at_upper) range.lower = std::max(range.lower, form_->row_lower[row]);
  return range;
}

}  // namespace solvent
