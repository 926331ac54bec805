#include "farkas.h"

#include <algorithm>
#include <cmath>

#include "certificate.h"
#include "power_scale.h"

namespace solvent {
namespace {

// A simplex code does not see costs far below the largest: their rays are sought by themselves.
constexpr double kCostStep = 1e-5;

// The largest cost that is no larger than `most`.
double LargestUpTo(const MinForm& form, double most) {
  double found = 0;
  for (double c : form.cost) {
    if (std::abs(c) <= most) found = std::max(found, std::abs(c));
  }
  return found;
}

// Moves only columns that cost no more than `most`.
std::optional<std::vector<double>> FindCheapRay(const MinForm& form, double most,
                                                const LpEngineFactory& factory,
                                                const StopControl& control) {
  const Problem& p = form.problem;
  std::vector<double> low(form.columns), high(form.columns), row_low(form.rows),
      row_high(form.rows), cost(form.cost);
  for (int32_t j = 0; j < form.columns; ++j) {
    const bool moves = std::abs(form.cost[j]) <= most;
    low[j] = moves && std::isinf(form.lower[j]) ? -1 : 0;
    high[j] = moves && std::isinf(form.upper[j]) ? 1 : 0;
    // Beside the cost of what cannot move, a small one that matters might not count.
    if (low[j] == high[j]) cost[j] = 0;
  }
  for (int32_t i = 0; i < form.rows; ++i) {
    row_low[i] = std::isinf(form.row_lower[i]) ? -kInfinity : 0;
    row_high[i] = std::isinf(form.row_upper[i]) ? kInfinity : 0;
  }
  std::unique_ptr<LpEngine> engine = factory({.rows = form.rows,
                                              .columns = form.columns,
                                              .start = p.column_start,
                                              .index = p.row_index,
                                              .value = p.value,
                                              .cost = cost,
                                              .lower = low,
                                              .upper = high,
                                              .row_lower = row_low,
                                              .row_upper = row_high});
  for (LpMethod method : {LpMethod::kDualFromScratch, LpMethod::kFine, LpMethod::kPrimalFromScratch,
                          LpMethod::kPrimalUnscaled}) {
    if (engine->Solve(method, control) != LpStatus::kOptimal) continue;
    std::vector<double> ray = engine->Point();
    if (IsUnboundedRay(form, ray)) return ray;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<double>> FindFarkasProof(const MinForm& form,
                                                   std::span<const double> lower,
                                                   std::span<const double> upper,
                                                   const LpEngineFactory& factory,
                                                   const StopControl& control) {
  const Problem& p = form.problem;
  const size_t columns = static_cast<size_t>(form.columns) + 2 * static_cast<size_t>(form.rows);
  std::vector<int64_t> start(p.column_start);
  std::vector<int32_t> index(p.row_index);
  std::vector<double> value(p.value);
  std::vector<double> cost(columns, 0.0), low(lower.begin(), lower.end()),
      high(upper.begin(), upper.end());
  low.resize(columns, 0.0);
  high.resize(columns, kInfinity);
  for (int32_t i = 0; i < form.rows; ++i) {
    for (double direction : {1.0, -1.0}) {
      cost[start.size() - 1] = 1;
      index.push_back(i);
      value.push_back(direction);
      start.push_back(static_cast<int64_t>(value.size()));
    }
  }
  std::unique_ptr<LpEngine> engine = factory({.rows = form.rows,
                                              .columns = static_cast<int32_t>(columns),
                                              .start = start,
                                              .index = index,
                                              .value = value,
                                              .cost = cost,
                                              .lower = low,
                                              .upper = high,
                                              .row_lower = form.row_lower,
                                              .row_upper = form.row_upper});
  for (LpMethod method : kFreshMethods) {
    if (engine->Solve(method, control) != LpStatus::kOptimal) continue;
    std::vector<double> y = engine->RowDuals();
    if (IsFarkasProof(form, lower, upper, y)) return y;
  }
  return std::nullopt;
}

std::optional<std::vector<double>> FindUnboundedRay(const MinForm& form,
                                                    const LpEngineFactory& factory,
                                                    const StopControl& control) {
  for (double most = LargestSize(form.cost); most > 0; most = LargestUpTo(form, kCostStep * most)) {
    if (auto ray = FindCheapRay(form, most, factory, control)) return ray;
  }
  return std::nullopt;
}

}  // namespace solvent
