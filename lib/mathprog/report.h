// The result document.
#pragma once

#include "run.h"

namespace solvent::mathprog {

// Runs the statements below `solve` and describes the solution.
Json MakeReport(Run& run, const Problem& problem, const MathProgStats& stats,
                const SolveResult& solved, const MathProgReportOptions& options);

}  // namespace solvent::mathprog
