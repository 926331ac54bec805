// What a backend that can solve a linear problem again and again offers beside single solves: the
// few rows and bounds on which a relaxation's infeasibility rests, found in one call in the process
// that holds the solver, so that each question starts from the last answer.
//
// FindConflict (solvent/explain.h) uses it where a backend has it; it is of use by itself where a
// host looks for contradictions among linear rows only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "solvent/problem.h"
#include "solvent/solve_backend.h"

namespace solvent {

struct CorePart {
  enum class Kind : uint8_t { kRow, kLowerBound, kUpperBound };
  Kind kind = Kind::kRow;
  int32_t index = -1;  // of the row, or of the bound's column
  friend bool operator==(const CorePart&, const CorePart&) = default;
};

struct InfeasibleCore {
  enum class Outcome : uint8_t {
    kIrreducible,  // the parts contradict each other, and without any one of them they do not
    kInfeasible,   // they contradict each other; some might not be needed
    kFeasible,     // all parts together have a point
    kUnknown,      // not even that was settled
  };
  Outcome outcome = Outcome::kUnknown;
  // In the order in which they were given. Each was found necessary by a point that satisfies all
  // others within the tolerances of every other answer, evaluated without the solver.
  std::vector<CorePart> parts;
  // One multiplier per row, 0 outside the parts: the rows combined by them exclude every point
  // within the bounds that are parts. Checked before it is handed out, in twice the working
  // precision; with it anybody may check it again.
  std::vector<double> proof;
  int64_t solves = 0;      // of linear problems
  int64_t iterations = 0;  // of the simplex method
};

// Implemented by backends beside SolveBackend; a host that wraps one hands the call on.
class InfeasibleCoreFinder {
 public:
  virtual ~InfeasibleCoreFinder() = default;

  // Integer columns count as continuous ones within whole bounds. What is not in `parts` always
  // holds, and may be part of the contradiction. Of the options only the limits of time and memory
  // count; when time is over or `monitor.stop` is requested, what is known by then is returned.
  // Thread-safe; errors as of SolveBackend::Solve, and BadRequest for a part that does not exist.
  virtual absl::StatusOr<InfeasibleCore> FindInfeasibleCore(const Problem& problem,
                                                            std::span<const CorePart> parts,
                                                            const SolveOptions& options,
                                                            const SolveMonitor& monitor) = 0;
};

}  // namespace solvent
