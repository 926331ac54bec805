// What a solve came back with: a status, perhaps a point, and how far both may be trusted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "solvent/progress.h"

namespace solvent {

enum class SolveStatus : uint8_t {
  kOptimal,     // proven within the gap asked for
  kFeasible,    // a point, stopped for another reason than time (node limit)
  kInfeasible,  // no point exists
  kUnbounded,   // feasible, and the objective can be improved for ever
  kTimeLimit,   // the limit passed; the best point found, if any, is there
  kCancelled,   // stopped on request; the best point found, if any, is there
  kError,       // the solver failed; `error` says how
};
std::string_view ToString(SolveStatus status);  // "optimal", "feasible", ..., "time_limit", ...

// What stands behind the status.
enum class Trust : uint8_t {
  kNone,          // nothing is claimed (limits, errors)
  kSolverWord,    // the point was checked; optimality or infeasibility is the solver's word
  kCrossChecked,  // a second solve that fails differently came to the same answer
  kProven,        // a certificate was checked: dual bound, Farkas ray, or exhaustive search with
                  // a checked bound at every leaf
};
std::string_view ToString(Trust trust);  // "none", "solver_word", "cross_checked", "proven"

struct Verification {
  Trust trust = Trust::kNone;
  std::string method;          // "dual_bound", "farkas", "tree", "second_solve", "ray", ""
  bool point_checked = false;  // the returned point satisfies the original problem
  double max_row_violation = 0;
  double max_bound_violation = 0;
  double max_integrality_violation = 0;
  bool corrected = false;  // the solver's first answer was false and was replaced
  double seconds = 0;      // time spent on all this
  std::string note;        // in words, when there is something to say
};

enum class BasisStatus : uint8_t { kFree, kBasic, kAtUpper, kAtLower, kFixed };

struct SolveResult {
  SolveStatus status = SolveStatus::kError;
  bool has_point = false;
  double objective = Progress::kUnknown;  // of x, recomputed in the original problem
  double bound = Progress::kUnknown;      // proven or claimed by the solver
  double gap = Progress::kUnknown;        // relative, 0 when proven optimal
  std::vector<double> x;                  // per column when has_point; integers are exact integers
  // Per row and column, only for LPs solved to optimality. Signs: the change of the objective (in
  // the problem's own sense) per unit of the row's bound, and per unit of the column.
  std::vector<double> row_dual;
  std::vector<double> reduced_cost;
  std::vector<BasisStatus> column_basis;
  std::vector<BasisStatus> row_basis;

  int64_t iterations = 0;
  int64_t nodes = 0;
  double seconds = 0;  // wall clock, verification included
  bool warm_start_used = false;
  std::string solver;   // backend that did the work
  std::string error;    // when status is kError
  std::string warning;  // "" when there is none
  Verification verification;
  std::vector<Progress> history;  // improvements, at most 500
};

}  // namespace solvent
