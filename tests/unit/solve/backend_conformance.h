// What every SolveBackend must do. A backend's test file calls RunBackendConformance from one of
// its test cases with a function that makes the backend.
#pragma once

#include <functional>
#include <memory>

#include "solvent/solve_backend.h"

namespace solvent::testing {

using MakeBackend = std::function<std::unique_ptr<SolveBackend>()>;

// Small problems with known answers, both senses, every status, duals and their signs.
void CheckAnswers(SolveBackend& backend);
// Bad input is refused and nothing crashes.
void CheckRefusals(SolveBackend& backend);
// Time limits, node limits, gaps, stops before and during a solve.
void CheckLimits(SolveBackend& backend);
// Progress is in the problem's own terms, monotone, from one thread at a time.
void CheckProgress(SolveBackend& backend);
// Good warm starts are used, bad ones ignored.
void CheckWarmStart(SolveBackend& backend);
// Many callers at once get their own answers.
void CheckConcurrency(SolveBackend& backend, int threads, int solves_each);

inline void RunBackendConformance(const MakeBackend& make) {
  std::unique_ptr<SolveBackend> backend = make();
  CheckAnswers(*backend);
  CheckRefusals(*backend);
  if (backend->capabilities().warm_start) CheckWarmStart(*backend);
  if (backend->capabilities().progress) CheckProgress(*backend);
  if (backend->capabilities().cancel) CheckLimits(*backend);
  CheckConcurrency(*backend, 4, 10);
}

}  // namespace solvent::testing
