// Finds certificates by solving auxiliary problems that always have an optimum, for when a simplex
// code claims something and hands out no usable ray.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "lp_engine.h"
#include "min_form.h"

namespace solvent {

// Row multipliers that prove the rows unsatisfiable within the bounds (checked), from the duals of
// the problem of least total row violation.
std::optional<std::vector<double>> FindFarkasProof(const MinForm& form,
                                                   std::span<const double> lower,
                                                   std::span<const double> upper,
                                                   const LpEngineFactory& factory,
                                                   const StopControl& control);

// A checked direction of endless improvement, from the best direction within a unit box.
std::optional<std::vector<double>> FindUnboundedRay(const MinForm& form,
                                                    const LpEngineFactory& factory,
                                                    const StopControl& control);

}  // namespace solvent
