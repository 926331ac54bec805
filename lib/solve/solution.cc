#include "solvent/solution.h"

#include <algorithm>
#include <cmath>

#include "solvent/progress.h"

namespace solvent {

std::string_view ToString(SolvePhase phase) {
  switch (phase) {
    case SolvePhase::kStarting: return "starting";
    case SolvePhase::kPresolve: return "presolve";
    case SolvePhase::kRoot: return "root";
    case SolvePhase::kTree: return "tree";
    case SolvePhase::kVerify: return "verify";
    case SolvePhase::kDone: return "done";
  }
  return "unknown";
}

std::string_view ToString(SolveStatus status) {
  switch (status) {
    case SolveStatus::kOptimal: return "optimal";
    case SolveStatus::kFeasible: return "feasible";
    case SolveStatus::kInfeasible: return "infeasible";
    case SolveStatus::kUnbounded: return "unbounded";
    case SolveStatus::kTimeLimit: return "time_limit";
    case SolveStatus::kCancelled: return "cancelled";
    case SolveStatus::kError: return "error";
  }
  return "unknown";
}

std::string_view ToString(Trust trust) {
  switch (trust) {
    case Trust::kNone: return "none";
    case Trust::kSolverWord: return "solver_word";
    case Trust::kCrossChecked: return "cross_checked";
    case Trust::kProven: return "proven";
  }
  return "unknown";
}

double RelativeGap(double incumbent, double bound) {
  if (std::isnan(incumbent) || std::isnan(bound)) return Progress::kUnknown;
  if (incumbent == bound) return 0;
  return std::abs(incumbent - bound) / std::max(std::abs(incumbent), 1e-10);
}

}  // namespace solvent
