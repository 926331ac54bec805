// Tools for agents: MathProg texts, and runs.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "mcp_tools.h"
#include "solvent/error.h"
#include "solvent/explain.h"

namespace solvent::api {
namespace {

constexpr size_t kMostFaults = 20;
constexpr size_t kMostParts = 30;
constexpr size_t kMostPartText = 400;

absl::StatusOr<ModelDefinition> ReadDefinition(const ToolCall& call) {
  ModelDefinition definition;
  definition.generator_type = "template";
  definition.language = "mathprog";
  definition.model = call.Text("model");
  definition.data = call.Text("data");
  return definition;
}

absl::StatusOr<Json> CheckMathProg(const ToolCall& call) {
  absl::StatusOr<ModelDefinition> definition = ReadDefinition(call);
  if (!definition.ok()) return definition.status();
  ModelRun run;
  run.input = call.arguments["input"].is_null() ? Json(Json::Object{}) : call.arguments["input"];
  absl::StatusOr<ModelPreview> preview =
      call.context.engine.models().PreviewDefinition(*std::move(definition), std::move(run));
  Json answer;
  if (!preview.ok()) {
    if (!absl::IsInvalidArgument(preview.status())) return preview.status();
    ErrorInfo info = GetErrorInfo(preview.status());
    const Json::Array& faults = info.extra["errors"].array();
    answer.Set("valid", false).Set("message", Shortened(Message(preview.status()), kMostPartText));
    size_t shown = std::min(faults.size(), kMostFaults);
    auto end = faults.begin() + static_cast<ptrdiff_t>(shown);
    answer.Set("errors", Json::Array(faults.begin(), end));
    if (shown < faults.size()) {
      answer.Set("errors_left_out", static_cast<int64_t>(faults.size() - shown));
    }
    return answer;
  }
  const Problem& problem = preview->problem;
  answer.Set("valid", true)
      .Set("num_variables", int64_t{problem.num_columns()})
      .Set("num_integers", int64_t{problem.num_integers()})
      .Set("num_constraints", int64_t{problem.num_rows()})
      .Set("num_nonzeros", static_cast<int64_t>(problem.num_nonzeros()))
      .Set("estimated_credits", preview->credits);
  const Json::Array& warnings = preview->warnings.array();
  size_t shown = std::min(warnings.size(), kMostFaults);
  answer.Set("warnings",
             Json::Array(warnings.begin(), warnings.begin() + static_cast<ptrdiff_t>(shown)));
  if (shown < warnings.size()) {
    answer.Set("warnings_left_out", static_cast<int64_t>(warnings.size() - shown));
  }
  return answer;
}

absl::StatusOr<Submitted> StartMathProg(const ToolCall& call, ModelRun run, std::string_view,
                                        std::chrono::milliseconds wait) {
  absl::StatusOr<ModelDefinition> definition = ReadDefinition(call);
  if (!definition.ok()) return definition.status();
  return call.context.engine.models().ExecuteDefinitionAndWait(call.caller, *std::move(definition),
                                                               std::move(run), wait);
}

absl::StatusOr<Json> SolveMathProg(const ToolCall& call) {
  return RunAndWait(call, StartMathProg, "");
}

std::string_view Verdict(Conflict::Outcome outcome) {
  switch (outcome) {
    case Conflict::Outcome::kIrreducible:
      return "These contradict each other; without any one of them the others can be satisfied.";
    case Conflict::Outcome::kInfeasibleSubset:
      return "These contradict each other; some of them might not be needed for that.";
    case Conflict::Outcome::kFeasible: return "There is no contradiction: the problem has a point.";
    case Conflict::Outcome::kUnknown: break;
  }
  return "What contradicts itself was not found in time.";
}

absl::StatusOr<Json> ExplainInfeasibility(const ToolCall& call) {
  absl::StatusOr<Conflict> conflict = call.context.engine.explainer().ExplainInfeasible(
      call.caller.organization_id, call.Text("execution_id"));
  if (!conflict.ok()) return conflict.status();
  Json::Array parts;
  for (const ConflictPart& part : conflict->parts) {
    if (parts.size() == kMostParts) break;
    parts.emplace_back(Shortened(part.text, kMostPartText));
  }
  Json answer;
  auto left_out = static_cast<int64_t>(conflict->parts.size() - parts.size());
  answer.Set("verdict", Verdict(conflict->outcome)).Set("conflict", std::move(parts));
  if (left_out > 0) answer.Set("conflict_left_out", left_out);
  answer.Set("only_for_whole_numbers", conflict->needs_integers)
      .Set("trust", ToString(conflict->trust));
  if (!conflict->note.empty()) answer.Set("note", conflict->note);
  return answer;
}

absl::StatusOr<Json> ListExecutionsTool(const ToolCall& call) {
  ExecutionFilter filter;
  if (std::string state = call.Text("status"); !state.empty()) filter.state = ParseRunState(state);
  filter.model_id = call.Text("model_id");
  filter.include_result = false;
  PageRequest page{call.Int("page", 1), static_cast<int>(call.Int("limit", 10))};
  absl::StatusOr<Page<Execution>> found =
      call.context.engine.executions().List(call.caller.organization_id, filter, page);
  if (!found.ok()) return found.status();
  Json::Array list;
  for (const Execution& execution : found->items) {
    Json one;
    one.Set("execution_id", execution.id).Set("status", ToString(execution.state));
    if (!execution.solver_status.empty()) one.Set("answer", execution.solver_status);
    if (execution.objective_value) one.Set("objective_value", *execution.objective_value);
    if (!execution.model_name.empty()) one.Set("model", execution.model_name);
    if (!execution.name.empty()) one.Set("name", execution.name);
    one.Set("created_unix_seconds", execution.created_at / 1'000'000);
    list.push_back(std::move(one));
  }
  int64_t seen = (page.page - 1) * page.page_size + static_cast<int64_t>(list.size());
  Json answer;
  answer.Set("executions", std::move(list)).Set("total", found->total);
  if (seen < found->total) {
    answer.Set("next_step", std::to_string(found->total - seen) + " older ones: ask for page " +
                                std::to_string(page.page + 1));
  }
  return answer;
}

absl::StatusOr<Json> GetExecution(const ToolCall& call) {
  std::string id = call.Text("execution_id");
  ExecutionStore& executions = call.context.engine.executions();
  absl::StatusOr<Execution> execution = absl::UnknownError("");
  if (std::chrono::milliseconds wait = call.Wait(0); wait.count() > 0) {
    SyncWaiter waiter(call.context);
    execution = waiter.may_wait() ? executions.Wait(call.caller.organization_id, id, wait)
                                  : executions.Get(call.caller.organization_id, id);
  } else {
    execution = executions.Get(call.caller.organization_id, id);
  }
  if (!execution.ok()) return execution.status();
  return RunForAgents(*execution, call.Int("first_variable", 0), call.Int("variables", 100));
}

constexpr Tool kTools[] = {
    {"check_mathprog", "Check a MathProg model",
     "Compiles a model in GNU MathProg (the language of glpsol) with its data, without solving it: "
     "its size and its price, or every error with its line.",
     R"({"type":"object","additionalProperties":false,"required":["model"],"properties":{
       "model":{"type":"string","minLength":1,"description":"The model text"},
       "data":{"type":"string","description":"A data section, when it is not part of the model text"},
       "input":{"type":"object","description":"JSON values for the model's params and sets, by name"}}})",
     true, "solve", CheckMathProg},
    {"solve_mathprog", "Solve a MathProg model",
     "Solves a model in GNU MathProg with its data and waits for the answer. Costs credits. Check "
     "it "
     "with check_mathprog first when it is new.",
     R"({"type":"object","additionalProperties":false,"required":["model"],"properties":{
       "model":{"type":"string","minLength":1,"description":"The model text"},
       "data":{"type":"string","description":"A data section, when it is not part of the model text"},
       "input":{"type":"object","description":"JSON values for the model's params and sets, by name"},
       "name":{"type":"string","description":"What to call this run"},
       "time_limit_seconds":{"type":"number","minimum":1,"maximum":10000000},
       "wait_seconds":{"type":"integer","minimum":0,"maximum":120,"description":"How long to wait for the answer, 60 unless given"}}})",
     false, "solve", SolveMathProg},
    {"explain_infeasibility", "Explain why there is no answer",
     "For a run that ended as infeasible: a small set of constraints and bounds that contradict "
     "each "
     "other. Costs no credits.",
     R"({"type":"object","additionalProperties":false,"required":["execution_id"],"properties":{
       "execution_id":{"type":"string","minLength":1}}})",
     true, "solve", ExplainInfeasibility},
    {"list_executions", "List runs",
     "The organization's runs, newest first, without their answers.",
     R"({"type":"object","additionalProperties":false,"properties":{
       "status":{"type":"string","enum":["pending","running","completed","failed","timeout","cancelled"]},
       "model_id":{"type":"string","description":"Only runs of this model"},
       "limit":{"type":"integer","minimum":1,"maximum":50,"description":"Runs a page, 10 unless given"},
       "page":{"type":"integer","minimum":1,"maximum":1000000}}})",
     true, "", ListExecutionsTool},
    {"get_execution", "Read a run",
     "One run with its answer: the variables that are not zero, a page of them at a time. Can wait "
     "for a run that is still under way.",
     R"({"type":"object","additionalProperties":false,"required":["execution_id"],"properties":{
       "execution_id":{"type":"string","minLength":1},
       "first_variable":{"type":"integer","minimum":0,"maximum":1000000000,"description":"How many nonzero variables to leave out"},
       "variables":{"type":"integer","minimum":0,"maximum":1000,"description":"Most variables to show, 100 unless given"},
       "wait_seconds":{"type":"integer","minimum":0,"maximum":120}}})",
     true, "", GetExecution},
};

}  // namespace

std::span<const Tool> RunTools() { return kTools; }

}  // namespace solvent::api
