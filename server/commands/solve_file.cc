// solvent solve: one file, no database.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "problem_file.h"
#include "solve_again.h"
#include "solvent/explain.h"
#include "solvent/result_json.h"
#include "solvent/worker_backend.h"
#include "stop_on_signal.h"

namespace solvent::cli {
namespace {

std::string Number(double value) {
  if (std::isnan(value)) return "-";
  char text[40];
  std::snprintf(text, sizeof(text), "%.10g", value);
  return text;
}

std::string Percent(double gap) {
  if (std::isnan(gap)) return "-";
  char text[40];
  std::snprintf(text, sizeof(text), "%.2f%%", 100 * gap);
  return text;
}

// One line on standard error, rewritten in place on a terminal.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet) : show_(!quiet), terminal_(::isatty(STDERR_FILENO) == 1) {}
  void Show(const Progress& p) {
    // Without a terminal, a line per improvement is a log; one per report would be noise.
    if (!show_ || (!terminal_ && !p.improved)) return;
    char line[200];
    std::snprintf(
        line, sizeof(line), "%s%8.1f s  %-8s incumbent %-14s bound %-14s gap %-8s nodes %lld%s",
        terminal_ ? "\r\033[K" : "", p.elapsed_seconds, std::string(ToString(p.phase)).c_str(),
        Number(p.incumbent).c_str(), Number(p.bound).c_str(), Percent(p.gap).c_str(),
        static_cast<long long>(p.nodes), terminal_ ? "" : "\n");
    std::fputs(line, stderr);
    std::fflush(stderr);
    dirty_ = terminal_;
  }
  void Clear() {
    if (dirty_) std::fputs("\r\033[K", stderr);
  }

 private:
  const bool show_;
  const bool terminal_;
  bool dirty_ = false;
};

std::string Explain(const Verification& v) {
  switch (v.trust) {
    case Trust::kProven: return "proven (" + v.method + ")";
    case Trust::kCrossChecked: return "cross-checked by a second solve";
    case Trust::kSolverWord:
      return v.point_checked ? "the solver's word; the point itself was checked"
                             : "the solver's word";
    case Trust::kNone: return v.point_checked ? "the point was checked" : "";
  }
  return "";
}

// How names and texts of the model go to where the answer goes. A file gets them byte by byte.
class Shown {
 public:
  explicit Shown(const std::string& output) : in_file_(!output.empty() && output != "-") {}
  std::string Line(std::string_view text) const {
    return in_file_ ? std::string(text) : Printable(text);
  }
  std::string Text(std::string_view text) const {
    return in_file_ ? std::string(text) : ModelText(text);
  }

