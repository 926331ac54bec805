// The seam between Solvent and a solver.
//
// A backend takes a Problem and returns a SolveResult. Infeasible, unbounded and "limit reached"
// are results; a failed status means that the backend could not do its work at all. To add a
// solver, implement SolveBackend and run tests/unit/solve/backend_conformance.h on it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "solvent/problem.h"
#include "solvent/progress.h"
#include "solvent/solution.h"

namespace solvent {

struct SolveOptions {
  double time_limit_seconds = 60;  // wall clock, verification included; > 0
  double gap_tolerance = 1e-4;     // relative, 0..1: stop when incumbent and bound are this close
  double absolute_gap = 0;         // the same in units of the objective; 0 means none
  std::optional<int64_t> node_limit;
  int threads = 0;                 // 0: the backend's choice
  uint32_t seed = 0;               // 0: the solver's default
  bool want_duals = true;          // duals, reduced costs and basis for LPs
  std::vector<double> warm_start;  // empty, or one value per column; a bad one is ignored
  // A basis to start an LP from, as the result of a like problem has it; one that does not fit is
  // ignored. Only the time depends on it: what is found from it counts when it is proven, and is
  // forgotten otherwise.
  std::vector<BasisStatus> start_columns;
  std::vector<BasisStatus> start_rows;
  // Most address space that the solve may take, where it has a process of its own; 0: as much as
  // the process may.
  int64_t memory_limit_bytes = 0;
  // How long past time_limit_seconds a process of the solve's own may go on before it is killed
  // (another then completes its best point); unset: WorkerOptions::grace_seconds. >= 0
  std::optional<double> grace_seconds;
  // Second opinions on claims that no certificate backs (see Verification). Their time is bounded:
  // as long as the solve itself (at least 0.1 s) below 0.2 s, 3 % of the solve above, but 0.1 s
  // below one second for problems of at most 60 rows and columns. A claim of infeasibility gets ten
  // times the solve (at least 10 s) if need be, and one that is known to be false, by its own point
  // or by proof, all the time that is left: both with or without this option. Always within
  // time_limit_seconds.
  bool verify = true;
};

struct Capabilities {
  bool integers = true;
  bool duals = false;
  bool warm_start = false;
  bool progress = false;
  bool cancel = false;
  bool quadratic = false;
  bool concurrent = false;  // Solve may run in several threads at once and they do run at once
};

// What a caller hands along to watch and stop a solve. A plain value, copied freely.
struct SolveMonitor {
  // Called from a thread of the backend's choosing, never from two at once, and never after Solve
  // returned. Must return quickly and must not throw.
  std::function<void(const Progress&)> on_progress;
  std::stop_token stop;  // a requested stop ends the solve soon, with its best point
};

class SolveBackend {
 public:
  virtual ~SolveBackend() = default;
  virtual std::string_view name() const = 0;  // lower case, at most 32 characters: "cbc"
  virtual std::string version() const = 0;
  virtual std::string description() const = 0;
  virtual Capabilities capabilities() const = 0;

  // Solves `problem` and blocks until done. Thread-safe. `problem` is checked first
  // (Problem::Check); a problem that fails is InvalidArgument. Aborted means that the process doing
  // the work died; the same call may be tried again. ResourceExhausted means that it ran out of the
  // memory it was given.
  virtual absl::StatusOr<SolveResult> Solve(const Problem& problem, const SolveOptions& options,
                                            const SolveMonitor& monitor = {}) = 0;
};

}  // namespace solvent
