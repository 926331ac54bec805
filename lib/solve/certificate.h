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

// Reduced costs cost - A'y, in twice the working precision.
std::vector<double> ReducedCosts(const MinForm& form, std::span<const double> y);

// A lower bound on the objective that holds for every point within the bounds, whatever `y` is:
// -infinity when y supports none. A reduced cost on the side of an infinite bound counts as zero
// when it is below `dual_tolerance` times the largest term of its sum (at least 1). The reduced
// costs that the bound rests on are stored when asked for.
double DualBound(const MinForm& form, std::span<const double> lower, std::span<const double> upper,
                 std::span<const double> y, double dual_tolerance = 1e-7,
                 std::vector<double>* reduced_costs = nullptr);

// True when the row combination `y` (of either sign) shows that no point satisfies all rows within
// the bounds, by more than rounding could explain.
bool IsFarkasProof(const MinForm& form, std::span<const double> lower,
                   std::span<const double> upper, std::span<const double> y);

// True when moving along `ray` for ever never leaves a row or bound of the problem and improves the
// objective.
bool IsUnboundedRay(const MinForm& form, std::span<const double> ray);

}  // namespace solvent