 private:
  const bool in_file_;
};

std::string Table(const Problem& problem, const SolveResult& result, bool all, const Shown& shown) {
  std::string text;
  auto line = [&text](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    text += name;
    text.append(name.size() < 12 ? 12 - name.size() : 1, ' ');
    text += value;
    text += '\n';
  };
  line("status", ToString(result.status));
  if (result.has_point) line("objective", Number(result.objective));
  if (!std::isnan(result.bound)) line("bound", Number(result.bound));
  if (!std::isnan(result.gap)) line("gap", Percent(result.gap));
  line("trust", Explain(result.verification));
  if (result.verification.corrected)
    line("", "the solver's first answer was false and was replaced");
  line("warning", shown.Line(result.warning));
  char effort[120];
  std::snprintf(effort, sizeof(effort), "%.3f s, %lld iterations, %lld nodes", result.seconds,
                static_cast<long long>(result.iterations), static_cast<long long>(result.nodes));
  line("effort", effort);
  if (!result.has_point) return text;
  size_t width = 8;
  int64_t hidden = 0;
  for (int32_t j = 0; j < problem.num_columns(); ++j) {
    if (all || result.x[static_cast<size_t>(j)] != 0) {
      width = std::max(width, shown.Line(problem.ColumnName(j)).size());
    } else {
      ++hidden;
    }
  }
  width = std::min<size_t>(width, 60);
  text += "\nvariable";
  text.append(width - 8 + 2, ' ');
  text += "value\n";
  for (int32_t j = 0; j < problem.num_columns(); ++j) {
    double value = result.x[static_cast<size_t>(j)];
    if (!all && value == 0) continue;
    const std::string name = shown.Line(problem.ColumnName(j));
    text += name;
    text.append(name.size() < width ? width - name.size() + 2 : 2, ' ');
    text += Number(value);
    text += '\n';
  }
  if (hidden > 0) text += "(" + std::to_string(hidden) + " at zero; --all shows them)\n";
  return text;
}

// What a flat problem's answer has too: verification, effort and the solver's words.
void AddEffort(const Problem& problem, const SolveResult& result, Json& document) {
  SolveResult without_point;
  without_point.status = result.status;
  without_point.bound = result.bound;
  without_point.gap = result.gap;
  without_point.seconds = result.seconds;
  without_point.iterations = result.iterations;
  without_point.nodes = result.nodes;
  without_point.solver = result.solver;
  without_point.warning = result.warning;
  without_point.error = result.error;
  without_point.verification = result.verification;
  const absl::StatusOr<Json> flat = ParseJson(ResultToJson(problem, without_point));
  if (!flat.ok()) return;
  for (const char* name : {"verification", "nodes", "iterations", "solve_time_seconds",
                           "solver_used", "warning", "error_message"}) {
    document.Set(name, (*flat)[name]);
  }
}

std::string CellText(const Json& cell) {
  if (cell.is_string()) return cell.as_string();
  return cell.is_number() ? Number(cell.as_double()) : cell.Dump();
}

// A table of `table … OUT`, as columns under their names.
std::string RowsText(const std::string& name, const Json::Array& rows, const Shown& shown) {
  constexpr size_t kShown = 50;
  constexpr size_t kWidest = 60;
  std::vector<std::vector<std::string>> cells(1);
  if (!rows.empty()) {
    for (const Json::Member& member : rows[0].object()) cells[0].push_back(member.name);
  }
  for (const Json& row : rows) {
    if (cells.size() > kShown) break;
    std::vector<std::string>& line = cells.emplace_back();
    for (const std::string& column : cells[0]) line.push_back(CellText(row[column]));
  }
  for (std::vector<std::string>& line : cells) {
    for (std::string& cell : line) cell = shown.Line(cell);
  }
  std::string text = "\ntable " + shown.Line(name) + "\n";
  for (const std::vector<std::string>& line : cells) {
    std::string out = " ";
    for (size_t c = 0; c < line.size(); ++c) {
      size_t width = 0;
      for (const auto& other : cells) width = std::max(width, other[c].size());
      width = std::min(width, kWidest);
      out += ' ' + line[c];
      if (c + 1 < line.size() && line[c].size() <= width)
        out.append(width - line[c].size() + 1, ' ');
    }
    text += out + "\n";
  }
  if (rows.size() > kShown) {
    text += "  ... " + std::to_string(rows.size() - kShown) + " more (--json has all)\n";
  }
  return text;
}

// What the model's statements have made besides what they printed. Nothing touches the disk, so the
// texts are shown under the names of their files.
std::string ModelOutput(const Json& document, const Shown& shown) {
  std::string text;
  for (const Json::Member& table : document["tables"].object()) {
    text += RowsText(table.name, table.value.array(), shown);
  }
  if (document["files"].is_object()) {
    for (const Json::Member& file : document["files"].object()) {
      text += "\nfile " + shown.Line(file.name) + " (not written; its text)\n";
      text += shown.Text(file.value.as_string());
      if (!text.ends_with('\n')) text += '\n';
    }
  }
  return text;
}

// Of the time limit, to saying why there is no answer; `solvent explain` takes longer.
constexpr double kConflictShare = 0.1;
constexpr double kMostConflictSeconds = 2;

// Unset when no conflict was found in that time.
std::optional<Conflict> ConflictOf(const Problem& problem, const SolveResult& result,
                                   SolveBackend& backend, double time_limit_seconds,
                                   std::stop_token stop) {
  if (result.status != SolveStatus::kInfeasible) return std::nullopt;
  ExplainOptions options{.stop = std::move(stop)};
  options.time_limit_seconds = std::min(kMostConflictSeconds, kConflictShare * time_limit_seconds);
  absl::StatusOr<Conflict> conflict = FindConflict(problem, backend, options);
  if (!conflict.ok() || conflict->parts.empty()) return std::nullopt;
  return *std::move(conflict);
}

std::string ConflictText(const Conflict& conflict, const Shown& shown) {
  constexpr size_t kShown = 20;
  std::string text = "\nThese contradict each other:\n";
  for (size_t i = 0; i < std::min(kShown, conflict.parts.size()); ++i) {
    text += "  " + shown.Line(conflict.parts[i].text) + "\n";
  }
  if (conflict.parts.size() > kShown) {
    text += "  ... " + std::to_string(conflict.parts.size() - kShown) + " more\n";
  }
  return text;
}

int ExitStatus(const SolveResult& result) {
  switch (result.status) {
    case SolveStatus::kOptimal: return kDone;
    case SolveStatus::kFeasible: return kLimit;
    case SolveStatus::kInfeasible: return kInfeasible;
    case SolveStatus::kUnbounded: return kUnbounded;
    case SolveStatus::kTimeLimit:
    case SolveStatus::kCancelled: return kLimit;
    case SolveStatus::kError: return kFailed;
  }
  return kFailed;
}

}  // namespace

