// A solve's result as JSON, with the HTTP API's field names.
#pragma once

#include <string>

#include "solvent/problem.h"
#include "solvent/solution.h"

namespace solvent {

// One JSON object: status, objective_value, variables, solution, gap, dual_bound, verification,
// sensitivity and so on. `result` must belong to `problem`.
std::string ResultToJson(const Problem& problem, const SolveResult& result);

}  // namespace solvent
