// A deletion filter for linear problems: part after part is lifted in place, each question starting
// from the basis of the last contradiction, and each contradiction found on the way cuts the parts
// down to those that its certificate rests on.
#pragma once

#include <span>

#include "lp_engine.h"
#include "solvent/infeasible_core.h"

namespace solvent {

// BadRequest when a part does not exist.
absl::Status CheckCoreParts(const Problem& problem, std::span<const CorePart> parts);

// `problem` and `parts` are checked ones.
InfeasibleCore SearchCore(const Problem& problem, std::span<const CorePart> parts,
                          const LpEngineFactory& factory, const StopControl& control);

}  // namespace solvent
