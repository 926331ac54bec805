#include "execution_json.h"

#include <cmath>

#include "requests.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

// Below this a value counts as zero for solution_filter=nonzero.
constexpr double kZero = 1e-9;

void FilterNonzero(Json& result) {
  Json::Array kept;
  Json::Object solution;
  int64_t omitted = 0;
  for (const Json& variable : result["variables"].array()) {
    if (std::fabs(variable["value"].as_double()) > kZero) {
      solution.push_back({variable["name"].as_string(), variable["value"]});
      kept.push_back(variable);
    } else {
      ++omitted;
    }
  }
  result.Set("variables", std::move(kept));
  result.Set("solution", std::move(solution));
  result.Set("variables_omitted", omitted);
}

std::string FailedResult(const Execution& execution) {
  std::string status = "error";
  if (execution.state == RunState::kTimeout) status = "time_limit";
  if (execution.state == RunState::kCancelled) status = "cancelled";
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("status").String(status);
  w.Key("objective_value").Null();
  w.Key("variables").BeginArray().EndArray();
  w.Key("solution").BeginObject().EndObject();
  w.Key("solve_time_seconds").Double(static_cast<double>(execution.execution_time_micros) / 1e6);
  for (const char* name : {"gap", "dual_bound", "iterations", "nodes"}) w.Key(name).Null();
  w.Key("solver_used").String(execution.solver_name);
  w.Key("auto_route_reason").Null();
  w.Key("warning").Null();
  w.Key("error_message");
  WriteTextOrNull(w, execution.error_message);
  for (const char* name : {"sensitivity", "warm_start_used", "verification"}) w.Key(name).Null();
  w.Key("progress_history").BeginArray().EndArray();
  w.Key("infeasibility_analysis").Null();
  w.EndObject();
  return text;
}

}  // namespace

Json CreditsRemaining(Context& context, std::string_view organization) {
  absl::StatusOr<std::optional<int64_t>> remaining =
      context.engine.credits().Remaining(organization);
  if (remaining.ok()) return remaining->has_value() ? Json(**remaining) : Json();
  // The answer that this is a part of stands without it.
  Json fields;
  fields.Set("error", Message(remaining.status()));
  if (context.log) context.log(LogLevel::kError, "credits.balance_failed", fields);
  return Json();
}

void WriteExecution(JsonWriter& w, const Execution& e, InputPart input) {
  w.BeginObject();
  w.Key("id").String(e.id);
  w.Key("execution_id").String(e.id);
  w.Key("model_id");
  WriteTextOrNull(w, e.model_id);
  w.Key("catalog_id");
  WriteTextOrNull(w, e.catalog_id);
  w.Key("model_name");
  WriteTextOrNull(w, e.model_name);
  w.Key("name");
  WriteTextOrNull(w, e.name);
  w.Key("status").String(ToString(e.state));
  w.Key("result_data");
  if (e.result_json.empty()) {
    w.Null();
  } else {
    w.Raw(e.result_json);
  }
  w.Key("credits_used").Int(e.credits_used);
  w.Key("created_at");
  WriteTime(w, e.created_at);
  w.Key("started_at");
  WriteTime(w, e.started_at);
  w.Key("completed_at");
  WriteTime(w, e.completed_at);
  w.Key("origin").String(e.origin);
  w.Key("trigger_id");
  WriteTextOrNull(w, e.trigger_id);
  w.Key("run_id");
  WriteTextOrNull(w, e.run_id);
  w.Key("version_id");
  WriteTextOrNull(w, e.version_id);
  w.Key("solver_name").String(e.solver_name);
  w.Key("solver_status");
  WriteTextOrNull(w, e.solver_status);
  w.Key("objective_value");
  if (e.objective_value) {
    w.Double(*e.objective_value);
  } else {
    w.Null();
  }
  w.Key("error_message");
  WriteTextOrNull(w, e.error_message);
  w.Key("execution_time_ms");
  if (IsEndState(e.state)) {
    w.Double(std::round(static_cast<double>(e.execution_time_micros)) / 1e3);
  } else {
    w.Null();
  }
  w.Key("executed_by").String(e.user_id);
  w.Key("priority").Int(e.priority);
  w.Key("num_variables").Int(e.columns);
  w.Key("num_constraints").Int(e.rows);
  if (input == InputPart::kInclude) {
    w.Key("progress_data");
    w.Raw(e.progress_json.empty() ? "null" : std::string_view(e.progress_json));
    w.Key("input_data");
    w.Raw(e.input_json.empty() ? "null" : std::string_view(e.input_json));
  }
  w.EndObject();
}

std::string SolveAnswer(Context& context, const Execution& execution, bool nonzero_only) {
  std::string text =
      execution.result_json.empty() ? FailedResult(execution) : execution.result_json;
  if (nonzero_only) {
    if (absl::StatusOr<Json> result = ParseJson(text); result.ok()) {
      FilterNonzero(*result);
      text = result->Dump();
    }
  }
  text.pop_back();  // the closing brace
  std::string more;
  JsonWriter w(more);
  w.BeginObject();
  w.Key("execution_id").String(execution.id);
  w.Key("id").String(execution.id);
  w.Key("credits_used").Int(execution.credits_used);
  w.Key("credits_remaining").Value(CreditsRemaining(context, execution.organization_id));
  w.Key("created_at");
  WriteTime(w, execution.created_at);
  w.Key("completed_at");
  WriteTime(w, execution.completed_at);
  w.EndObject();
  text += ',';
  text.append(more, 1);
  return text;
}

std::string TaskEnvelope(Context& context, const Execution& execution) {
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("task_id").String(execution.id);
  w.Key("execution_id").String(execution.id);
  w.Key("id").String(execution.id);
  w.Key("status").String(ToString(execution.state));
  w.Key("message").String(execution.state == RunState::kPending
                              ? "The problem is queued; poll poll_url or listen on ws_url."
                              : "The problem is being solved; poll poll_url or listen on ws_url.");
  w.Key("ws_url").String(std::string(kBase) + "/ws/executions/" + execution.id);
  w.Key("poll_url").String(std::string(kBase) + "/solve/async/" + execution.id);
  w.Key("estimated_credits").Int(execution.credits_used);
  w.Key("credits_used").Int(execution.credits_used);
  w.Key("credits_remaining").Value(CreditsRemaining(context, execution.organization_id));
  w.Key("created_at");
  WriteTime(w, execution.created_at);
  w.EndObject();
  return text;
}

}  // namespace solvent::api
