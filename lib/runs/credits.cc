#include <algorithm>
#include <cmath>

#include "solvent/engine.h"

namespace solvent {

int64_t EstimateCredits(int64_t columns, int64_t integers, int64_t rows,
                        double time_limit_seconds) {
  auto n = static_cast<double>(columns);
  auto m = static_cast<double>(rows);
  double variables = n <= 100 ? 0.1 * n : 10 + 1.5 * std::sqrt(n - 100);
  double integrality = 2 * std::sqrt(static_cast<double>(integers));
  double constraints = m <= 50 ? 0.05 * m : 2.5 + 0.5 * std::sqrt(m - 50);
  double time = time_limit_seconds <= 60 ? 0 : std::ceil((time_limit_seconds - 60) / 60);
  double raw = std::min(1 + variables + integrality + constraints + time, 500.0);
  // The sum of decimal parts carries rounding noise that would decide ties such as 16.5 and 2.5.
  raw = std::round(raw * 1e9) / 1e9;
  double below = std::floor(raw);
  double fraction = raw - below;
  bool up = fraction > 0.5 || (fraction == 0.5 && std::fmod(below, 2) != 0);
  return std::max<int64_t>(1, static_cast<int64_t>(below) + (up ? 1 : 0));
}

}  // namespace solvent
