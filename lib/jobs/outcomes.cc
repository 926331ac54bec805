// Looks at a batch as a whole: its table and its figures.
#include "outcomes.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "clock.h"

namespace solvent {
namespace {

constexpr size_t kSlowest = 10;

// Of sorted values, interpolated linearly.
double Quantile(const std::vector<double>& values, double q) {
  double at = q * static_cast<double>(values.size() - 1);
  auto below = static_cast<size_t>(at);
  size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
}

void AppendField(std::string& csv, std::string_view text) {
  bool quote = text.find_first_of(",\"\r\n") != std::string_view::npos;
  // A spreadsheet takes such a beginning for a formula.
  bool formula =
      !text.empty() && std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos;
  if (quote || formula) csv += '"';
  if (formula) csv += '\'';
  for (char c : text) {
    if (c == '"') csv += '"';
    csv += c;
  }
  if (quote || formula) csv += '"';
}

}  // namespace

JobSummary Summarize(const JobExecution& execution, std::vector<JobTaskOutcome> outcomes,
                     int64_t now) {
  JobSummary summary;
  summary.state = execution.state;
  summary.stats = execution.stats;
  std::vector<double> values;
  std::map<std::string, int64_t> statuses;
  for (const JobTaskOutcome& outcome : outcomes) {
    if (outcome.objective_value && std::isfinite(*outcome.objective_value)) {
      values.push_back(*outcome.objective_value);
    }
    if (!outcome.solver_status.empty()) ++statuses[outcome.solver_status];
    summary.solve_seconds += outcome.solve_seconds;
  }
  summary.solver_statuses.assign(statuses.begin(), statuses.end());
  summary.objectives = static_cast<int64_t>(values.size());
  if (!values.empty()) {
    std::sort(values.begin(), values.end());
    summary.min = values.front();
    summary.lower_quartile = Quantile(values, 0.25);
    summary.median = Quantile(values, 0.5);
    summary.upper_quartile = Quantile(values, 0.75);
    summary.max = values.back();
    long double sum = 0;
    for (double value : values) sum += value;
    // Rounding must not carry it outside.
    summary.mean = std::clamp(static_cast<double>(sum / static_cast<long double>(values.size())),
                              summary.min, summary.max);
  }
  if (execution.started_at != 0) {
    int64_t end = execution.completed_at != 0 ? execution.completed_at : now;
    summary.elapsed_seconds =
        static_cast<double>(std::max<int64_t>(end - execution.started_at, 0)) / 1e6;
  }
  std::erase_if(outcomes, [](const JobTaskOutcome& o) { return o.solve_seconds <= 0; });
  size_t most = std::min(kSlowest, outcomes.size());
  std::partial_sort(outcomes.begin(), outcomes.begin() + static_cast<long>(most), outcomes.end(),
                    [](const JobTaskOutcome& a, const JobTaskOutcome& b) {
                      return a.solve_seconds > b.solve_seconds;
                    });
  outcomes.resize(most);
  summary.slowest = std::move(outcomes);
  return summary;
}

std::string OutcomesToCsv(const std::vector<JobTaskOutcome>& outcomes) {
  std::string csv =
      "index,name,status,reason,solver_status,objective_value,attempts,solve_seconds,"
      "started_at,completed_at,execution_id,message\r\n";
  auto time = [&csv](int64_t micros) {
    if (micros != 0) csv += FormatTime(micros);
    csv += ',';
  };
  for (const JobTaskOutcome& o : outcomes) {
    csv += std::to_string(o.task.index) + ',';
    AppendField(csv, o.task.name);
    csv += ',';
    csv += ToString(o.task.state);
    csv += ',';
    csv += ToString(o.task.reason);
    csv += ',' + o.solver_status + ',';
    if (o.objective_value) AppendJsonNumber(csv, *o.objective_value);
    csv += ',' + std::to_string(o.task.attempts) + ',';
    AppendJsonNumber(csv, o.solve_seconds);
    csv += ',';
    time(o.task.started_at);
    time(o.task.completed_at);
    csv += o.execution_id + ',';
    AppendField(csv, o.task.message);
    csv += "\r\n";
  }
  return csv;
}

}  // namespace solvent
