// solvent explain: why a problem has no answer, or what its answer hangs on.
#include "solvent/explain.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "commands.h"
#include "problem_file.h"
#include "solve_again.h"
#include "solvent/worker_backend.h"
#include "stop_on_signal.h"

namespace solvent::cli {
namespace {

constexpr size_t kShown = 20;  // lines of each list

std::string Number(double value) {
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char text[40];
  std::snprintf(text, sizeof(text), "%.10g", value);
  return text;
}

std::string RowLabel(const Problem& problem, int32_t row) {
  return ParsePartName(problem.RowName(row)).name;
}
std::string ColumnLabel(const Problem& problem, int32_t column) {
  return ParsePartName(problem.ColumnName(column)).name;
}

std::string Between(const Range& range) {
  return "[" + Number(range.lower) + ", " + Number(range.upper) + "]";
}

// Left-aligned columns under a heading.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) : rows_{std::move(heading)} {}
  void Add(std::vector<std::string> row) {
    for (std::string& cell : row) cell = Printable(cell);
    rows_.push_back(std::move(row));
  }
  void Print(const std::string& title) const {
    if (rows_.size() == 1) return;
    std::vector<size_t> widths(rows_[0].size());
    const size_t shown = std::min(rows_.size(), kShown + 1);
    for (size_t i = 0; i < shown; ++i) {
      for (size_t c = 0; c < widths.size(); ++c)
        widths[c] = std::max(widths[c], rows_[i][c].size());
    }
    std::printf("\n%s\n", title.c_str());
    for (size_t i = 0; i < shown; ++i) {
      std::string line = "  ";
      for (size_t c = 0; c < widths.size(); ++c) {
        line += rows_[i][c];
        if (c + 1 < widths.size()) line.append(widths[c] - rows_[i][c].size() + 2, ' ');
      }
      std::printf("%s\n", line.c_str());
    }
    if (rows_.size() > shown)
      std::printf("  ... %zu more (--json has more)\n", rows_.size() - shown);
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

void Print(const Conflict& conflict) {
  using Outcome = Conflict::Outcome;
  switch (conflict.outcome) {
    case Outcome::kIrreducible:
      std::printf("infeasible: these contradict each other, and each of them is needed for it\n");
      break;
    case Outcome::kInfeasibleSubset:
      std::printf("infeasible: these contradict each other\n");
      break;
    case Outcome::kFeasible: std::printf("feasible after all\n"); break;
    case Outcome::kUnknown: std::printf("no conflict was found\n"); break;
  }
  for (const ConflictPart& part : conflict.parts) {
    std::printf("  %s\n", Printable(part.text).c_str());
  }
  if (conflict.needs_integers)
    std::printf("with fractions instead of whole numbers they could be satisfied\n");
  if (!conflict.note.empty()) std::printf("%s\n", Printable(conflict.note).c_str());
}

void Print(const Ray& ray) {
  std::printf("unbounded%s\n", ray.found ? ": the objective improves for ever along" : "");
  for (size_t i = 0; i < std::min(kShown, ray.steps.size()); ++i) {
    std::printf("  %s %+.10g\n", Printable(ray.steps[i].name.name).c_str(), ray.steps[i].change);
  }
  if (ray.steps.size() > kShown) std::printf("  ... %zu more\n", ray.steps.size() - kShown);
  if (ray.found) std::printf("by %s per unit\n", Number(ray.objective_change).c_str());
  if (!ray.note.empty()) std::printf("%s\n", Printable(ray.note).c_str());
}

void Print(const Problem& problem, const SolveResult& result, const PointAnalysis& point,
           const Sensitivity& s) {
  std::printf("%s, objective %s; %lld of %zu rows bind\n",
              std::string(ToString(result.status)).c_str(), Number(point.objective).c_str(),
              static_cast<long long>(point.binding_rows), point.rows.size());
  Table contributions({"variable", "contribution"});
  for (const Contribution& part : point.contributions) {
    contributions.Add(
        {part.column < 0 ? "(constant)" : ColumnLabel(problem, part.column), Number(part.value)});
  }
  contributions.Print("What the objective is made of");
  Table binding({"row", "activity", "shadow price", "holds for a bound in"});
  Table slack({"row", "activity", "slack"});
  for (const RowAnalysis& row : point.rows) {
    if (!row.binding) {
      slack.Add({RowLabel(problem, row.row), Number(row.activity), Number(row.slack)});
      continue;
    }
    const bool known = s.computed;
    const RowSensitivity* of = known ? &s.rows[static_cast<size_t>(row.row)] : nullptr;
    binding.Add({RowLabel(problem, row.row), Number(row.activity), known ? Number(of->dual) : "",
                 known && s.ranges ? Between(of->bound_range) : ""});
  }
  binding.Print("Binding rows");
  slack.Print("Rows with room");
  if (s.computed) {
    Table columns({"variable", "value", "reduced cost", "coefficient", "same point for"});
    for (const ColumnSensitivity& column : s.columns) {
      const size_t j = static_cast<size_t>(column.column);
      columns.Add({ColumnLabel(problem, column.column), Number(result.x[j]),
                   Number(column.reduced_cost), Number(problem.objective[j]),
                   s.ranges ? Between(column.cost_range) : ""});
    }
    columns.Print("Variables");
  }
  if (!s.note.empty()) std::printf("\nnote: %s\n", Printable(s.note).c_str());
}

void PrintJson(const SolveResult& result, std::string_view member, Json value) {
  Json out;
  out.Set("status", ToString(result.status)).Set(member, std::move(value));
  std::printf("%s\n", out.Dump().c_str());
}

}  // namespace

int Explain(const ExplainFileOptions& options) {
  std::optional<LoadedProblem> loaded = LoadProblem(options.file, options.format, options.model);
  if (!loaded) return kFailed;
  const Problem& problem = loaded->problem;
  if (options.time_limit) loaded->options.time_limit_seconds = *options.time_limit;

  StopOnSignal signals;
  WorkerOptions worker;
  worker.command = WorkerCommand();
  auto backend = MakeWorkerBackend(std::move(worker));
  if (!backend.ok()) return Complain(backend.status());
  SolveMonitor monitor;
  monitor.stop = signals.token();
  absl::StatusOr<SolveResult> result = SolveAgain(**backend, problem, loaded->options, monitor);
  if (!result.ok()) return Complain(result.status());
  ExplainOptions explain{.stop = signals.token()};
  if (options.time_limit) explain.time_limit_seconds = *options.time_limit;

  if (result->status == SolveStatus::kInfeasible) {
    auto conflict = FindConflict(problem, **backend, explain);
    if (!conflict.ok()) return Complain(conflict.status());
    if (options.json) {
      PrintJson(*result, "infeasibility_analysis", ConflictToJson(*conflict));
    } else {
      Print(*conflict);
    }
    const bool settled = conflict->outcome == Conflict::Outcome::kIrreducible ||
                         conflict->outcome == Conflict::Outcome::kFeasible;
    return settled ? kDone : kLimit;
  }
  if (result->status == SolveStatus::kUnbounded) {
    auto ray = FindUnboundedDirection(problem, **backend, explain);
    if (!ray.ok()) return Complain(ray.status());
    if (options.json) {
      PrintJson(*result, "ray", RayToJson(*ray));
    } else {
      Print(*ray);
    }
    return ray->found ? kDone : kLimit;
  }
  if (!result->has_point) {
    std::fprintf(stderr, "solvent: there is no answer to explain: %s %s\n",
                 std::string(ToString(result->status)).c_str(), Printable(result->error).c_str());
    return result->status == SolveStatus::kError ? kFailed : kLimit;
  }
  auto point = AnalyzePoint(problem, result->x);
  if (!point.ok()) return Complain(point.status());
  auto sensitivity = AnalyzeSensitivity(problem, result->x, **backend, explain);
  if (!sensitivity.ok()) return Complain(sensitivity.status());
  if (options.json) {
    Json analysis = PointAnalysisToJson(problem, *point);
    analysis.Set("sensitivity", SensitivityToJson(problem, *sensitivity));
    PrintJson(*result, "exact_analysis", std::move(analysis));
  } else {
    Print(problem, *result, *point, *sensitivity);
  }
  // What is explained may be a point that a limit or Ctrl-C has ended the search at.
  const bool settled = result->status == SolveStatus::kOptimal && !signals.token().stop_requested();
  return settled ? kDone : kLimit;
}

}  // namespace solvent::cli
