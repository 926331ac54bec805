// How far rows may be off their sides.
#ifndef SOLVENT_MODEL_ROW_SLACK_H_
#define SOLVENT_MODEL_ROW_SLACK_H_

#include <algorithm>
#include <cmath>
#include <limits>

namespace solvent {

// What a row of whole numbers in integer columns may miss `side` by: its left-hand side is exact,
// the side itself may carry the rounding of a few operations (1.07 * 1e12 is no whole number).
inline double WholeRowSlack(double side) {
  constexpr double kAbsolute = 1e-6;
  constexpr double kMost = 0.4;  // the next whole number is not meant
  return std::min(std::max(kAbsolute, 4 * std::numeric_limits<double>::epsilon() * std::abs(side)),
                  kMost);
}

}  // namespace solvent

#endif  // SOLVENT_MODEL_ROW_SLACK_H_
