#include "solvent/figures.h"

#include <algorithm>
#include <numeric>

namespace solvent {

void DurationHistogram::Add(double seconds) {
  seconds = std::max(0.0, seconds);  // 0 for what is not a number, too
  auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  ++counts[static_cast<size_t>(bound - kBounds.begin())];
  sum_seconds += seconds;
}

void DurationHistogram::Add(const DurationHistogram& other) {
  for (size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  sum_seconds += other.sum_seconds;
}

int64_t DurationHistogram::count() const {
  return std::accumulate(counts.begin(), counts.end(), int64_t{0});
}

}  // namespace solvent
