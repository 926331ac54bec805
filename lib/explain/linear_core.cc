#include "linear_core.h"

#include <algorithm>
#include <utility>

#include "certificate.h"
#include "min_form.h"

namespace solvent {
namespace {

using Outcome = InfeasibleCore::Outcome;

// Some parts as a problem of their own, and what they are called there.
struct Portion {
  Subproblem sub;
  std::vector<CorePart> parts;
  std::vector<Part> whole;  // the same of the whole problem
};

Portion MakePortion(const Problem& problem, std::span<const Part> among) {
  Portion portion;
  portion.sub = MakeSubproblem(problem, among, /*relaxed=*/false);
  std::vector<int32_t> new_column(problem.num_columns(), -1);
  for (size_t j = 0; j < portion.sub.columns.size(); ++j)
    new_column[portion.sub.columns[j]] = static_cast<int32_t>(j);
  int32_t row = 0;
  for (const Part& part : among) {
    const bool is_row = part.kind == ConflictPart::Kind::kRow;
    const int32_t index = is_row ? row++ : new_column[part.index];
    if (index < 0) continue;  // the bound of a column that is in none of the rows
    portion.parts.push_back({is_row ? CorePart::Kind::kRow
                             : part.kind == ConflictPart::Kind::kLowerBound
                                 ? CorePart::Kind::kLowerBound
                                 : CorePart::Kind::kUpperBound,
                             index});
    portion.whole.push_back(part);
  }
  return portion;
}

// The proof's multipliers show that `parts` of `problem` contradict each other.
bool Shows(const Problem& problem, std::span<const Part> parts, std::span<const double> by_row) {
  const Subproblem alone = MakeSubproblem(problem, parts, /*relaxed=*/false);
  std::vector<double> y;
  for (const Part& part : parts) {
    if (part.kind == ConflictPart::Kind::kRow) y.push_back(by_row[part.index]);
  }
  const MinForm form(alone.problem);
  return IsFarkasProof(form, form.lower, form.upper, y);
}

}  // namespace

bool HasLinearCores(SolveBackend& backend) {
  return dynamic_cast<InfeasibleCoreFinder*>(&backend) != nullptr;
}

LinearCore FindLinearCore(const Problem& problem, std::span<const Part> among,
                          SolveBackend& backend, const Countdown& countdown) {
  LinearCore core;
  auto* finder = dynamic_cast<InfeasibleCoreFinder*>(&backend);
  if (finder == nullptr || countdown.Over()) return core;
  const Portion portion = MakePortion(problem, among);
  if (portion.sub.columns.empty()) return core;
  SolveOptions options;
  options.time_limit_seconds = std::max(1e-3, countdown.Remaining());
  SolveMonitor monitor;
  monitor.stop = countdown.token();
  absl::StatusOr<InfeasibleCore> found =
      finder->FindInfeasibleCore(portion.sub.problem, portion.parts, options, monitor);
  if (!found.ok()) return core;
  core.tests = found->solves;
  if (found->outcome == Outcome::kFeasible) core.outcome = Outcome::kFeasible;
  if (found->outcome != Outcome::kIrreducible && found->outcome != Outcome::kInfeasible)
    return core;
  if (std::ssize(found->proof) != portion.sub.problem.num_rows()) return core;

  std::vector<double> by_row(problem.num_rows());
  auto next = found->parts.begin();  // in the order of portion.parts
  int32_t row = 0;
  for (size_t k = 0; k < portion.parts.size(); ++k) {
    const Part& part = portion.whole[k];
    if (part.kind == ConflictPart::Kind::kRow) by_row[part.index] = found->proof[row++];
    if (next == found->parts.end() || !(*next == portion.parts[k])) continue;
    core.parts.push_back(part);
    ++next;
  }
  if (next != found->parts.end() || !Shows(problem, core.parts, by_row)) {
    core.parts.clear();
    return core;
  }
  core.outcome = found->outcome;
  return core;
}

}  // namespace solvent
