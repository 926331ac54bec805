// Limits under which a fuzzed model ends within milliseconds.
#pragma once

#include "solvent/mathprog.h"

namespace solvent {

inline MathProgLimits FuzzLimits() {
  MathProgLimits limits;
  limits.max_rows = 500;
  limits.max_columns = 500;
  limits.max_nonzeros = 5000;
  limits.max_set_members = 1000;
  limits.max_total_members = 5000;
  limits.max_tuples_visited = 20000;
  limits.max_steps = 50000;
  limits.max_seconds = 5;
  limits.max_memory_bytes = 16 << 20;
  limits.max_recursion = 500;
  limits.max_output_bytes = 4000;
  limits.max_result_rows = 500;
  return limits;
}

// Generates, and makes the report of an arbitrary point.
inline void FuzzRun(const MathProgModel& model, const MathProgInput& input) {
  MathProgRunOptions options;
  options.limits = FuzzLimits();
  options.names = true;
  options.now_seconds = 1'000'000'000;
  MathProgGenerated generated = model.Generate(input, options);
  if (!generated.run) {
    if (ToStatus(generated.diagnostics).ok()) __builtin_trap();  // refused without a reason
    return;
  }
  const Problem& problem = generated.run->problem();
  if (!problem.Check().ok()) __builtin_trap();
  SolveResult solved;
  solved.status = SolveStatus::kOptimal;
  solved.has_point = true;
  solved.x.assign(static_cast<size_t>(problem.num_columns()), 1);
  MathProgReportOptions report;
  report.include = MathProgReportOptions::Include::kAll;
  (void)generated.run->Report(solved, report);
}

}  // namespace solvent
