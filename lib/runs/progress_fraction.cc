#include "progress_fraction.h"

#include <algorithm>
#include <cmath>

namespace solvent {

double ProgressFraction::Update(const Progress& progress) {
  constexpr double kMost = 0.99;
  double by_time = limit_ > 0 ? progress.elapsed_seconds / limit_ : 0;
  double by_gap = std::isnan(progress.gap) ? 0 : 1 - progress.gap;
  value_ = std::clamp(std::max(by_time, by_gap), value_, kMost);
  return value_;
}

}  // namespace solvent
