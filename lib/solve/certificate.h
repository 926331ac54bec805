// Proofs that can be checked in one pass over the matrix, whoever claims them.
//
// All work on a MinForm within column bounds [lower, upper] (those of the problem, or of one node
// of a search). Sums are carried in twice the working precision; a row or column multiplier of the
// wrong sign is counted, not trusted.
#pragma once

#include <span>
#include <vector>

#include "min_form.h"

namespace solvent {

// Bounds that the rows imply for columns that have none. Worked out when first asked for.
class ImpliedBounds {
 public:
  // Borrows `form`. Integer columns count as continuous ones.
  explicit ImpliedBounds(const MinForm& form) : form_(form) {}
  double lower(int32_t column);
  double upper(int32_t column);

 private:
  void Find();
  bool FindInRow(int32_t row);

  const MinForm& form_;
  bool found_ = false;
  std::vector<double> lower_, upper_;
};

// Reduced costs cost - A'y, in twice the working precision.
std::vector<double> ReducedCosts(const MinForm& form, std::span<const double> y);

// A lower bound on the objective that holds for every point within the bounds, whatever `y` is:
// -infinity when y supports none. A reduced cost on the side of an infinite bound is counted at
// the implied one; without that it supports nothing, unless it is rounding noise of its own terms.
// The reduced costs that the bound rests on are stored when asked for.
double DualBound(const MinForm& form, std::span<const double> lower, std::span<const double> upper,
                 std::span<const double> y, ImpliedBounds& implied,
                 std::vector<double>* reduced_costs = nullptr);

// True when the row combination `y` (of either sign) shows that no point satisfies all rows within
// the bounds, by more than rounding could explain.
bool IsFarkasProof(const MinForm& form, std::span<const double> lower,
                   std::span<const double> upper, std::span<const double> y);

// True when moving along `ray` for ever never leaves a row or bound of the problem and improves the
// objective: clearly, or when some multiple of it is in whole numbers and then does so exactly.
bool IsUnboundedRay(const MinForm& form, std::span<const double> ray);

}  // namespace solvent
