// Seeded random problems with awkward numbers, for round trips.
#pragma once

#include <cstdint>

#include "solvent/problem.h"

namespace solvent {

Problem RandomProblem(uint64_t seed);

}  // namespace solvent
