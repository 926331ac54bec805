#include "ask.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "point_polish.h"

namespace solvent {

absl::StatusOr<SolveResult> Ask(SolveBackend& backend, const Problem& problem,
                                const SolveOptions& options, const SolveMonitor& monitor) {
  absl::StatusOr<SolveResult> solved = absl::UnknownError("");
  try {
    solved = backend.Solve(problem, options, monitor);
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("the solver threw an exception: ", error.what()));
  } catch (...) {
    return absl::InternalError("the solver threw an exception");
  }
  if (!solved.ok()) return solved;
  const auto columns = static_cast<size_t>(problem.num_columns());
  if (!solved->has_point) {
    solved->x.clear();
  } else if (solved->x.size() != columns || !IsSolution(CheckPoint(problem, solved->x))) {
    return absl::InternalError("the solver's point does not satisfy the problem");
  }
  if (solved->row_dual.size() != static_cast<size_t>(problem.num_rows()) ||
      solved->reduced_cost.size() != columns) {
    solved->row_dual.clear();
    solved->reduced_cost.clear();
  }
  return solved;
}

}  // namespace solvent
