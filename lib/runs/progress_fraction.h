// An estimate of how much of a solve is done, from its time and its gap.
#pragma once

#include "solvent/progress.h"

namespace solvent {

// Never decreases over one run, and stays below 1 until the end.
class ProgressFraction {
 public:
  explicit ProgressFraction(double time_limit_seconds) : limit_(time_limit_seconds) {}
  double Update(const Progress& progress);
  double value() const { return value_; }

 private:
  double limit_;
  double value_ = 0;
};

}  // namespace solvent
