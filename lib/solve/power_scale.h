// Factors that bring numbers near 1. Powers of two: multiplying by them and back changes nothing.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

namespace solvent {

// Brings `v` > 0 into [1, 2).
inline double ScaleToOne(double v) { return std::ldexp(1.0, -std::ilogb(v)); }

inline double LargestSize(std::span<const double> values) {
  double most = 0;
  for (double v : values) most = std::max(most, std::abs(v));
  return most;
}

// Tolerances of solvers are absolute and made for costs of about 1: what costs that are all far
// smaller, or far larger, are to be multiplied by, and 1 for ordinary ones.
inline double CostFactor(std::span<const double> cost) {
  const double most = LargestSize(cost);
  if (most == 0 || (most >= 0x1p-5 && most <= 0x1p30)) return 1;
  return most < 1 ? ScaleToOne(most) : 0x1p20 * ScaleToOne(most);
}

}  // namespace solvent
