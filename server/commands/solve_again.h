// Solves as a verb wants it: a worker process that dies is no answer yet.
#pragma once

#include <algorithm>
#include <chrono>

#include "absl/status/statusor.h"
#include "solvent/solve_backend.h"

namespace solvent::cli {

// As SolveBackend::Solve; when the process doing the work dies, once more in the time that is left.
inline absl::StatusOr<SolveResult> SolveAgain(SolveBackend& backend, const Problem& problem,
                                              SolveOptions options, const SolveMonitor& monitor) {
  const auto began = std::chrono::steady_clock::now();
  absl::StatusOr<SolveResult> result = backend.Solve(problem, options, monitor);
  if (!absl::IsAborted(result.status()) || monitor.stop.stop_requested()) return result;
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
  options.time_limit_seconds = std::max(options.time_limit_seconds - spent.count(),
                                        std::min(options.time_limit_seconds, 1.0));
  return backend.Solve(problem, options, monitor);
}

}  // namespace solvent::cli
