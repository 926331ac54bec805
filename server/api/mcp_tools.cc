// What the tools for agents have in common.
#include "mcp_tools.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "requests.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

constexpr double kZero = 1e-9;
constexpr size_t kMostOutput = 4000;
constexpr int64_t kDefaultVariables = 50;
constexpr int64_t kDefaultWait = 60;

absl::Status Fault(std::string_view at, const std::string& message) {
  return BadRequest(std::string(at) + " " + message);
}

bool HasType(const Json& value, std::string_view type) {
  if (type == "integer") return value.is_integer();
  return value.type_name() == type;
}

absl::Status CheckValue(const Json& schema, const Json& value, const std::string& at) {
  const std::string& type = schema["type"].as_string();
  if (!type.empty() && !HasType(value, type)) {
    return Fault(at, "must be of type " + type + ", not " + std::string(value.type_name()));
  }
  if (const Json& choices = schema["enum"]; choices.is_array()) {
    const Json::Array& list = choices.array();
    if (std::find(list.begin(), list.end(), value) == list.end()) {
      return Fault(at, "must be one of " + choices.Dump());
    }
  }
  const Json& least = schema["minimum"];
  if (least.is_number() && value.as_double() < least.as_double()) {
    return Fault(at, "must be at least " + least.Dump());
  }
  const Json& most = schema["maximum"];
  if (most.is_number() && value.as_double() > most.as_double()) {
    return Fault(at, "must be at most " + most.Dump());
  }
  if (value.is_string() &&
      static_cast<int64_t>(value.as_string().size()) < schema["minLength"].as_int()) {
    return Fault(at, "must not be empty");
  }
  return absl::OkStatus();
}

std::string_view NextStep(const Execution& execution) {
  if (!IsEndState(execution.state)) {
    return "It is not done yet: call get_execution with wait_seconds to wait for it.";
  }
  if (execution.solver_status == "infeasible") {
    return "Call explain_infeasibility to learn which constraints contradict each other.";
  }
  return "";
}

// The part of the variables that was asked for, and counts of the others.
void SetVariables(const Json& result, int64_t first, int64_t count, Json& answer) {
  Json::Array shown;
  int64_t nonzero = 0;
  for (const Json& variable : result["variables"].array()) {
    if (std::fabs(variable["value"].as_double()) <= kZero) continue;
    if (nonzero >= first && static_cast<int64_t>(shown.size()) < count) {
      Json one;
      one.Set("name", variable["name"]).Set("value", variable["value"]);
      shown.push_back(std::move(one));
    }
    ++nonzero;
  }
  auto all = static_cast<int64_t>(result["variables"].array().size());
  int64_t left_out = nonzero - static_cast<int64_t>(shown.size());
  int64_t next = first + static_cast<int64_t>(shown.size());
  answer.Set("variables", std::move(shown)).Set("variables_at_zero", all - nonzero);
  if (left_out == 0) return;
  answer.Set("nonzero_variables_left_out", left_out);
  if (next < nonzero) {
    answer.Set("more_variables",
               "get_execution with first_variable " + std::to_string(next) + " shows further ones");
  }
}

}  // namespace

std::string Shortened(std::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "\n[" + std::to_string(text.size() - end) +
         " more bytes left out]";
}

absl::Status CheckArguments(const Json& schema, const Json& arguments) {
  if (!arguments.is_object()) return Fault("arguments", "must be an object");
  for (const Json& name : schema["required"].array()) {
    if (arguments.Find(name.as_string()) == nullptr) {
      return Fault("arguments/" + name.as_string(), "is required");
    }
  }
  for (const Json::Member& member : arguments.object()) {
    const Json* expected = schema["properties"].Find(member.name);
    if (expected == nullptr) {
      return Fault("arguments/" + member.name, "is no argument of this tool");
    }
    absl::Status status = CheckValue(*expected, member.value, "arguments/" + member.name);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

Json RunForAgents(const Execution& execution, int64_t first, int64_t count) {
  Json answer;
  answer.Set("execution_id", execution.id).Set("status", ToString(execution.state));
  if (!execution.model_name.empty()) answer.Set("model", execution.model_name);
  if (!execution.name.empty()) answer.Set("name", execution.name);
  answer.Set("num_variables", int64_t{execution.columns})
      .Set("num_constraints", int64_t{execution.rows})
      .Set("credits_used", execution.credits_used);
  if (IsEndState(execution.state)) {
    answer.Set("seconds", static_cast<double>(execution.execution_time_micros) / 1e6);
  }
  if (!execution.error_message.empty()) {
    answer.Set("error_message", Shortened(execution.error_message, kMostOutput));
  }
  if (!execution.result_json.empty()) {
    absl::StatusOr<Json> read = ParseJson(execution.result_json);
    const Json result = read.ok() ? *std::move(read) : Json();
    answer.Set("answer", execution.solver_status)
        .Set("objective_value", result["objective_value"])
        .Set("gap", result["gap"])
        .Set("trust", result["verification"]["trust"]);
    if (result["sense"].is_string()) answer.Set("sense", result["sense"]);
    if (const std::string& warning = result["warning"].as_string(); !warning.empty()) {
      answer.Set("warning", Shortened(warning, kMostOutput));
    }
    SetVariables(result, first, count, answer);
    if (const std::string& output = result["output"].as_string(); !output.empty()) {
      answer.Set("output", Shortened(output, kMostOutput));
    }
  }
  if (std::string_view next = NextStep(execution); !next.empty()) answer.Set("next_step", next);
  return answer;
}

std::chrono::milliseconds ToolCall::Wait(int64_t fallback) const {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      wait_until - std::chrono::steady_clock::now());
  return std::clamp(std::chrono::milliseconds(1000 * Int("wait_seconds", fallback)),
                    std::chrono::milliseconds(0), std::max(left, std::chrono::milliseconds(0)));
}

absl::StatusOr<Json> RunAndWait(const ToolCall& call, StartRun start, std::string_view id) {
  ModelRun run;
  run.input = call.arguments["input"].is_null() ? Json(Json::Object{}) : call.arguments["input"];
  if (const Json& limit = call.arguments["time_limit_seconds"]; !limit.is_null()) {
    run.options.Set("time_limit_seconds", limit);
  }
  run.name = call.Text("name");
  run.origin = "agent";
  run.notify = NotifyEnd::kUnlessAnswered;
  SyncWaiter waiter(call.context);
  absl::StatusOr<Submitted> submitted =
      start(call, std::move(run), id,
            waiter.may_wait() ? call.Wait(kDefaultWait) : std::chrono::milliseconds(0));
  if (!submitted.ok()) return submitted.status();
  return RunForAgents(submitted->execution, 0, kDefaultVariables);
}

}  // namespace solvent::api
