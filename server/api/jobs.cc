// Batches: /v0/jobs… and the same under /api/v2/jobs….
#include <cstdint>
#include <cstdio>
#include <utility>

#include "api.h"
#include "job_json.h"
#include "requests.h"
#include "solvent/error.h"

namespace solvent::api {
namespace {

using http::Request;
using http::Response;

constexpr size_t kBodyLimit = size_t{16} << 20;
constexpr size_t kLongestId = 128;
constexpr std::string_view kBases[] = {"/v0", kBase};

// ["body", "tasks", 3, "input_data"] is "tasks[3].input_data".
std::string PathOf(const Json& loc) {
  std::string path;
  for (const Json& part : loc.array()) {
    if (&part == &loc.array().front() && part.as_string() == "body") continue;
    if (part.is_integer()) {
      path += "[" + std::to_string(part.as_int()) + "]";
    } else {
      if (!path.empty()) path += '.';
      path += part.as_string();
    }
  }
  return path;
}

// These routes know no 422, call some errors otherwise, and list what is wrong as "details".
void AdaptError(Response& response) {
  absl::StatusOr<Json> body = ParseJson(response.body);
  if (!body.ok() || !body->is_object()) return;
  const Json& faults = response.status == 422 ? (*body)["detail"] : (*body)["errors"];
  Json::Array details;
  for (const Json& fault : faults.array()) {
    Json detail;
    detail.Set("path", PathOf(fault["loc"]));
    detail.Set("message", fault["msg"]);
    details.push_back(std::move(detail));
  }
  std::string word = (*body)["error"].as_string();
  if (response.status == 422) response.status = 400;
  if (response.status == 400) word = "bad_request";
  if (response.status == 503) word = "unavailable";
  if (word == "rate_limit_exceeded") word = "rate_limited";
  body->Set("error", std::string_view(word));
  for (char& c : word) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  body->Set("error_code", std::string_view(word));
  body->Set("status_code", response.status);
  body->Set("code", response.status);
  if ((*body)["detail"].is_array()) body->Set("detail", (*body)["message"]);
  if (!details.empty()) body->Set("details", std::move(details));
  response.body = body->Dump();
}

absl::StatusOr<Json> JsonBody(Request& request) {
  auto type = request.FindHeader("Content-Type");
  if (!type) {
    return MakeError(absl::StatusCode::kInvalidArgument, "unsupported_media_type",
                     "the body must be JSON, with Content-Type: application/json");
  }
  absl::StatusOr<std::string_view> text = request.Body();
  if (!text.ok()) return text.status();
  return ParseJson(*text);
}

// A decimal integer, at most once.
absl::StatusOr<int64_t> Number(const Request& request, std::string_view name, int64_t fallback,
                               int64_t least, int64_t most) {
  int seen = 0;
  for (const auto& [key, value] : request.query) seen += key == name ? 1 : 0;
  if (seen > 1) return ValidationError("query/" + std::string(name), "is given twice");
  return QueryInt(request, name, fallback, least, most);
}

struct Window {
  int64_t limit = 0;
  int64_t offset = 0;
};

absl::StatusOr<Window> ReadWindow(const Request& request) {
  absl::StatusOr<int64_t> limit = Number(request, "limit", 20, 1, 100);
  if (!limit.ok()) return limit.status();
  absl::StatusOr<int64_t> offset = Number(request, "offset", 0, 0, INT64_MAX / 2);
  if (!offset.ok()) return offset.status();
  return Window{*limit, *offset};
}

absl::StatusOr<bool> WithTasks(const Request& request) {
  std::string tasks = QueryText(request, "tasks");
  if (tasks.empty() || tasks == "all") return true;
  if (tasks == "none") return false;
  return ValidationError("query/tasks", "must be \"none\" or \"all\"");
}

std::string_view StatusOf(const Job& job) {
  return job.definition.enabled ? "DEPLOYED" : "DEACTIVATED";
}

Response JobResponse(const Job& job, std::string_view status) {
  std::string text;
  JsonWriter w(text);
  WriteJob(w, job, status);
  return Response::Json(200, std::move(text));
}

Response ExecutionResponse(const Context& context, const JobExecution& execution) {
  std::string text;
  AppendJobExecution(text, execution, context.engine.jobs().options().cluster);
  return Response::Json(200, std::move(text));
}

absl::StatusOr<Response> CreateJob(Context& context, Request& request) {
  absl::StatusOr<Json> body = JsonBody(request);
  if (!body.ok()) return body.status();
  absl::StatusOr<JobDefinition> definition = ReadJobDefinition(*body);
  if (!definition.ok()) return definition.status();
  absl::StatusOr<Job> job = context.engine.jobs().Create(CallerOf(request), *std::move(definition));
  if (!job.ok()) return job.status();
  return JobResponse(*job, StatusOf(*job));
}

absl::StatusOr<Response> ListJobs(Context& context, Request& request) {
  absl::StatusOr<Window> window = ReadWindow(request);
  if (!window.ok()) return window.status();
  int64_t total = 0;
  absl::StatusOr<std::vector<Job>> jobs = context.engine.jobs().List(
      CallerOf(request).organization_id, window->limit, window->offset, &total);
  if (!jobs.ok()) return jobs.status();
  std::string text;
  JsonWriter w(text);
  w.BeginArray();
  for (const Job& job : *jobs) WriteJob(w, job, StatusOf(job));
  w.EndArray();
  Response response = Response::Json(200, std::move(text));
  LinkWindows(request, "offset", window->offset, window->limit, static_cast<int64_t>(jobs->size()),
              total, response);
  return response.Set("X-Total-Count", std::to_string(total));
}

absl::StatusOr<Response> GetJob(Context& context, Request& request) {
  absl::StatusOr<Job> job =
      context.engine.jobs().Get(CallerOf(request).organization_id, request.Parameter("job_id"));
  if (!job.ok()) return job.status();
  return JobResponse(*job, StatusOf(*job));
}

absl::StatusOr<Response> ReplaceJob(Context& context, Request& request) {
  absl::StatusOr<Json> body = JsonBody(request);
  if (!body.ok()) return body.status();
  absl::StatusOr<JobDefinition> definition = ReadJobDefinition(*body);
  if (!definition.ok()) return definition.status();
  absl::StatusOr<Job> job = context.engine.jobs().Replace(
      CallerOf(request), request.Parameter("job_id"), *std::move(definition));
  if (!job.ok()) return job.status();
  return JobResponse(*job, StatusOf(*job));
}

absl::StatusOr<Response> DeleteJob(Context& context, Request& request) {
  absl::StatusOr<DeletedJob> deleted =
      context.engine.jobs().Delete(CallerOf(request).organization_id, request.Parameter("job_id"));
  if (!deleted.ok()) return deleted.status();
  return JobResponse(deleted->job, deleted->still_running ? "DELETING" : "TERMINATED");
}

void AddFault(JobStart& start, std::string pointer, std::string_view message) {
  std::vector<FieldError> fields = GetErrorInfo(start.fault).fields;
  fields.push_back({std::move(pointer), std::string(message), "value_error"});
  start.fault = BadRequest(message, std::move(fields));
}

// The header means the same as the body's id. What is wrong with it is told with all else.
void TakeKey(const Request& request, JobStart& start) {
  absl::StatusOr<std::string> key = IdempotencyKey(request);
  if (!key.ok() || key->size() > kLongestId) {
    AddFault(start, "header/Idempotency-Key",
             "must be 1 to " + std::to_string(kLongestId) + " visible ASCII characters");
  } else if (start.request_id.empty()) {
    start.request_id = *std::move(key);
    start.id_beside_body = true;
  } else if (!key->empty() && *key != start.request_id) {
    AddFault(start, "/id", "must be what the header Idempotency-Key says: both mean the same");
  }
}

absl::StatusOr<Response> StartExecution(Context& context, Request& request) {
  absl::StatusOr<Json> body = JsonBody(request);
  if (!body.ok()) return body.status();
  absl::StatusOr<JobStart> start = ReadJobStart(*std::move(body));
  if (!start.ok()) return start.status();
  TakeKey(request, *start);
  absl::StatusOr<JobStarted> started = context.engine.jobs().Start(
      CallerOf(request), request.Parameter("job_id"), *std::move(start));
  if (!started.ok()) return started.status();
  std::string text;
  JsonWriter w(text);
  w.BeginObject();
  w.Key("executionId").String(started->execution_id);
  w.Key("id").String(started->request_id);
  w.Key("jobId").String(started->job);
  w.Key("tasks").BeginArray();
  for (const std::string& name : started->task_names) {
    w.BeginObject();
    w.Key("name").String(name);
    w.EndObject();
  }
  w.EndArray();
  w.Key("workspaceId").String(started->organization_id);
  w.EndObject();
  Response response = Response::Json(200, std::move(text));
  if (started->replayed) response.Set("Idempotency-Replayed", "true");
  return response;
}

absl::StatusOr<Response> ListExecutionsOfJob(Context& context, Request& request) {
  absl::StatusOr<Window> window = ReadWindow(request);
  if (!window.ok()) return window.status();
  absl::StatusOr<bool> with_tasks = WithTasks(request);
  if (!with_tasks.ok()) return with_tasks.status();
  absl::StatusOr<JobExecutionList> list = context.engine.jobs().Executions(
      CallerOf(request).organization_id, request.Parameter("job_id"), window->limit, window->offset,
      *with_tasks);
  if (!list.ok()) return list.status();
  std::string text = "[";
  const std::string& cluster = context.engine.jobs().options().cluster;
  for (const JobExecution& execution : list->items) {
    if (text.size() > 1) text += ',';
    AppendJobExecution(text, execution, cluster);
  }
  text += ']';
  Response response = Response::Json(200, std::move(text));
  LinkWindows(request, "offset", window->offset, window->limit,
              static_cast<int64_t>(list->items.size()), list->total, response);
  return response.Set("X-Total-Count", std::to_string(list->total));
}

// What all routes below an execution name.
struct Place {
  std::string_view organization;
  std::string_view job;
  std::string_view execution;
};

Place PlaceOf(const Request& request) {
  return {CallerOf(request).organization_id, request.Parameter("job_id"),
          request.Parameter("execution_id")};
}

absl::StatusOr<Response> GetJobExecution(Context& context, Request& request) {
  Place place = PlaceOf(request);
  absl::StatusOr<bool> with_tasks = WithTasks(request);
  if (!with_tasks.ok()) return with_tasks.status();
  absl::StatusOr<JobExecution> execution =
      context.engine.jobs().Execution(place.organization, place.job, place.execution, *with_tasks);
  if (!execution.ok()) return execution.status();
  return ExecutionResponse(context, *execution);
}

absl::StatusOr<Response> CancelExecution(Context& context, Request& request) {
  Place place = PlaceOf(request);
  absl::StatusOr<std::optional<bool>> force = QueryBool(request, "force");
  if (!force.ok()) return force.status();
  absl::StatusOr<bool> with_tasks = WithTasks(request);
  if (!with_tasks.ok()) return with_tasks.status();
  absl::StatusOr<JobExecution> execution = context.engine.jobs().Cancel(
      place.organization, place.job, place.execution, force->value_or(false), *with_tasks);
  if (!execution.ok()) return execution.status();
  return ExecutionResponse(context, *execution);
}

// Cursors name a place in one execution's tasks, and are good for no other.
std::string CursorPrefix(const Place& place) {
  uint64_t hash = 1469598103934665603u;
  for (std::string_view part : {place.organization, place.job, place.execution}) {
    for (char c : part) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    hash = (hash ^ 0x100) * 1099511628211u;
  }
  char text[24];
  int size = std::snprintf(text, sizeof text, "t%016llx.", static_cast<unsigned long long>(hash));
  return std::string(text, static_cast<size_t>(size));
}

absl::StatusOr<Response> ListTasks(Context& context, Request& request) {
  Place place = PlaceOf(request);
  absl::StatusOr<int64_t> limit = Number(request, "limit", 50, 1, 200);
  if (!limit.ok()) return limit.status();
  const std::string prefix = CursorPrefix(place);
  int64_t from = 0;
  if (std::string cursor = QueryText(request, "cursor"); !cursor.empty()) {
    bool good = cursor.starts_with(prefix) && cursor.size() > prefix.size() &&
                cursor.size() < prefix.size() + 12 &&
                cursor.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
    if (!good) return ValidationError("query/cursor", "is no cursor of this list");
    from = std::stoll(cursor.substr(prefix.size()));
  }
  absl::StatusOr<JobTaskPage> page =
      context.engine.jobs().Tasks(place.organization, place.job, place.execution, from, *limit);
  if (!page.ok()) return page.status();
  std::string text = "{\"data\":[";
  for (const JobTask& task : page->tasks) {
    if (text.back() != '[') text += ',';
    AppendJobTask(text, task);
  }
  text += "],\"meta\":";
  JsonWriter w(text);
  w.BeginObject();
  w.Key("hasMore").Bool(page->has_more);
  const std::string next =
      page->has_more ? prefix + std::to_string(page->tasks.back().index + 1) : "";
  w.Key("nextCursor");
  WriteTextOrNull(w, next);
  w.Key("total").Int(page->total);
  w.EndObject();
  text += '}';
  Response response = Response::Json(200, std::move(text));
  LinkCursor(request, next, response);
  return response;
}

absl::StatusOr<Response> GetTask(Context& context, Request& request) {
  Place place = PlaceOf(request);
  absl::StatusOr<JobTaskDetail> detail = context.engine.jobs().Task(
      place.organization, place.job, place.execution, request.Parameter("task_name"));
  if (!detail.ok()) return detail.status();
  return Response::Json(200, JobTaskDetailJson(*detail));
}

absl::StatusOr<Response> GetSummary(Context& context, Request& request) {
  Place place = PlaceOf(request);
  absl::StatusOr<JobSummary> summary =
      context.engine.jobs().Summary(place.organization, place.job, place.execution);
  if (!summary.ok()) return summary.status();
  return Response::Json(200, JobSummaryJson(*summary));
}

absl::StatusOr<Response> GetCsv(Context& context, Request& request) {
  Place place = PlaceOf(request);
  absl::StatusOr<std::vector<JobTaskOutcome>> outcomes =
      context.engine.jobs().Outcomes(place.organization, place.job, place.execution);
  if (!outcomes.ok()) return outcomes.status();
  Response response = Response::Text(200, OutcomesToCsv(*outcomes));
  response.content_type = "text/csv; charset=utf-8";
  return response.Set("Content-Disposition",
                      "attachment; filename=\"" + std::string(place.execution) + ".csv\"");
}

}  // namespace

absl::Status AddJobRoutes(http::HttpServer& server, Context& context) {
  const RouteRow rows[] = {
      {"GET", "/jobs", ListJobs},
      {"POST", "/jobs", CreateJob},
      {"GET", "/jobs/{job_id}", GetJob},
      {"PUT", "/jobs/{job_id}", ReplaceJob},
      {"DELETE", "/jobs/{job_id}", DeleteJob},
      {"GET", "/jobs/{job_id}/executions", ListExecutionsOfJob},
      {"POST", "/jobs/{job_id}/executions", StartExecution, "solve"},
      {"GET", "/jobs/{job_id}/executions/{execution_id}", GetJobExecution},
      {"DELETE", "/jobs/{job_id}/executions/{execution_id}", CancelExecution},
      {"GET", "/jobs/{job_id}/executions/{execution_id}/tasks", ListTasks},
      {"GET", "/jobs/{job_id}/executions/{execution_id}/tasks/{task_name}", GetTask},
      {"GET", "/jobs/{job_id}/executions/{execution_id}/summary", GetSummary},
      {"GET", "/jobs/{job_id}/executions/{execution_id}/results.csv", GetCsv},
  };
  auto adjust = [](http::Route& route) {
    route.body_limit = kBodyLimit;
    route.adapt_error = AdaptError;
  };
  for (std::string_view base : kBases) {
    absl::Status status = AddTable(server, context, base, rows, adjust);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace solvent::api
