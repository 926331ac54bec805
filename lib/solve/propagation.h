// Tightens column bounds by what each row alone implies, and by integrality.
#pragma once

#include <cstdint>
#include <vector>

#include "min_form.h"

namespace solvent {

class Propagator {
 public:
  explicit Propagator(const MinForm& form);

  // Tightens in place. False when some row cannot be satisfied: no point lies within the bounds.
  // Every step leaves a margin above rounding noise, so that nothing feasible is cut off.
  // Thread-compatible: not const, since it reuses its work space.
  bool Tighten(std::vector<double>& lower, std::vector<double>& upper);

 private:
  bool TightenRow(int32_t row, std::vector<double>& lower, std::vector<double>& upper);
  bool GridAllows(int32_t row, const std::vector<double>& lower,
                  const std::vector<double>& upper) const;
  bool TightenPair(int32_t row, std::vector<double>& lower, std::vector<double>& upper);
  void Mark(int32_t column);

  const MinForm& form_;
  std::vector<double> grid_scale_;  // per row: makes all its coefficients integers, or 0
  std::vector<int32_t> queue_;
  std::vector<bool> queued_;
};

}  // namespace solvent
