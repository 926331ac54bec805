// POST /solve, /solve/async, /solve/validate; GET and cancel of a task; GET /solvers/available.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "api.h"
#include "execution_json.h"
#include "requests.h"
#include "solvent/error.h"
#include "solvent/problem_io.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

absl::StatusOr<Submission> ReadSubmission(Request& request) {
  absl::StatusOr<std::string> key = IdempotencyKey(request);
  if (!key.ok()) return key.status();
  absl::StatusOr<std::string_view> body = request.Body();
  if (!body.ok()) return body.status();
  absl::StatusOr<FlatProblem> flat = ReadFlatJson(*body);
  if (!flat.ok()) return flat.status();

  Submission s;
  s.problem = std::move(flat->problem);
  s.options = std::move(flat->options);
  s.solver_name = std::move(flat->solver_name);
  if (s.solver_name.empty()) s.solver_name = QueryText(request, "solver_name");
  s.name = std::move(flat->name);
  s.warm_start_execution_id = std::move(flat->warm_start_execution_id);
  s.input_json = std::string(*body);
  if (!key->empty()) {
    s.idempotency_key = *std::move(key);
    s.idempotency_route = request.path;
    if (s.idempotency_route.back() == '/') s.idempotency_route.pop_back();
    s.request_hash = HashRequest(*body);
  }
  return s;
}

Response Replayed(Response response, bool replayed) {
  if (replayed) response.Set("Idempotent-Replay", "true");
  return response;
}

absl::StatusOr<Response> Solve(Context& context, Request& request) {
  std::string filter = QueryText(request, "solution_filter");
  if (!filter.empty() && filter != "nonzero" && filter != "all") {
    return ValidationError("query/solution_filter", "must be \"nonzero\" or \"all\"");
  }
  absl::StatusOr<Submission> submission = ReadSubmission(request);
  if (!submission.ok()) return submission.status();

  if (context.config.notify_sync_solves) submission->notify = NotifyEnd::kAlways;
  auto limit = std::chrono::milliseconds(
      static_cast<int64_t>(std::min(submission->options.time_limit_seconds, 1e6) * 1e3));
  std::chrono::milliseconds wait =
      std::min(limit + std::chrono::seconds(5), context.config.sync_wait);
  SyncWaiter waiter(context);
  absl::StatusOr<Submitted> submitted =
      waiter.may_wait()
          ? context.engine.executions().SubmitAndWait(CallerOf(request), *std::move(submission),
                                                      wait)
          : context.engine.executions().Submit(CallerOf(request), *std::move(submission));
  if (!submitted.ok()) return submitted.status();
  const Execution& execution = submitted->execution;
  Response response =
      IsEndState(execution.state)
          ? Response::Json(200, SolveAnswer(context, execution, filter == "nonzero"))
          : Response::Json(202, TaskEnvelope(context, execution));
  return Replayed(std::move(response), submitted->replayed);
}

absl::StatusOr<Response> SolveAsync(Context& context, Request& request) {
  absl::StatusOr<Submission> submission = ReadSubmission(request);
  if (!submission.ok()) return submission.status();
  absl::StatusOr<Submitted> submitted =
      context.engine.executions().Submit(CallerOf(request), *std::move(submission));
  if (!submitted.ok()) return submitted.status();
  Response response = Response::Json(202, TaskEnvelope(context, submitted->execution));
  response.Set("Location", std::string(kBase) + "/solve/async/" + submitted->execution.id);
  return Replayed(std::move(response), submitted->replayed);
}

void WriteRunning(JsonWriter& w, const Context& context, const Execution& execution) {
  std::optional<RunEvent> last = context.engine.executions().LatestProgress(execution.id);
  Progress none;
  const Progress& p = last ? last->progress : none;
  w.Key("progress").Double(last ? last->fraction : 0);
  w.Key("objective_value").Double(p.incumbent);
  w.Key("bound").Double(p.bound);
  w.Key("gap").Double(p.gap);
  w.Key("iteration").Int(p.iterations);
  w.Key("nodes").Int(p.nodes);
  w.Key("elapsed_seconds").Double(p.elapsed_seconds);
  w.Key("timestamp");
  WriteTime(w, std::chrono::duration_cast<std::chrono::microseconds>(
                   std::chrono::system_clock::now().time_since_epoch())
                   .count());
}

absl::StatusOr<Response> GetTask(Context& context, Request& request) {
  absl::StatusOr<Execution> found = context.engine.executions().Get(
      CallerOf(request).organization_id, request.Parameter("task_id"));
  if (!found.ok()) return found.status();
  const Execution& execution = *found;
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("task_id").String(execution.id);
  w.Key("execution_id").String(execution.id);
  w.Key("status").String(ToString(execution.state));
  switch (execution.state) {
    case RunState::kPending: w.Key("message").String("waiting for a solver"); break;
    case RunState::kRunning: WriteRunning(w, context, execution); break;
    case RunState::kCompleted:
      w.Key("progress").Int(1);
      w.Key("result").Raw(SolveAnswer(context, execution, false));
      break;
    case RunState::kFailed:
    case RunState::kTimeout: w.Key("error").String(execution.error_message); break;
    case RunState::kCancelled: break;
  }
  w.Key("created_at");
  WriteTime(w, execution.created_at);
  w.Key("started_at");
  WriteTime(w, execution.started_at);
  w.Key("completed_at");
  WriteTime(w, execution.completed_at);
  w.EndObject();
  return Response::Json(200, std::move(text));
}

