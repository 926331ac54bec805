// Turns a solver's point into one that satisfies the original problem, or finds that it does not.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "lp_engine.h"
#include "min_form.h"
#include "solvent/problem.h"

namespace solvent {

// A point is a solution when no bound or row is violated by more than kFeasibilityTolerance, or,
// for rows of large numbers, by more than kScaledTolerance of the row's largest term, and integers
// are exact. Rows of whole numbers in integer columns alone get only the former: CheckPoint does
// not scale what is exact. A point beyond kTightTolerance is first tried to be repaired.
inline constexpr double kFeasibilityTolerance = 1e-6;
inline constexpr double kScaledTolerance = 1e-9;
inline constexpr double kTightTolerance = 1e-9;

struct CheckedPoint {
  std::vector<double> x;
  double cost = 0;  // MinForm::Cost
  PointCheck check;
};

bool IsSolution(const PointCheck& check);

// Fills in the cost and the check of the values, which must be within the bounds. Where they
// violate a row less for it, values next to a bound or a whole number are moved there first: what a
// solver's tolerance leaves of a zero, beside costs of 1e8, would be gain.
void Evaluate(const MinForm& form, CheckedPoint& point);

// Borrows `form`.
class PointPolisher {
 public:
  PointPolisher(const MinForm& form, LpEngineFactory factory);

  // Rounds integer columns and moves values inside their bounds. Where a row stays violated, or
  // small costs may have been passed over, solves for the continuous columns again with the
  // integers fixed. Nothing when no solution comes of it.
  std::optional<CheckedPoint> Polish(std::span<const double> x, const StopControl& control);

  // Takes only the integer columns of `x` and finds the best continuous ones.
  std::optional<CheckedPoint> Complete(std::span<const double> x, const StopControl& control);

 private:
  std::optional<CheckedPoint> Rounded(std::span<const double> x) const;
  std::optional<CheckedPoint> SolveRest(const std::vector<double>& rounded,
                                        const StopControl& control);

  const MinForm& form_;
  LpEngineFactory factory_;
  std::unique_ptr<LpEngine> engine_;
};

LpModel ModelOf(const MinForm& form);

}  // namespace solvent
