// The few parts on which the infeasibility of a relaxation rests, from a backend that finds them in
// one go.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "countdown.h"
#include "parts.h"
#include "solvent/infeasible_core.h"
#include "solvent/solve_backend.h"

namespace solvent {

struct LinearCore {
  InfeasibleCore::Outcome outcome = InfeasibleCore::Outcome::kUnknown;
  std::vector<Part> parts;  // a contradiction that was proven here once more
  int64_t tests = 0;
};

// False: the backend does not offer it.
bool HasLinearCores(SolveBackend& backend);

// Of `among`, which is in the order of PartsOf, and so is the core. kUnknown when the backend does
// not offer it, fails, or claims what its proof does not show.
LinearCore FindLinearCore(const Problem& problem, std::span<const Part> among,
                          SolveBackend& backend, const Countdown& countdown);

}  // namespace solvent
