#include "min_form.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "exact_sum.h"
#include "power_scale.h"
#include "row_slack.h"

namespace solvent {
namespace {

constexpr double kWideCosts = 1e-6;
constexpr double kLargestWhole = 4503599627370496;  // half of what doubles hold exactly

double LowerBound(double v) { return v <= -kInfiniteBound ? -kInfinity : v; }
double UpperBound(double v) { return v >= kInfiniteBound ? kInfinity : v; }

}  // namespace

MinForm::MinForm(const Problem& p)
    : problem(p),
      sign(p.sense == Sense::kMaximize ? -1.0 : 1.0),
      columns(p.num_columns()),
      rows(p.num_rows()) {
  cost.resize(columns);
  lower.resize(columns);
  upper.resize(columns);
  integer.assign(columns, false);
  for (int32_t j = 0; j < columns; ++j) {
    cost[j] = sign * p.objective[j];
    lower[j] = LowerBound(p.column_lower[j]);
    upper[j] = UpperBound(p.column_upper[j]);
    if (p.column_type[j] == ColumnType::kContinuous) continue;
    integer[j] = true;
    ++integers;
    lower[j] = std::ceil(lower[j] - kIntegerBoundSlack);
    upper[j] = std::floor(upper[j] + kIntegerBoundSlack);
    if (lower[j] > upper[j]) empty_integer_range = true;
  }
  const double most = LargestSize(cost);
  if (most > 0) cost_unit = std::min(1.0, most);
  for (double c : cost) wide_costs |= c != 0 && std::abs(c) < kWideCosts * most;
  row_lower.resize(rows);
  row_upper.resize(rows);
  for (int32_t i = 0; i < rows; ++i) {
    row_lower[i] = LowerBound(p.row_lower[i]);
    row_upper[i] = UpperBound(p.row_upper[i]);
  }

  row_start.assign(static_cast<size_t>(rows) + 1, 0);
  for (int32_t i : p.row_index) ++row_start[static_cast<size_t>(i) + 1];
  for (int32_t i = 0; i < rows; ++i) row_start[i + 1] += row_start[i];
  column_index.resize(p.value.size());
  row_value.resize(p.value.size());
  std::vector<int64_t> next(row_start.begin(), row_start.end() - 1);
  for (int32_t j = 0; j < columns; ++j) {
    for (int64_t k = p.column_start[j]; k < p.column_start[j + 1]; ++k) {
      const int64_t at = next[p.row_index[k]]++;
      column_index[at] = j;
      row_value[at] = p.value[k];
    }
  }
}

void MinForm::RoundRows() {
  for (int32_t i = 0; i < rows; ++i) {
    int64_t divisor = 0;
    bool whole = true;
    for (int64_t k = row_start[i]; k < row_start[i + 1] && whole; ++k) {
      const double v = row_value[k];
      whole = integer[column_index[k]] && std::abs(v) < kLargestWhole && v == std::trunc(v);
      if (whole) divisor = std::gcd(divisor, static_cast<int64_t>(v));
    }
    if (!whole || divisor == 0) continue;
    const auto step = static_cast<double>(divisor);
    double& low = row_lower[i];
    double& high = row_upper[i];
    if (std::abs(low) < kLargestWhole) {
      const double near = std::round(low / step) * step;
      low = low - near <= WholeRowSlack(low) ? near : near + step;
    }
    if (std::abs(high) < kLargestWhole) {
      const double near = std::round(high / step) * step;
      high = near - high <= WholeRowSlack(high) ? near : near - step;
    }
    if (low > high) empty_integer_range = true;
  }
}

double MinForm::Cost(std::span<const double> x) const {
  ExactSum sum;
  for (int32_t j = 0; j < columns; ++j) sum.AddProduct(cost[j], x[j]);
  return sum.value();
}

}  // namespace solvent