int SolveFile(const SolveFileOptions& options) {
  std::optional<LoadedProblem> loaded = LoadProblem(options.file, options.format, options.model);
  if (!loaded) return kFailed;
  const Problem& problem = loaded->problem;
  const std::unique_ptr<MathProgRun>& model = loaded->model;
  SolveOptions& solve = loaded->options;
  if (options.time_limit) solve.time_limit_seconds = *options.time_limit;
  if (options.gap) solve.gap_tolerance = *options.gap;
  if (options.seed != 0) solve.seed = options.seed;
  if (options.no_verify) solve.verify = false;

  StopOnSignal signals;
  WorkerOptions worker;
  worker.command = WorkerCommand();
  auto backend = MakeWorkerBackend(std::move(worker));
  if (!backend.ok()) return Complain(backend.status());
  ProgressLine line(options.quiet);
  SolveMonitor monitor;
  monitor.stop = signals.token();
  monitor.on_progress = [&line](const Progress& p) { line.Show(p); };
  absl::StatusOr<SolveResult> result = SolveAgain(**backend, problem, solve, monitor);
  line.Clear();
  if (!result.ok()) return Complain(result.status());

  const std::optional<Conflict> conflict =
      ConflictOf(problem, *result, **backend, solve.time_limit_seconds, signals.token());
  const Shown shown(options.output);
  std::string answer;
  if (model != nullptr) {
    MathProgReportOptions report;
    report.duals = !result->row_dual.empty();
    report.solve_ms = result->seconds * 1e3;
    report.conflict = true;
    if (options.all) report.include = MathProgReportOptions::Include::kAll;
    auto document = model->Report(*result, report);
    if (!document.ok()) return Complain(document.status());
    if (conflict) {
      Json analysis = ConflictToJson(*conflict);
      document->Set("conflict", analysis["iis_constraints"]);
      document->Set("infeasibility_analysis", std::move(analysis));
    }
    if (options.json) AddEffort(problem, *result, *document);
    answer = options.json
                 ? document->Dump() + "\n"
                 : shown.Text((*document)["output"].as_string()) +
                       Table(problem, *result, options.all, shown) + ModelOutput(*document, shown);
  } else {
    answer = options.json ? ResultToJson(problem, *result) + "\n"
                          : Table(problem, *result, options.all, shown);
  }
  if (conflict && !options.json) answer += ConflictText(*conflict, shown);
  if (absl::Status status = WriteAll(options.output, answer); !status.ok()) return Complain(status);
  if (result->status == SolveStatus::kError) {
    return Complain(absl::InternalError(result->error));
  }
  return ExitStatus(*result);
}

}  // namespace solvent::cli
