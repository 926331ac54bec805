#include <algorithm>
#include <cmath>

#include "solvent/credits.h"

namespace solvent {

SolvePrice PriceSolve(int64_t columns, int64_t integers, int64_t rows, double time_limit_seconds) {
  const auto n = static_cast<double>(std::max<int64_t>(columns, 0));
  const auto m = static_cast<double>(std::max<int64_t>(rows, 0));
  SolvePrice price;
  price.base = 1;
  price.variables = n <= 100 ? 0.1 * n : 10 + 1.5 * std::sqrt(n - 100);
  price.integrality = 2 * std::sqrt(static_cast<double>(std::max<int64_t>(integers, 0)));
  price.constraints = m <= 50 ? 0.05 * m : 2.5 + 0.5 * std::sqrt(m - 50);
  price.time = time_limit_seconds > 60 ? std::ceil((time_limit_seconds - 60) / 60) : 0;
  price.raw = price.base + price.variables + price.integrality + price.constraints + price.time;
  price.capped = price.raw > kMaxCreditsPerSolve;
  // The sum of decimal parts carries rounding noise that would decide ties such as 16.5 and 2.5.
  double sum = std::round(std::min(price.raw, double{kMaxCreditsPerSolve}) * 1e9) / 1e9;
  double below = std::floor(sum);
  double fraction = sum - below;
  bool up = fraction > 0.5 || (fraction == 0.5 && std::fmod(below, 2) != 0);
  price.credits = std::max<int64_t>(1, static_cast<int64_t>(below) + (up ? 1 : 0));
  return price;
}

int64_t EstimateCredits(int64_t columns, int64_t integers, int64_t rows,
                        double time_limit_seconds) {
  return PriceSolve(columns, integers, rows, time_limit_seconds).credits;
}

}  // namespace solvent