absl::StatusOr<Response> CancelTask(Context& context, Request& request) {
  std::string id(request.Parameter("task_id"));
  absl::StatusOr<CancelResult> result =
      context.engine.executions().Cancel(CallerOf(request).organization_id, id);
  if (!result.ok()) return result.status();
  bool cancelled = *result == CancelResult::kRequested;
  Json body;
  body.Set("task_id", id)
      .Set("execution_id", id)
      .Set("cancelled", cancelled)
      .Set("message", cancelled ? "The run is being cancelled." : "The run had already ended.");
  return Response::Json(200, body.Dump());
}

// A body whose shape is wrong is refused; one that is well formed but means nothing gets a verdict.
bool IsVerdict(const ErrorInfo& info) {
  if (info.code == error_code::kExpression) return true;
  if (info.fields.empty()) return false;
  if (info.code == error_code::kBadRequest) return true;
  return info.code == error_code::kValidation &&
         std::none_of(info.fields.begin(), info.fields.end(), [](const FieldError& field) {
           return field.type == "missing" || field.type == "type_error";
         });
}

absl::StatusOr<Response> Validate(Context&, Request& request) {
  absl::StatusOr<std::string_view> body = request.Body();
  if (!body.ok()) return body.status();
  absl::StatusOr<FlatProblem> flat = ReadFlatJson(*body);
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  if (!flat.ok()) {
    ErrorInfo info = GetErrorInfo(flat.status());
    if (!IsVerdict(info)) return flat.status();
    w.Key("valid").Bool(false);
    w.Key("errors").BeginArray();
    for (const FieldError& field : info.fields) {
      w.String(field.pointer.empty() ? field.message : field.pointer + ": " + field.message);
    }
    if (info.fields.empty()) w.String(Message(flat.status()));
    w.EndArray();
    w.Key("warnings").BeginArray().EndArray();
    w.EndObject();
    return Response::Json(200, std::move(text));
  }
  const Problem& problem = flat->problem;
  int64_t counts[3] = {};
  for (ColumnType type : problem.column_type) ++counts[static_cast<int>(type)];
  w.Key("valid").Bool(true);
  w.Key("estimated_credits")
      .Int(EstimateCredits(problem.num_columns(), problem.num_integers(), problem.num_rows(),
                           flat->options.time_limit_seconds));
  w.Key("num_variables").Int(problem.num_columns());
  w.Key("num_constraints").Int(problem.num_rows());
  w.Key("num_nonzeros").Int(problem.num_nonzeros());
  w.Key("variable_types").BeginObject();
  w.Key("continuous").Int(counts[static_cast<int>(ColumnType::kContinuous)]);
  w.Key("integer").Int(counts[static_cast<int>(ColumnType::kInteger)]);
  w.Key("binary").Int(counts[static_cast<int>(ColumnType::kBinary)]);
  w.EndObject();
  w.Key("errors").BeginArray().EndArray();
  w.Key("warnings").BeginArray();
  for (const std::string& warning : flat->warnings) w.String(warning);
  w.EndArray();
  w.EndObject();
  return Response::Json(200, std::move(text));
}

absl::StatusOr<Response> Solvers(Context& context, Request&) {
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("solvers").BeginArray();
  for (const SolverInfo& solver : context.engine.solvers()) {
    w.BeginObject();
    w.Key("name").String(solver.name);
    w.Key("available").Bool(true);
    w.Key("description").String(solver.description);
    w.Key("version").String(solver.version);
    w.Key("capabilities").BeginObject();
    w.Key("integers").Bool(solver.capabilities.integers);
    w.Key("sensitivity").Bool(solver.capabilities.duals);
    w.Key("warm_start").Bool(solver.capabilities.warm_start);
    w.Key("quadratic").Bool(solver.capabilities.quadratic);
    w.Key("progress").Bool(solver.capabilities.progress);
    w.Key("cancel").Bool(solver.capabilities.cancel);
    w.EndObject();
    w.Key("multiplier").Double(1);
    w.Key("reason").Null();
    w.Key("retry_after").Null();
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  return Response::Json(200, std::move(text));
}

}  // namespace

absl::Status AddSolveRoutes(http::HttpServer& server, Context& context) {
  auto bind = [&context](auto handler) {
    return [&context, handler](Request& request) { return handler(context, request); };
  };
  std::string base(kBase);
  http::Route solve{.method = "POST", .pattern = base + "/solve", .handler = bind(Solve)};
  solve.body_limit = http::kSolveBodyLimit;
  solve.rate_class = "solve";
  http::Route async = solve;
  async.pattern = base + "/solve/async";
  async.handler = bind(SolveAsync);
  http::Route validate = solve;
  validate.pattern = base + "/solve/validate";
  validate.handler = bind(Validate);
  validate.auth = http::Auth::kPublic;
  validate.rate_class = "public";
  http::Route task{
      .method = "GET", .pattern = base + "/solve/async/{task_id}", .handler = bind(GetTask)};
  task.rate_class = "read";
  http::Route cancel{.method = "POST",
                     .pattern = base + "/solve/async/{task_id}/cancel",
                     .handler = bind(CancelTask)};
  cancel.rate_class = "read";
  cancel.json_body_only = false;
  http::Route solvers{
      .method = "GET", .pattern = base + "/solvers/available", .handler = bind(Solvers)};
  solvers.rate_class = "read";
  for (http::Route* route : {&solve, &async, &validate, &task, &cancel, &solvers}) {
    if (absl::Status status = server.AddRoute(std::move(*route)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace solvent::api
