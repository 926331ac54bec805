#include "result_json.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "solvent/error.h"
#include "solvent/json.h"
#include "solvent/result_json.h"

namespace solvent {
namespace {

std::string_view TypeName(ColumnType type) {
  switch (type) {
    case ColumnType::kContinuous: return "continuous";
    case ColumnType::kInteger: return "integer";
    case ColumnType::kBinary: return "binary";
  }
  return "continuous";
}

void WriteSensitivity(JsonWriter& w, const Problem& problem, const SolveResult& result) {
  w.BeginObject();
  w.Key("is_approximate").Bool(false);
  const bool exact = problem.num_rows() + problem.num_columns() > 0 &&
                     result.row_dual.size() == problem.row_lower.size() &&
                     result.reduced_cost.size() == problem.objective.size();
  w.Key("note");
  if (exact) {
    w.Null();
  } else {
    w.String(problem.is_mip() ? "dual values exist for linear problems without integer variables"
                              : "no dual values are available for this result");
  }
  w.Key("constraints").BeginArray();
  if (exact) {
    std::vector<double> activity = problem.Activity(result.x);
    for (int32_t i = 0; i < problem.num_rows(); ++i) {
      size_t row = static_cast<size_t>(i);
      double scale = std::max(1.0, std::fabs(activity[row]));
      bool binding = std::fabs(activity[row] - problem.row_lower[row]) <= 1e-6 * scale ||
                     std::fabs(activity[row] - problem.row_upper[row]) <= 1e-6 * scale;
      w.BeginObject();
      w.Key("name").String(problem.RowName(i));
      w.Key("shadow_price").Double(result.row_dual[row]);
      w.Key("is_binding").Bool(binding);
      w.Key("is_approximate").Bool(false);
      w.EndObject();
    }
  }
  w.EndArray();
  w.Key("variables").BeginArray();
  if (exact) {
    for (int32_t j = 0; j < problem.num_columns(); ++j) {
      w.BeginObject();
      w.Key("name").String(problem.ColumnName(j));
      w.Key("reduced_cost").Double(result.reduced_cost[static_cast<size_t>(j)]);
      w.EndObject();
    }
  }
  w.EndArray();
  w.EndObject();
}

void WriteVerification(JsonWriter& w, const Verification& v) {
  w.BeginObject();
  w.Key("trust").String(ToString(v.trust));
  w.Key("method");
  if (v.method.empty()) {
    w.Null();
  } else {
    w.String(v.method);
  }
  w.Key("point_checked").Bool(v.point_checked);
  w.Key("max_row_violation").Double(v.max_row_violation);
  w.Key("max_bound_violation").Double(v.max_bound_violation);
  w.Key("max_integrality_violation").Double(v.max_integrality_violation);
  w.Key("corrected").Bool(v.corrected);
  w.Key("seconds").Double(v.seconds);
  w.Key("note");
  if (v.note.empty()) {
    w.Null();
  } else {
    w.String(v.note);
  }
  w.EndObject();
}

constexpr std::string_view kOwnMembers[] = {
    "status",
    "objective_value",
    "variables",
    "solution",
    "gap",
    "dual_bound",
    "iterations",
    "nodes",
    "solver_used",
    "auto_route_reason",
    "warm_start_used",
    "warning",
    "error_message",
    "verification",
    "sensitivity",
    "progress_history",
    "infeasibility_analysis",
    "solve_time_seconds",
};

// A copy of families with at most `most` rows each.
Json CutRows(const Json& families, size_t most) {
  Json cut = families;
  for (Json::Member& family : cut.mutable_object()) {
    const Json::Array& rows = family.value["rows"].array();
    if (rows.size() <= most) continue;
    family.value.Set("rows", Json::Array(rows.begin(), rows.begin() + static_cast<long>(most)));
    family.value.Set("truncated", static_cast<int64_t>(rows.size() - most));
  }
  return cut;
}

void WriteReport(JsonWriter& w, const Json& report, bool complete) {
  for (const Json::Member& member : report.object()) {
    if (std::find(std::begin(kOwnMembers), std::end(kOwnMembers), member.name) !=
        std::end(kOwnMembers)) {
      continue;
    }
    w.Key(member.name);
    if (!complete && (member.name == "families" || member.name == "constraints")) {
      w.Value(CutRows(member.value, kPreviewVariables));
    } else {
      w.Value(member.value);
    }
  }
}

std::string Render(const Problem& problem, const SolveResult& result, const Json& report,
                   size_t most_variables) {
  const size_t known = std::min(problem.objective.size(), problem.column_type.size());
  const size_t columns = result.has_point ? std::min(result.x.size(), known) : 0;
  size_t shown = std::min(columns, most_variables);
  bool complete = shown == columns;
  std::string text;
  text.reserve(600 + 64 * shown);
  JsonWriter w(text);
  auto text_or_null = [&w](std::string_view s) {
    if (s.empty()) {
      w.Null();
    } else {
      w.String(s);
    }
  };
  w.BeginObject();
  w.Key("status").String(ToString(result.status));
  w.Key("objective_value").Double(result.has_point ? result.objective : Progress::kUnknown);
  w.Key("variables").BeginArray();
  for (size_t j = 0; j < shown; ++j) {
    w.BeginObject();
    w.Key("name").String(problem.ColumnName(static_cast<int32_t>(j)));
    w.Key("value").Double(result.x[j]);
    w.Key("type").String(TypeName(problem.column_type[j]));
    w.EndObject();
  }
  w.EndArray();
  w.Key("solution").BeginObject();
  for (size_t j = 0; j < shown; ++j) {
    w.Key(problem.ColumnName(static_cast<int32_t>(j))).Double(result.x[j]);
  }
  w.EndObject();
  if (!complete) {
    w.Key("variables_truncated").Bool(true);
    w.Key("num_variables").Int(static_cast<int64_t>(columns));
  }
  w.Key("solve_time_seconds").Double(result.seconds);
  w.Key("gap").Double(result.gap);
  w.Key("dual_bound").Double(result.bound);
  w.Key("iterations").Int(result.iterations);
  w.Key("nodes").Int(result.nodes);
  w.Key("solver_used").String(result.solver);
  w.Key("auto_route_reason").Null();
  w.Key("warm_start_used").Bool(result.warm_start_used);
  w.Key("warning");
  text_or_null(result.warning);
  w.Key("error_message");
  text_or_null(result.error);
  w.Key("verification");
  WriteVerification(w, result.verification);
  if (complete) {
    w.Key("sensitivity");
    if (result.has_point) {
      WriteSensitivity(w, problem, result);
    } else {
      w.Null();
    }
    w.Key("progress_history").BeginArray();
    for (const Progress& p : result.history) {
      w.BeginObject();
      w.Key("time").Double(p.elapsed_seconds);
      w.Key("objective").Double(p.incumbent);
      w.Key("gap").Double(p.gap);
      w.EndObject();
    }
    w.EndArray();
  }
  w.Key("infeasibility_analysis").Value(report["infeasibility_analysis"]);
  WriteReport(w, report, complete);
  w.EndObject();
  return text;
}

}  // namespace

ResultJson RenderResult(const Problem& problem, const SolveResult& result, const Json& report) {
  ResultJson json;
  json.full = Render(problem, result, report, SIZE_MAX);
  if (result.has_point && result.x.size() > kPreviewVariables) {
    json.preview = Render(problem, result, report, kPreviewVariables);
  }
  return json;
}

std::string ResultToJson(const Problem& problem, const SolveResult& result) {
  return Render(problem, result, Json(), SIZE_MAX);
}

Json ReportFailed(const absl::Status& failure) {
  Json warning;
  warning.Set("message", "the result could not be reported in the model's terms: " +
                             std::string(Message(failure)));
  Json report;
  report.Set("warnings", Json::Array{std::move(warning)});
  return report;
}

std::string NoSolutionInTime(std::string_view limit, const SolveResult& result) {
  std::string text(limit);
  if (result.history.empty() || !std::isfinite(result.history.back().incumbent)) {
    return text + " passed before a solution was found";
  }
  text += " passed; a solution with objective ";
  AppendJsonNumber(text, result.history.back().incumbent);
  return text + " was known, but could not be kept";
}

std::string RenderProgress(const Progress& progress, double fraction) {
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("progress").Double(fraction);
  w.Key("phase").String(ToString(progress.phase));
  w.Key("objective_value").Double(progress.incumbent);
  w.Key("bound").Double(progress.bound);
  w.Key("gap").Double(progress.gap);
  w.Key("nodes").Int(progress.nodes);
  w.Key("iteration").Int(progress.iterations);
  w.Key("elapsed_seconds").Double(progress.elapsed_seconds);
  w.EndObject();
  return text;
}

std::optional<StoredProgress> ReadProgress(std::string_view text) {
  absl::StatusOr<Json> json = ParseJson(text);
  if (!json.ok() || !(*json)["progress"].is_number()) return std::nullopt;
  auto number = [&](std::string_view name) {
    const Json& value = (*json)[name];
    return value.is_number() ? value.as_double() : Progress::kUnknown;
  };
  StoredProgress stored;
  stored.fraction = (*json)["progress"].as_double();
  Progress& p = stored.progress;
  for (SolvePhase phase : {SolvePhase::kStarting, SolvePhase::kPresolve, SolvePhase::kRoot,
                           SolvePhase::kTree, SolvePhase::kVerify, SolvePhase::kDone}) {
    if ((*json)["phase"].as_string() == ToString(phase)) p.phase = phase;
  }
  p.incumbent = number("objective_value");
  p.bound = number("bound");
  p.gap = number("gap");
  p.nodes = (*json)["nodes"].as_int();
  p.iterations = (*json)["iteration"].as_int();
  p.elapsed_seconds = (*json)["elapsed_seconds"].as_double();
  return stored;
}

std::vector<double> PointFromResult(const Problem& problem, std::string_view result_json) {
  absl::StatusOr<Json> result = ParseJson(result_json);
  if (!result.ok()) return {};
  const Json::Array& variables = (*result)["variables"].array();
  if (variables.empty()) return {};
  std::unordered_map<std::string_view, double> values;
  values.reserve(variables.size());
  for (const Json& variable : variables) {
    values.emplace(variable["name"].as_string(), variable["value"].as_double());
  }
  std::vector<double> point;
  point.reserve(static_cast<size_t>(problem.num_columns()));
  for (int32_t j = 0; j < problem.num_columns(); ++j) {
    auto found = values.find(problem.ColumnName(j));
    if (found == values.end()) return {};
    point.push_back(found->second);
  }
  return point;
}

}  // namespace solvent
