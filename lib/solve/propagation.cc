#include "propagation.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "exact_sum.h"

namespace solvent {
namespace {

constexpr double kIntegerSlack = 1e-6;   // below it a computed bound counts as the integer
constexpr double kConflictNoise = 1e-9;  // relative to the terms of a row
constexpr double kWorthwhile = 1e-3;     // share of a continuous range that is worth an update
constexpr double kLargestExact = 9.007e15;

__extension__ typedef __int128 Wide;

// The factor that turns all coefficients of a row over integer columns into integers, or 0.
double GridScale(const MinForm& form, int32_t row) {
  constexpr double kScales[] = {1, 2, 3, 4, 10, 100, 1000, 10000, 100000, 1e6};
  for (double scale : kScales) {
    bool fits = true;
    for (int64_t k = form.row_start[row]; k < form.row_start[row + 1] && fits; ++k) {
      const double v = form.row_value[k] * scale;
      fits = form.integer[form.column_index[k]] && std::abs(v) < 1e12 &&
             std::abs(v - std::round(v)) <= 1e-15 * std::abs(v);
    }
    if (fits) return scale;
  }
  return 0;
}

// The number in [0, m) that times `a` leaves 1 when divided by `m`; they have no common divisor.
Wide Inverse(Wide a, Wide m) {
  Wide r0 = m, r1 = ((a % m) + m) % m, t0 = 0, t1 = 1;
  while (r1 != 0) {
    const Wide q = r0 / r1;
    r0 = std::exchange(r1, r0 - q * r1);
    t0 = std::exchange(t1, t0 - q * t1);
  }
  return ((t0 % m) + m) % m;
}

}  // namespace

Propagator::Propagator(const MinForm& form) : form_(form), queued_(form.rows, false) {
  grid_scale_.resize(form.rows);
  for (int32_t i = 0; i < form.rows; ++i) grid_scale_[i] = GridScale(form, i);
}

void Propagator::Mark(int32_t column) {
  const Problem& p = form_.problem;
  for (int64_t k = p.column_start[column]; k < p.column_start[column + 1]; ++k) {
    const int32_t row = p.row_index[k];
    if (queued_[row]) continue;
    queued_[row] = true;
    queue_.push_back(row);
  }
}

// The row's left-hand side moves in steps of the greatest common divisor of its open columns'
// coefficients; whether any step lands between the row's bounds is exact integer arithmetic.
bool Propagator::GridAllows(int32_t row, const std::vector<double>& lower,
                            const std::vector<double>& upper) const {
  const double scale = grid_scale_[row];
  Wide fixed = 0;
  int64_t divisor = 0;
  for (int64_t k = form_.row_start[row]; k < form_.row_start[row + 1]; ++k) {
    const int32_t j = form_.column_index[k];
    const int64_t a = std::llround(form_.row_value[k] * scale);
    if (lower[j] == upper[j]) {
      if (std::abs(lower[j]) > kLargestExact) return true;
      fixed += static_cast<Wide>(a) * std::llround(lower[j]);
    } else {
      divisor = std::gcd(divisor, a);
      if (divisor == 1) return true;
    }
  }
  if (divisor == 0) return true;  // all fixed: the activity test decides
  const double base = static_cast<double>(fixed);
  if (std::abs(base) > kLargestExact) return true;
  const double g = static_cast<double>(divisor);
  const double low = form_.row_lower[row] * scale;
  const double high = form_.row_upper[row] * scale;
  if (std::isinf(low) || std::isinf(high)) return true;
  const double noise =
      1e-9 * std::max({1.0, std::abs(low), std::abs(high)}) + 1e-15 * std::abs(base);
  return std::ceil((low - noise - base) / g) * g + base <= high + noise;
}

// An equation of whole numbers with two open columns, a x + b y = c: x is the same modulo b / gcd
// wherever it holds, and y modulo a / gcd.
bool Propagator::TightenPair(int32_t row, std::vector<double>& lower, std::vector<double>& upper) {
  const double side = form_.row_lower[row];
  if (side != form_.row_upper[row] || side != std::trunc(side) || std::abs(side) > kLargestExact)
    return true;
  auto rest = static_cast<Wide>(side);
  int32_t column[2];
  int64_t a[2];
  int open = 0;
  for (int64_t k = form_.row_start[row]; k < form_.row_start[row + 1]; ++k) {
    const int32_t j = form_.column_index[k];
    const int64_t value = std::llround(form_.row_value[k]);
    if (lower[j] == upper[j]) {
      if (std::abs(lower[j]) > kLargestExact) return true;
      rest -= static_cast<Wide>(value) * std::llround(lower[j]);
      continue;
    }
    if (open == 2) return true;
    column[open] = j;
    a[open++] = value;
  }
  if (open != 2) return true;
  const int64_t divisor = std::gcd(a[0], a[1]);
  if (rest % divisor != 0) return false;
  for (int t = 0; t < 2; ++t) {
    const int32_t j = column[t];
    const Wide modulus = std::abs(a[1 - t] / divisor);
    if (modulus == 1) continue;
    const Wide residue = rest / divisor % modulus * Inverse(a[t] / divisor, modulus) % modulus;
    // The least step up, or down, to a value of that residue.
    auto step = [&](Wide from) { return ((from % modulus) + modulus) % modulus; };
    bool changed = false;
    if (std::abs(lower[j]) < kLargestExact) {
      const Wide up = step(residue - std::llround(lower[j]));
      lower[j] += static_cast<double>(up);
      changed |= up != 0;
    }
    if (std::abs(upper[j]) < kLargestExact) {
      const Wide down = step(std::llround(upper[j]) - residue);
      upper[j] -= static_cast<double>(down);
      changed |= down != 0;
    }
    if (lower[j] > upper[j]) return false;
    if (changed) Mark(j);
  }
  return true;
}

bool Propagator::TightenRow(int32_t row, std::vector<double>& lower, std::vector<double>& upper) {
  ExactSum low_sum, high_sum;
  int low_open = 0, high_open = 0;  // terms that are infinite
  const int64_t begin = form_.row_start[row], end = form_.row_start[row + 1];
  for (int64_t k = begin; k < end; ++k) {
    const int32_t j = form_.column_index[k];
    const double a = form_.row_value[k];
    const double at_low = a > 0 ? lower[j] : upper[j];
    const double at_high = a > 0 ? upper[j] : lower[j];
    if (std::isinf(at_low)) {
      ++low_open;
    } else {
      low_sum.AddProduct(a, at_low);
    }
    if (std::isinf(at_high)) {
      ++high_open;
    } else {
      high_sum.AddProduct(a, at_high);
    }
  }
  const double row_low = form_.row_lower[row], row_high = form_.row_upper[row];
  const double low_noise = kConflictNoise * std::max(1.0, low_sum.magnitude());
  const double high_noise = kConflictNoise * std::max(1.0, high_sum.magnitude());
  if (low_open == 0 && low_sum.value() > row_high + low_noise + kConflictNoise * std::abs(row_high))
    return false;
  if (high_open == 0 &&
      high_sum.value() < row_low - high_noise - kConflictNoise * std::abs(row_low))
    return false;
  if (grid_scale_[row] != 0 && !GridAllows(row, lower, upper)) return false;
  if (grid_scale_[row] == 1 && !TightenPair(row, lower, upper)) return false;
  const bool use_high = !std::isinf(row_high) && low_open <= 1;
  const bool use_low = !std::isinf(row_low) && high_open <= 1;
  if (!use_high && !use_low) return true;

  for (int64_t k = begin; k < end; ++k) {
    const int32_t j = form_.column_index[k];
    if (lower[j] == upper[j]) continue;
    const double a = form_.row_value[k];
    double new_low = -kInfinity, new_high = kInfinity;
    // a x_j <= row_high - (least of the rest), a x_j >= row_low - (most of the rest).
    const double at_low = a > 0 ? lower[j] : upper[j];
    const double at_high = a > 0 ? upper[j] : lower[j];
    if (use_high && (low_open == 0 || std::isinf(at_low))) {
      const double rest = low_sum.value() - (std::isinf(at_low) ? 0.0 : a * at_low);
      const double room = row_high - rest + low_noise;
      (a > 0 ? new_high : new_low) = room / a;
    }
    if (use_low && (high_open == 0 || std::isinf(at_high))) {
      const double rest = high_sum.value() - (std::isinf(at_high) ? 0.0 : a * at_high);
      const double room = row_low - rest - high_noise;
      (a > 0 ? new_low : new_high) = room / a;
    }
    const double range = upper[j] - lower[j];
    double worth = 0;
    if (form_.integer[j]) {
      // Beyond that integers are not told apart, and infinities could come out.
      if (std::abs(new_low) > kLargestExact) new_low = -kInfinity;
      if (std::abs(new_high) > kLargestExact) new_high = kInfinity;
      new_low = std::ceil(new_low - kIntegerSlack - 1e-12 * std::abs(new_low));
      new_high = std::floor(new_high + kIntegerSlack + 1e-12 * std::abs(new_high));
    } else {
      if (std::isfinite(new_low)) new_low -= 1e-9 * std::max(1.0, std::abs(new_low));
      if (std::isfinite(new_high)) new_high += 1e-9 * std::max(1.0, std::abs(new_high));
      worth = std::isinf(range) ? 0.0 : kWorthwhile * range;
      // Bounds that start out infinite may creep for ever; far ones help nobody.
      if (std::abs(new_low) > 1e9) new_low = -kInfinity;
      if (std::abs(new_high) > 1e9) new_high = kInfinity;
    }
    bool changed = false;
    if (new_low > lower[j] + worth) {
      lower[j] = new_low;
      changed = true;
    }
    if (new_high < upper[j] - worth) {
      upper[j] = new_high;
      changed = true;
    }
    if (!changed) continue;
    if (lower[j] > upper[j]) {
      if (form_.integer[j] || lower[j] - upper[j] > 1e-9 * std::max(1.0, std::abs(lower[j])))
        return false;
      lower[j] = upper[j] = 0.5 * (lower[j] + upper[j]);
    }
    Mark(j);
    // The sums above still hold the old, wider bounds: weaker, never wrong.
  }
  return true;
}

bool Propagator::Tighten(std::vector<double>& lower, std::vector<double>& upper) {
  queue_.clear();
  for (int32_t i = 0; i < form_.rows; ++i) queue_.push_back(i);
  queued_.assign(form_.rows, true);
  int64_t budget = int64_t{20} * form_.rows + 100;
  for (size_t head = 0; head < queue_.size() && budget > 0; ++head, --budget) {
    const int32_t row = queue_[head];
    queued_[row] = false;
    if (!TightenRow(row, lower, upper)) return false;
  }
  return true;
}

}  // namespace solvent
